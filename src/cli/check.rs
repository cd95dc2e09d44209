//! `realmkeep check`: says whether the configuration and the realm files are sound, before a start depends on it.

use std::process::ExitCode;

use clap::Args;

use super::{WRONG, counted, environment, lines};
use crate::config::{Problem, RealmFile, ServeArgs, Settings, load_all};

/// The options of `realmkeep check`.
#[derive(Args, Clone, Debug, Default)]
pub struct CheckArgs {
    /// Configuration file to check
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Folder of realm files to check [default: what the configuration says, or ./realms]
    #[arg(long, value_name = "FOLDER")]
    pub realms: Option<String>,
}

/// Prints the verdict: exit code 0 when all is sound, 2 when not.
pub(super) fn run(args: CheckArgs) -> ExitCode {
    match verdict(args, environment()) {
        Ok(sentence) => {
            println!("{sentence}");
            ExitCode::SUCCESS
        }
        Err(problems) => {
            println!("{}", lines(&problems));
            ExitCode::from(WRONG)
        }
    }
}

/// What was found, in a sentence, or all that is wrong.
fn verdict(
    args: CheckArgs,
    env: impl Iterator<Item = (String, String)>,
) -> Result<String, Vec<Problem>> {
    let named = args.realms.clone();
    let args = ServeArgs {
        config: args.config,
        realms: args.realms,
        ..ServeArgs::default()
    };
    let settings = Settings::resolve(args, env);
    // The realm files are looked at even when the settings are wrong, so that all problems are told in one go.
    let folder = match &settings {
        Ok(settings) => settings.realms.clone(),
        Err(_) => named.unwrap_or_else(|| "./realms".to_owned()).into(),
    };
    match (settings, load_all(&folder)) {
        (Ok(_), Ok(files)) => Ok(sentence(&files)),
        (Ok(_), Err(problems)) | (Err(problems), Ok(_)) => Err(problems),
        (Err(problems), Err(more)) => Err([problems, more].concat()),
    }
}

fn sentence(files: &[RealmFile]) -> String {
    let clients = files.iter().map(|file| file.clients.len()).sum();
    let users = files.iter().map(|file| file.users.len()).sum();
    format!(
        "configuration is sound: {}, {}, {}",
        counted(files.len(), "realm"),
        counted(clients, "client"),
        counted(users, "user")
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check(realms: &str, env: &[(&str, &str)]) -> Result<String, Vec<Problem>> {
        let env: Vec<_> = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        verdict(
            CheckArgs {
                config: None,
                realms: Some(realms.to_owned()),
            },
            env.into_iter(),
        )
    }

    #[test]
    fn the_files_we_ship_are_sound() {
        let sentence = check(concat!(env!("CARGO_MANIFEST_DIR"), "/realms"), &[]).unwrap();
        assert_eq!(
            sentence,
            "configuration is sound: 1 realm, 4 clients, 4 users"
        );
    }

    #[test]
    fn problems_of_the_settings_and_of_the_realms_are_told_together() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.toml"), "realm = \"a\"\nx = 1\n").unwrap();
        let path = folder.path().to_str().unwrap();
        let problems = check(path, &[("REALMKEEP_HASH_THREADS", "none")]).unwrap_err();
        let told = lines(&problems);
        let told: Vec<_> = told.lines().collect();
        assert!(
            told[0].starts_with("REALMKEEP_HASH_THREADS: expected a number of threads"),
            "{told:?}"
        );
        assert_eq!(
            told[1],
            format!("{path}/a.toml:2:1: unknown key `x` in the realm")
        );
        assert_eq!(told[2], "2 problems");
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_problem() {
        assert_eq!(
            lines(&check("/nowhere", &[]).unwrap_err()),
            "--realms: there is no folder /nowhere\n1 problem"
        );
    }
}
