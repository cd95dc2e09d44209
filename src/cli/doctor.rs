//! `realmkeep doctor`: what may be wrong, what it means and what to do; with a server that runs and without.

mod around;

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::backup::{Server, chain};
use super::place::vault;
use super::remote::{Remote, RemoteError, local, pretty};
use super::{environment, lines};
use crate::config::{ServeArgs, Settings, load_all};
use crate::domain::doctor::{self, Finding, Front, Level};
use crate::domain::time::SystemClock;
use crate::serve::SOCKET;
use crate::serve::start::context;
use crate::store::StoreKind;

/// The options of `realmkeep doctor`: those of `serve`, so that what it sees is what the server would.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    server: Server,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print also what is as it should be
    #[arg(long)]
    all: bool,
}

/// What a server answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    node: String,
    public_url: String,
    findings: Vec<Finding>,
}

/// Prints what was found: exit code 0, or 1 when something is a problem.
pub(super) async fn run(args: DoctorArgs) -> ExitCode {
    let findings = match args.server.connection() {
        Some(connection) => match far(&connection).await {
            Ok(findings) => findings,
            Err(error) => {
                eprintln!("realmkeep: {}", chain(&error));
                return match error {
                    RemoteError::Usage(_) | RemoteError::SecretFile(..) => {
                        ExitCode::from(super::WRONG)
                    }
                    _ => ExitCode::FAILURE,
                };
            }
        },
        None => near(&args.serve).await,
    };
    let worst = findings.iter().map(|finding| finding.level).max();
    if args.json {
        let sound = worst != Some(Level::Problem);
        print!(
            "{}",
            pretty(&json!({ "sound": sound, "findings": findings }))
        );
    } else {
        print!("{}", text(&findings, args.all));
    }
    if worst == Some(Level::Problem) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// A server somewhere.
async fn far(connection: &super::remote::Connection) -> Result<Vec<Finding>, RemoteError> {
    let mut remote = Remote::connect(connection).await?;
    let told = remote.get(&["doctor"], &[]).await?;
    let told = read(told)?;
    let mut findings = vec![running(&told)];
    findings.extend(around::clock(&told.public_url).await);
    findings.extend(told.findings);
    Ok(findings)
}

fn read(told: Value) -> Result<Told, RemoteError> {
    serde_json::from_value(told).map_err(RemoteError::Unreadable)
}

fn running(told: &Told) -> Finding {
    Finding::good(
        "server",
        format!("{} runs as {}", told.node, told.public_url),
    )
}

/// What these options are about, on this machine.
async fn near(args: &ServeArgs) -> Vec<Finding> {
    let settings = match Settings::resolve(args.clone(), environment()) {
        Ok(settings) => settings,
        Err(problems) => {
            return vec![Finding::of(
                "configuration",
                Level::Problem,
                lines(&problems),
                "the server does not start with it",
                "correct what is named; `realmkeep check` tells the same",
            )];
        }
    };
    let mut findings = vec![configuration(&settings)];
    findings.extend(around::folder(&settings.data));
    match asked(&settings).await {
        Ok(Some(told)) => {
            findings.push(running(&told));
            findings.extend(around::clock(&told.public_url).await);
            findings.extend(told.findings);
        }
        Ok(None) => {
            findings.extend(doctor::front(Front {
                public_url: &settings.public_url,
                tls: settings.tls.is_some(),
                proxied: !settings.trusted_proxy.is_empty(),
            }));
            findings.extend(stopped(&settings).await);
        }
        Err(error) => findings.push(Finding::of(
            "server",
            Level::Problem,
            format!(
                "a server works in {} and does not answer: {}",
                settings.data.display(),
                chain(&error)
            ),
            "nothing is known of its store and its keys",
            "look at its log",
        )),
    }
    findings
}

async fn asked(settings: &Settings) -> Result<Option<Told>, RemoteError> {
    let Some(answer) = local::get(&settings.data.join(SOCKET), "/doctor").await? else {
        return Ok(None);
    };
    let text = answer
        .text()
        .await
        .map_err(|error| RemoteError::Unreachable("the server".to_owned(), error.without_url()))?;
    let told = serde_json::from_str(&text).map_err(RemoteError::Unreadable)?;
    Ok(Some(told))
}

fn configuration(settings: &Settings) -> Finding {
    if !settings.realms.exists() {
        return Finding::good("configuration", "sound; there is no folder of realm files");
    }
    match load_all(&settings.realms) {
        Ok(files) => Finding::good(
            "configuration",
            format!("sound, with {}", super::counted(files.len(), "realm file")),
        ),
        Err(problems) => Finding::of(
            "configuration",
            Level::Problem,
            lines(&problems),
            "the server does not start with it",
            "correct what is named; `realmkeep check` tells the same",
        ),
    }
}

/// The store, opened for the moment.
async fn stopped(settings: &Settings) -> Vec<Finding> {
    let cannot = |found: String, todo: &str| {
        vec![Finding::of(
            "store",
            Level::Problem,
            found,
            "the server does not start",
            todo,
        )]
    };
    let kind: StoreKind = match settings.store.parse() {
        Ok(kind) => kind,
        Err(error) => {
            let error: crate::store::StoreKindError = error;
            return cannot(format!("--store: {error}"), "name a store that there is");
        }
    };
    if kind == StoreKind::Memory {
        return vec![Finding::of(
            "store",
            Level::Warning,
            "memory",
            "everything is forgotten when the server stops",
            "use another --store for anything but trying things out",
        )];
    }
    if kind.is_in_folder() && !settings.data.join("realmkeep.id").exists() {
        return vec![Finding::of(
            "store",
            Level::Note,
            format!("there is no store in {} yet", settings.data.display()),
            "the first start makes one, with a realm master and a user admin",
            "",
        )];
    }
    match vault(settings) {
        Ok(Some(_)) => {}
        Ok(None) => {
            return cannot(
                format!(
                    "there is a store in {} and no master key",
                    settings.data.display()
                ),
                "give the key that was used before, in REALMKEEP_MASTER_KEY or master.key; a new one opens nothing that is there",
            );
        }
        Err(error) => return cannot(format!("master key: {error}"), "correct the key"),
    }
    match context(settings, std::sync::Arc::new(SystemClock), false) {
        Ok(ctx) => {
            let mut findings = vec![Finding::of(
                "server",
                Level::Note,
                "no server runs on this store",
                "",
                "",
            )];
            findings.extend(doctor::examine(&ctx).await);
            findings
        }
        Err(error) => cannot(
            error.to_string(),
            "do what the message says; a server that works in the folder without its socket is asked with --server",
        ),
    }
}

/// Worst first, for people.
fn text(findings: &[Finding], all: bool) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let mut text = String::new();
    for finding in sorted.iter().filter(|f| all || f.level != Level::Good) {
        let word = match finding.level {
            Level::Good => "good",
            Level::Note => "note",
            Level::Warning => "WARNING",
            Level::Problem => "PROBLEM",
        };
        let found = finding.found.replace('\n', "\n    ");
        text.push_str(&format!("{word} {}: {found}\n", finding.area));
        if !finding.meaning.is_empty() {
            text.push_str(&format!("    means: {}\n", finding.meaning));
        }
        if !finding.todo.is_empty() {
            text.push_str(&format!("    do:    {}\n", finding.todo));
        }
    }
    let count = |level| findings.iter().filter(|f| f.level == level).count();
    text.push_str(&format!(
        "{}, {}, {} as it should be\n",
        super::counted(count(Level::Problem), "problem"),
        super::counted(count(Level::Warning), "warning"),
        count(Level::Good)
    ));
    text
}
