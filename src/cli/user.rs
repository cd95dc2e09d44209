//! `realmkeep user import FILE`: brings the people of a file into a realm and shows how far it is.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::remote::{Connection, Remote, RemoteError, clean, conclude, pretty};
use super::sessions::table::{counted, text};

/// Brings people into a realm.
#[derive(Args, Clone, Debug)]
pub struct UserArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Import the users of a file (CSV, JSON, or an export of Keycloak); it goes on when this command is stopped
    Import {
        /// The file; - reads it from the standard input
        file: PathBuf,
        /// What becomes of users who exist already: skip, update or fail; before what the file says itself
        #[arg(long, value_name = "WORD")]
        if_exists: Option<String>,
        /// Check the file and say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Do not wait for the end
        #[arg(long)]
        no_wait: bool,
    },
}

/// Carries out a `user` command. The exit code is 0, 1 when the server refuses, cannot be reached or could not import
/// everybody, 2 when the command cannot be carried out as given.
pub async fn run(args: UserArgs) -> ExitCode {
    conclude(execute(&args).await)
}

async fn execute(args: &UserArgs) -> Result<String, RemoteError> {
    let Verb::Import {
        file,
        if_exists,
        dry_run,
        no_wait,
    } = &args.verb;
    let content = content(file)?;
    let mut remote = Remote::connect(&args.connection).await?;
    let mut query = Vec::new();
    query.extend(if_exists.as_ref().map(|word| ("ifExists", word.clone())));
    query.extend(dry_run.then(|| ("dryRun", "true".to_owned())));
    let mut import = remote.post_file(&["imports"], &query, content).await?;
    if *dry_run {
        return Ok(match args.connection.json {
            true => pretty(&import),
            false => plan(&import),
        });
    }
    if !no_wait {
        import = watched(&mut remote, import).await?;
    }
    if args.connection.json {
        return Ok(pretty(&import));
    }
    if number(&import, "failed") > 0 {
        return Err(RemoteError::Absent(result(&import).trim_end().to_owned()));
    }
    Ok(result(&import))
}

fn content(file: &PathBuf) -> Result<Vec<u8>, RemoteError> {
    let mut content = Vec::new();
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().read_to_end(&mut content),
        false => std::fs::File::open(file).and_then(|mut open| open.read_to_end(&mut content)),
    };
    match read {
        Ok(_) => Ok(content),
        Err(error) => Err(RemoteError::Usage(format!(
            "cannot read {}: {error}",
            file.display()
        ))),
    }
}

/// Looks until it is over; a line that is written again and again says how far it is, where somebody sees it.
async fn watched(remote: &mut Remote, mut import: Value) -> Result<Value, RemoteError> {
    let id = text(&import, "id");
    let seen = std::io::stderr().is_terminal();
    let mut pause = Duration::from_millis(100);
    while text(&import, "state") != "done" {
        if seen {
            eprint!("\r{}\u{1b}[K", progress(&import));
            let _ = std::io::stderr().flush();
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
        import = remote.get(&["imports", &id], &[]).await?;
    }
    if seen {
        eprint!("\r\u{1b}[K");
    }
    Ok(import)
}

fn number(of: &Value, name: &str) -> u64 {
    of.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// "Importing 1,200 of 5,000 [=====>        ] 24%".
fn progress(import: &Value) -> String {
    let (done, total) = (number(import, "done"), number(import, "total").max(1));
    let part = usize::try_from((done * 20 / total).min(20)).unwrap_or(20);
    format!(
        "Importing {done} of {total} [{}{}] {}%",
        "=".repeat(part),
        " ".repeat(20 - part),
        done * 100 / total
    )
}

fn people(count: u64) -> String {
    counted(count, "user", "users")
}

/// What would be done.
fn plan(plan: &Value) -> String {
    let mut out = format!(
        "This would import {}: {} new, {} there already ({}).\n",
        people(number(plan, "total")),
        number(plan, "new"),
        number(plan, "existing"),
        text(plan, "ifExists")
    );
    left_out(&mut out, plan);
    out
}

/// What was done.
fn result(import: &Value) -> String {
    let mut out = format!("Import   {}\n", text(import, "id"));
    if text(import, "state") != "done" {
        let _ = writeln!(out, "State    {}", text(import, "state"));
        let _ = writeln!(
            out,
            "Done     {} of {}",
            number(import, "done"),
            number(import, "total")
        );
    }
    for (label, name) in [
        ("Created ", "created"),
        ("Updated ", "updated"),
        ("Skipped ", "skipped"),
        ("Failed  ", "failed"),
    ] {
        let _ = writeln!(out, "{label} {}", number(import, name));
    }
    left_out(&mut out, import);
    let failures = import.get("failures").and_then(Value::as_array);
    for failure in failures.into_iter().flatten() {
        let place = ["line", "entry"]
            .into_iter()
            .find_map(|unit| Some(format!("{unit} {}", failure.get(unit)?.as_u64()?)));
        let _ = writeln!(
            out,
            "  {} {}: {}",
            place.unwrap_or_default(),
            clean(&text(failure, "username")),
            clean(&text(failure, "reason"))
        );
    }
    out
}

fn left_out(out: &mut String, of: &Value) {
    let left: Vec<String> = of
        .get("passedOver")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(clean)
        .collect();
    if !left.is_empty() {
        let _ = writeln!(out, "Not imported: {}", left.join(", "));
    }
}

/// What a refusal says of the places in a file, a line each.
pub(super) fn errors(body: &Value) -> Vec<String> {
    let errors = body.get("errors").and_then(Value::as_array);
    let errors = errors.map_or(&[][..], Vec::as_slice);
    let mut lines: Vec<String> = errors
        .iter()
        .map(|error| {
            let place = ["line", "entry"]
                .into_iter()
                .find_map(|unit| Some(format!("{unit} {}: ", error.get(unit)?.as_u64()?)));
            let field = match text(error, "field") {
                field if field.is_empty() => field,
                field => format!("{field}: "),
            };
            format!(
                "{}{field}{}",
                place.unwrap_or_default(),
                text(error, "message")
            )
        })
        .collect();
    let count = number(body, "errorCount");
    let more = count.saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn progress_result_and_errors_are_said_in_lines() {
        let import = json!({"id": "i", "state": "running", "done": 1200, "total": 5000, "created": 1190, "updated": 0,
            "skipped": 9, "failed": 1, "passedOver": ["groups (3 people)"],
            "failures": [{"line": 7, "username": "x\u{1b}", "reason": "no"}]});
        assert_eq!(
            progress(&import),
            format!(
                "Importing 1200 of 5000 [{}{}] 24%",
                "=".repeat(4),
                " ".repeat(16)
            )
        );
        let said = result(&import);
        assert!(
            said.contains("Done     1200 of 5000\n") && said.contains("Created  1190\n"),
            "{said}"
        );
        assert!(
            said.contains("Not imported: groups (3 people)\n  line 7 x\u{fffd}: no\n"),
            "{said}"
        );
        let refused = json!({"errorCount": 3, "errors": [{"line": 2, "field": "enabled", "message": "expected true"},
            {"field": "", "message": "whole"}]});
        assert_eq!(
            errors(&refused),
            ["line 2: enabled: expected true", "whole", "and 1 more"]
        );
        assert!(errors(&json!({"errors": "x"})).is_empty());
    }
}
