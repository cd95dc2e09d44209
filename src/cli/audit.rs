//! `realmkeep audit`: who did what to whom, newest first.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::remote::{Connection, Remote, RemoteError, conclude, pretty};
use super::sessions::table::{Table, counted, moment, text};

/// Lists what was done by whom.
#[derive(Args, Clone, Debug)]
pub struct AuditArgs {
    #[command(flatten)]
    connection: Connection,
    /// By whom: their id, or the name that people see
    #[arg(long)]
    actor: Option<String>,
    /// What was done, such as user.block; ending in a dot it means everything of that kind, such as user.
    #[arg(long)]
    action: Option<String>,
    /// To whom or what: a username, a client id, or an id
    #[arg(long)]
    target: Option<String>,
    /// Not before this time, such as 2026-11-20 or 2026-11-20T14:30:00Z
    #[arg(long)]
    since: Option<String>,
    /// Not after this time
    #[arg(long)]
    until: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Carries out the command. The exit code is 0, 1 when the server refuses or cannot be reached, 2 when the command cannot
/// be carried out as given.
pub async fn run(args: AuditArgs) -> ExitCode {
    conclude(execute(&args).await)
}

async fn execute(args: &AuditArgs) -> Result<String, RemoteError> {
    let mut remote = Remote::connect(&args.connection).await?;
    let wanted = args.limit as usize;
    let (mut records, mut cursor): (Vec<Value>, Option<String>) = (Vec::new(), None);
    let more = loop {
        let limit = (wanted - records.len()).min(PAGE).to_string();
        let mut query = filters(args);
        query.push(("limit", limit));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let mut page = remote.get(&["audit"], &query).await?;
        if let Some(Value::Array(found)) = page.get_mut("records").map(Value::take) {
            records.extend(found);
        }
        let next = text(&page, "next");
        if next.is_empty() || records.len() >= wanted {
            break !next.is_empty();
        }
        cursor = Some(next);
    };
    Ok(if args.connection.json {
        pretty(&json!({ "records": records, "more": more }))
    } else {
        shown(&records, more)
    })
}

fn filters(args: &AuditArgs) -> Vec<(&'static str, String)> {
    let all = [
        ("actor", &args.actor),
        ("action", &args.action),
        ("target", &args.target),
        ("since", &args.since),
        ("until", &args.until),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
}

fn shown(records: &[Value], more: bool) -> String {
    if records.is_empty() {
        return "Nothing was recorded that fits.\n".to_owned();
    }
    let mut table = Table::new(&["AT", "ACTION", "TARGET", "BY", "FROM", "DETAIL"]);
    for record in records {
        let actor = record.get("actor").cloned().unwrap_or_default();
        table.row([
            moment(record, "at"),
            text(record, "action"),
            text(record, "target"),
            text(&actor, "name"),
            text(&actor, "ipAddress"),
            text(record, "detail"),
        ]);
    }
    let count = counted(records.len() as u64, "event", "events");
    let rest = if more {
        "; there are older ones: raise --limit, or narrow by --until"
    } else {
        ""
    };
    format!("{table}\n{count}{rest}\n")
}

/// Records asked for at once.
const PAGE: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_a_line_each() {
        let records = [json!({
            "id": "x", "at": "2026-11-20T14:32:05.100Z", "action": "user.block", "targetKind": "user",
            "target": "anna (0195)", "detail": "until lifted: left",
            "actor": { "kind": "admin", "id": "1", "name": "dana", "realm": "demo" },
        })];
        let shown = shown(&records, true);
        assert!(
            shown.contains(
                "2026-11-20 14:32:05Z  user.block  anna (0195)  dana  until lifted: left"
            ),
            "{shown}"
        );
        assert!(shown.contains("1 event; there are older ones"), "{shown}");
        assert_eq!(
            super::shown(&[], false),
            "Nothing was recorded that fits.\n"
        );
    }
}
