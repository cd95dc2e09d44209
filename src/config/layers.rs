//! The layers of configuration: flag over environment over file. Text only; `settings` gives it meaning.

mod file;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::args::ServeArgs;
use super::problem::{Place, Problem, did_you_mean};
use crate::crypto::Secret;

/// One key of the configuration.
pub(super) struct Key {
    /// As in the file: `public_url`. The flag is `--public-url`, the variable `REALMKEEP_PUBLIC_URL`.
    pub(super) name: &'static str,
    /// What the file must hold for it.
    pub(super) kind: Kind,
}

/// What the file must hold for a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text in quotes.
    Text,
    /// Text in quotes that may hold a secret: also a file or a variable that holds it.
    Source,
    /// A whole number.
    Number,
    /// A list of text.
    List,
}

/// Every key. `config` is no key of the file itself.
pub(super) const KEYS: [Key; 16] = [
    Key {
        name: "listen",
        kind: Kind::Text,
    },
    Key {
        name: "public_url",
        kind: Kind::Text,
    },
    Key {
        name: "data",
        kind: Kind::Text,
    },
    Key {
        name: "realms",
        kind: Kind::Text,
    },
    Key {
        name: "store",
        kind: Kind::Source,
    },
    Key {
        name: "node",
        kind: Kind::Text,
    },
    Key {
        name: "management_listen",
        kind: Kind::Text,
    },
    Key {
        name: "tls_cert",
        kind: Kind::Text,
    },
    Key {
        name: "tls_key",
        kind: Kind::Text,
    },
    Key {
        name: "master_key_file",
        kind: Kind::Text,
    },
    Key {
        name: "master_key_command",
        kind: Kind::Text,
    },
    Key {
        name: "outbound_allow",
        kind: Kind::List,
    },
    Key {
        name: "outbound_ca",
        kind: Kind::Text,
    },
    Key {
        name: "trusted_proxy",
        kind: Kind::List,
    },
    Key {
        name: "hash_threads",
        kind: Kind::Number,
    },
    Key {
        name: "log",
        kind: Kind::Text,
    },
];

/// Variables that carry secrets. They are neither flags, which every process on the machine can read, nor keys of the
/// file, which is copied and committed.
const SECRETS: [&str; 3] = ["admin_password", "master_key", "master_key_previous"];

/// Variables of the commands that call a running server.
const OF_OTHER_COMMANDS: [&str; 5] = [
    "server",
    "realm",
    "client_id",
    "client_secret",
    "client_secret_file",
];

const PREFIX: &str = "REALMKEEP_";

/// Where a value was written.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// A flag.
    Flag,
    /// An environment variable.
    Env,
    /// The configuration file.
    File(PathBuf, Place),
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) text: String,
    pub(super) origin: Origin,
}

impl Raw {
    /// A problem with this value of `key`.
    pub(super) fn problem(&self, key: &str, message: &str) -> Problem {
        match &self.origin {
            Origin::Flag => Problem::nowhere(format!("--{}: {message}", key.replace('_', "-"))),
            Origin::Env => Problem::nowhere(format!("{}: {message}", variable(key))),
            Origin::File(file, place) => Problem::at(file, *place, format!("`{key}`: {message}")),
        }
    }
}

/// What was given for every key, the strongest layer only.
#[derive(Default)]
pub(super) struct Layers {
    values: BTreeMap<&'static str, Vec<Raw>>,
    secrets: BTreeMap<&'static str, Secret>,
    /// The configuration file that was read.
    pub(super) file: Option<PathBuf>,
}

impl Layers {
    /// Reads the environment and the file and lays the flags over them.
    pub(super) fn read(
        args: &ServeArgs,
        env: impl Iterator<Item = (String, String)>,
        problems: &mut Vec<Problem>,
    ) -> Layers {
        let mut layers = Layers::default();
        let env = ours(env, problems);
        // An empty variable is one that compose files and unit files pass on unset.
        let from_env = |key: &str| env.get(key).filter(|value| !value.is_empty());

        let config = args
            .given("config")
            .into_iter()
            .next()
            .or_else(|| from_env("config").cloned());
        if let Some(file) = config.map(PathBuf::from) {
            layers.read_file(&file, problems);
            layers.file = Some(file);
        }
        for Key { name, kind } in &KEYS {
            if let Some(value) = from_env(name) {
                let texts: Vec<&str> = match kind {
                    Kind::List => value
                        .split([',', ' '])
                        .map(str::trim)
                        .filter(|part| !part.is_empty())
                        .collect(),
                    Kind::Text | Kind::Source | Kind::Number => vec![value.trim()],
                };
                let raws = texts.into_iter().map(|text| Raw {
                    text: text.to_owned(),
                    origin: Origin::Env,
                });
                layers.values.insert(name, raws.collect());
            }
            if let (Kind::Source, Some(path)) = (kind, from_env(&format!("{name}_file"))) {
                layers.read_source(name, path, problems);
            }
            let flags = args.given(name);
            if !flags.is_empty() {
                let raws = flags.into_iter().map(|text| Raw {
                    text,
                    origin: Origin::Flag,
                });
                layers.values.insert(name, raws.collect());
            }
        }
        for name in SECRETS {
            let named_file = format!("{name}_file");
            // The file of the master key is a setting of its own: it is read again when its key is changed.
            let file =
                from_env(&named_file).filter(|_| !KEYS.iter().any(|key| key.name == named_file));
            match (from_env(name), file) {
                (Some(_), Some(_)) => problems.push(Problem::nowhere(format!(
                    "{} and {} are both set; one of them is enough",
                    variable(name),
                    variable(&named_file)
                ))),
                (Some(text), None) => drop(layers.secrets.insert(name, Secret::new(text.clone()))),
                (None, Some(path)) => match fs::read_to_string(path) {
                    Ok(text) => {
                        let text = text.trim_end_matches(['\r', '\n']).to_owned();
                        layers.secrets.insert(name, Secret::new(text));
                    }
                    Err(error) => {
                        let message =
                            format!("{}: cannot read {path}: {error}", variable(&named_file));
                        problems.push(Problem::nowhere(message));
                    }
                },
                (None, None) => {}
            }
        }
        layers
    }

    /// Takes a value from the file that a variable names.
    fn read_source(&mut self, name: &'static str, path: &str, problems: &mut Vec<Problem>) {
        let variable = variable(&format!("{name}_file"));
        match fs::read_to_string(path) {
            Ok(text) => {
                let raw = Raw {
                    text: text.trim().to_owned(),
                    origin: Origin::Env,
                };
                self.values.insert(name, vec![raw]);
            }
            Err(error) => problems.push(Problem::nowhere(format!(
                "{variable}: cannot read {path}: {error}"
            ))),
        }
    }

    /// What was given for a key; nothing when its default holds.
    pub(super) fn all(&self, key: &str) -> &[Raw] {
        self.values.get(key).map_or(&[], Vec::as_slice)
    }

    /// The one value given for a key.
    pub(super) fn one(&self, key: &str) -> Option<&Raw> {
        self.all(key).first()
    }

    /// A secret given by a variable or by the file that a variable names.
    pub(super) fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name)
    }
}

/// Our variables by key. A variable that begins like ours and means nothing is a slip that would otherwise go unseen.
fn ours(
    env: impl Iterator<Item = (String, String)>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, String> {
    let mut known: Vec<String> = KEYS
        .iter()
        .map(|key| key.name)
        .chain(["config"])
        .chain(OF_OTHER_COMMANDS)
        .map(variable)
        .collect();
    known.extend(
        KEYS.iter()
            .filter(|key| matches!(key.kind, Kind::Source))
            .map(|key| variable(&format!("{}_file", key.name))),
    );
    known.extend(
        SECRETS
            .iter()
            .flat_map(|name| [variable(name), variable(&format!("{name}_file"))]),
    );
    let mut found = BTreeMap::new();
    for (name, value) in env.filter(|(name, _)| name.starts_with(PREFIX)) {
        if known.contains(&name) {
            found.insert(key_of(&name).to_lowercase(), value);
        } else {
            let suggestion = did_you_mean(key_of(&name), known.iter().map(|known| key_of(known)));
            // The likeness is sought without the prefix, which would make all of them alike.
            let suggestion = suggestion.map(|text| text.replacen('`', &format!("`{PREFIX}"), 1));
            problems.push(
                Problem::nowhere(format!("unknown environment variable {name}"))
                    .suggest(suggestion),
            );
        }
    }
    problems.sort_by(|a, b| a.message.cmp(&b.message));
    found
}

/// What follows the prefix.
fn key_of(variable: &str) -> &str {
    variable.strip_prefix(PREFIX).unwrap_or(variable)
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase())
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;

    #[test]
    fn every_key_of_the_file_is_also_a_flag_and_every_flag_a_key() {
        let command = ServeArgs::augment_args(clap::Command::new("serve"));
        let mut flags: Vec<String> = command
            .get_arguments()
            .filter_map(|arg| arg.get_long())
            .map(|long| long.replace('-', "_"))
            .collect();
        let mut keys: Vec<String> = KEYS
            .iter()
            .map(|key| key.name.to_owned())
            .chain(["config".to_owned()])
            .collect();
        flags.sort();
        keys.sort();
        assert_eq!(flags, keys);
    }

    #[test]
    fn every_flag_that_is_given_is_found_under_its_key() {
        for key in &KEYS {
            let flag = format!("--{}", key.name.replace('_', "-"));
            let matches = ServeArgs::augment_args(clap::Command::new("serve"))
                .get_matches_from(["serve", &flag, "1"]);
            let args = <ServeArgs as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
            assert_eq!(args.given(key.name), ["1"], "{flag}");
        }
    }
}
