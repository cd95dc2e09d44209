//! `realmkeep signouts show ID`, and how plans and receipts look to people.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::remote::{Connection, Remote, RemoteError, clean, conclude, pretty};
use super::sessions::table::{Table, counted, moment, text};

/// Shows what became of sign-outs.
#[derive(Args, Clone, Debug)]
pub struct SignoutsArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Show a sign-out's receipt: what ended, and what each app answered
    Show {
        /// The sign-out's id
        id: String,
        /// Print it signed by the realm (a compact JWS), to keep and to show to others
        #[arg(long)]
        signed: bool,
    },
}

/// Carries out a `signouts` command. The exit code is 0, 1 when the server refuses or cannot be reached, 2 when the
/// command cannot be carried out as given.
pub async fn run(args: SignoutsArgs) -> ExitCode {
    conclude(execute(&args).await)
}

async fn execute(args: &SignoutsArgs) -> Result<String, RemoteError> {
    let mut remote = Remote::connect(&args.connection).await?;
    let Verb::Show { id, signed } = &args.verb;
    if *signed {
        let jws = remote.get(&["signouts", id, "export"], &[]).await?;
        return Ok(format!("{}\n", jws.as_str().unwrap_or_default()));
    }
    let found = remote.get(&["signouts", id], &[]).await?;
    Ok(if args.connection.json {
        pretty(&found)
    } else {
        receipt(&found)
    })
}

/// Waits until a large selection is written out; answers the receipt. The sessions are over before that: this waits
/// for the counts.
pub(super) async fn expanded(remote: &mut Remote, signout: Value) -> Result<Value, RemoteError> {
    let id = text(&signout, "id");
    if id.is_empty() {
        return Ok(signout);
    }
    let mut pause = Duration::from_millis(100);
    loop {
        let receipt = remote.get(&["signouts", &id], &[]).await?;
        if text(&receipt, "state") != "expanding" {
            return Ok(receipt);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

/// A plan: what would end.
pub(super) fn plan(plan: &Value) -> String {
    let mut out = format!("This would end {}.\n", sum(plan));
    leftovers(&mut out, plan);
    out.push_str(&apps(plan));
    out
}

/// A receipt: what ended, and what each app answered.
pub(super) fn receipt(receipt: &Value) -> String {
    let mut out = String::new();
    line(&mut out, "Sign-out", &text(receipt, "id"));
    line(&mut out, "State", &text(receipt, "state"));
    line(&mut out, "Ended", &sum(receipt));
    line(&mut out, "At", &moment(receipt, "at"));
    for (label, name) in [
        ("Reason", "reason"),
        ("Why", "why"),
        ("Note", "note"),
        ("Message", "message"),
    ] {
        line(&mut out, label, &text(receipt, name));
    }
    leftovers(&mut out, receipt);
    out.push_str(&apps(receipt));
    if receipt.get("appsAreComplete") == Some(&Value::Bool(false)) {
        out.push_str("It is still being written out: these are the apps of its first sessions.\n");
    }
    for (label, name) in [("Refused since", "refusedSince"), ("Came back", "cameBack")] {
        match receipt.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Array(all)) if all.is_empty() => {
                let _ = writeln!(out, "\n{label}: none");
            }
            Some(Value::Array(all)) => {
                let _ = writeln!(out, "\n{label}: {}", all.len());
                for one in all {
                    let _ = writeln!(out, "  {}", clean(&plain(one)));
                }
            }
            Some(other) => {
                let _ = writeln!(out, "\n{label}: {}", clean(&plain(other)));
            }
        }
    }
    if receipt.get("cameBackIsComplete") == Some(&Value::Bool(false)) {
        out.push_str(
            "More may have come back: only the people of its first sessions are looked for.\n",
        );
    }
    out
}

/// "3 sessions of 2 people, 5 refresh token families".
fn sum(of: &Value) -> String {
    let mut text = counted(count(of, "sessions").unwrap_or(0), "session", "sessions");
    if let Some(people) = count(of, "people") {
        let _ = write!(text, " of {}", counted(people, "person", "people"));
    }
    if let Some(families) = count(of, "families") {
        let _ = write!(
            text,
            ", {}",
            counted(families, "refresh token family", "refresh token families")
        );
    }
    if let Some(offline) = count(of, "offline").filter(|offline| *offline > 0) {
        let _ = write!(text, " ({offline} offline)");
    }
    text
}

/// A number of the answer: under `counts`, or beside the rest as a number or as a list.
fn count(of: &Value, name: &str) -> Option<u64> {
    let one = |value: &Value| match value {
        Value::Array(all) => Some(all.len() as u64),
        other => other.as_u64(),
    };
    of.get("counts")
        .and_then(|counts| counts.get(name))
        .and_then(one)
        .or_else(|| of.get(name).and_then(one))
}

/// What was selected and did not end by this, and who is kept from signing in.
fn leftovers(out: &mut String, of: &Value) {
    if let Some(block) = of.get("blockSignIn").filter(|block| block.is_object()) {
        let people = counted(count(block, "people").unwrap_or(0), "person", "people");
        let until = match text(block, "until") {
            until if until == "lifted" => "an administrator lifts it".to_owned(),
            _ => moment(block, "until"),
        };
        line(out, "Sign-in blocked", &format!("{people} until {until}"));
    }
    for (label, name) in [
        ("Protected", "protected"),
        ("Already ended", "alreadyEnded"),
        ("Not found", "notFound"),
    ] {
        if let Some(Value::Array(all)) = of.get(name) {
            line(
                out,
                label,
                &all.iter().map(plain).collect::<Vec<_>>().join(", "),
            );
        }
    }
    let sessions = of
        .get("sessions")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut outcomes: Vec<(String, u64)> = Vec::new();
    for session in sessions {
        let outcome = text(session, "outcome");
        match outcomes.iter_mut().find(|(name, _)| *name == outcome) {
            Some((_, count)) => *count += 1,
            None if outcome.is_empty() => {}
            None => outcomes.push((outcome, 1)),
        }
    }
    let outcomes: Vec<String> = outcomes
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    line(out, "Outcomes", &outcomes.join(", "));
}

/// App by app: by which channel it is told, and the exact state of that.
fn apps(of: &Value) -> String {
    let apps = of
        .get("apps")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut table = Table::new(&[
        "APP",
        "CHANNEL",
        "STATE",
        "ATTEMPTS",
        "LAST STATUS",
        "NEXT ATTEMPT",
        "BOUND UNTIL",
    ]);
    for app in apps {
        table.row([
            text(app, "clientId"),
            text(app, "channel"),
            text(app, "state"),
            text(app, "attempts"),
            text(app, "lastStatus"),
            moment(app, "nextAttemptAt"),
            moment(app, "boundUntil"),
        ]);
    }
    if apps.is_empty() {
        "No apps to tell.\n".to_owned()
    } else {
        format!("\n{table}")
    }
}

/// A value in one line: objects as `name=value`.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let shown = fields.iter().filter(|(_, value)| !value.is_null());
            shown
                .map(|(name, value)| format!("{name}={}", plain(value)))
                .collect::<Vec<_>>()
                .join(" ")
        }
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A labelled line, unless there is nothing to say.
fn line(out: &mut String, label: &str, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(out, "{label:<14} {}", clean(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_receipt_shows_each_app_with_its_exact_state() {
        let shown = receipt(&json!({
            "id": "so1", "state": "delivering", "at": "2026-11-20T14:32:05.100Z", "reason": "admin", "why": "lost device",
            "counts": { "sessions": 3, "people": 2, "families": 5, "offline": 1 },
            "sessions": [{ "id": "a", "outcome": "ended" }, { "id": "b", "outcome": "ended" }, { "id": "c", "outcome": "not_found" }],
            "apps": [
                { "clientId": "demo-web", "channel": "backchannel", "state": "acknowledged", "attempts": 1, "lastStatus": 200 },
                { "clientId": "slow", "channel": "backchannel", "state": "retrying", "attempts": 3, "nextAttemptAt": "2026-11-20T14:33:00Z" },
                { "clientId": "old", "state": "bounded", "boundUntil": "2026-11-20T14:37:00Z" },
            ],
            "refusedSince": [{ "kind": "refresh_token", "clientId": "demo-web", "ipAddress": null, "count": 3 }], "cameBack": [],
        }));
        for expected in [
            "Sign-out       so1\n",
            "Ended          3 sessions of 2 people, 5 refresh token families (1 offline)\n",
            "At             2026-11-20 14:32:05Z\n",
            "Outcomes       2 ended, 1 not_found\n",
            "demo-web  backchannel  acknowledged  1         200\n",
            "slow      backchannel  retrying      3                      2026-11-20 14:33:00Z\n",
            "old                    bounded                                                    2026-11-20 14:37:00Z\n",
            "Refused since: 1\n  kind=refresh_token clientId=demo-web count=3\n",
            "Came back: none\n",
        ] {
            assert!(shown.contains(expected), "{expected:?} in\n{shown}");
        }
    }

    #[test]
    fn counts_are_found_as_numbers_or_as_lists() {
        let plan =
            plan(&json!({ "sessions": ["a"], "people": 1, "protected": ["mine"], "apps": [] }));
        assert!(
            plan.starts_with("This would end 1 session of 1 person.\n"),
            "{plan}"
        );
        assert!(
            plan.contains("Protected      mine\n") && plan.contains("No apps to tell."),
            "{plan}"
        );
    }
}
