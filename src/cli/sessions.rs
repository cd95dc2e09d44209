//! `realmkeep sessions list` and `realmkeep sessions invalidate`, against a running server.

pub(super) mod table;

use std::io::{self, BufRead as _, IsTerminal as _};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::remote::{Connection, Remote, RemoteError, conclude, pretty};
use super::signouts;
use table::{Table, counted, moment, text};

/// Lists sessions or ends them.
#[derive(Args, Clone, Debug)]
pub struct SessionsArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// List sessions
    List(ListArgs),
    /// End sessions: those people must sign in again, everywhere
    Invalidate(InvalidateArgs),
}

#[derive(Args, Clone, Debug)]
struct ListArgs {
    /// A username prefix, or filters such as user: ip: client: device: idle>30m started<2026-11-20
    #[arg(long, short)]
    query: Option<String>,
    /// Which sessions
    #[arg(long, value_enum, default_value = "active")]
    state: Which,
    /// How many at most
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Which {
    Active,
    Ended,
    All,
}

#[derive(Args, Clone, Debug)]
struct InvalidateArgs {
    #[command(flatten)]
    selected: Selected,
    /// Why, for the receipt ("lost device")
    #[arg(long)]
    reason: Option<String>,
    /// A note for the audit log
    #[arg(long)]
    note: Option<String>,
    /// What the people read when they sign in again
    #[arg(long)]
    message: Option<String>,
    /// Keep these people from signing in again: until somebody lifts it, or for a time (=2h, =2027-03-01T08:00:00Z)
    #[arg(long, value_name = "UNTIL", num_args = 0..=1, require_equals = true, default_missing_value = "lifted")]
    block_sign_in: Option<String>,
    /// Show what would end, and end nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// One way of selecting, so that nobody wonders whether two of them mean "and" or "or".
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
struct Selected {
    /// Sessions by id
    #[arg(value_name = "SESSION")]
    sessions: Vec<String>,
    /// All sessions of this user; may be repeated
    #[arg(long, value_name = "USERNAME")]
    user: Vec<String>,
    /// All sessions this client takes part in; may be repeated
    #[arg(long, value_name = "CLIENT_ID")]
    client: Vec<String>,
    /// All sessions a search finds
    #[arg(long, short)]
    query: Option<String>,
    /// All sessions of the realm
    #[arg(long)]
    all: bool,
}

/// What the person at the terminal says.
enum Consent {
    Yes,
    No,
    /// There is no terminal to ask at.
    Nobody,
}

/// Carries out a `sessions` command. The exit code is 0, 1 when the server refuses or cannot be reached, 2 when the
/// command cannot be carried out as given.
pub async fn run(args: SessionsArgs) -> ExitCode {
    conclude(execute(&args, ask).await)
}

async fn execute(
    args: &SessionsArgs,
    ask: impl Fn(&str) -> Consent,
) -> Result<String, RemoteError> {
    let mut remote = Remote::connect(&args.connection).await?;
    match &args.verb {
        Verb::List(asked) => {
            let page = list(&mut remote, asked).await?;
            Ok(if args.connection.json {
                pretty(&page)
            } else {
                listing(&page, asked.state)
            })
        }
        Verb::Invalidate(asked) => invalidate(&mut remote, asked, args.connection.json, ask).await,
    }
}

/// Reads pages until the limit is reached or there are no more; answers them as one.
async fn list(remote: &mut Remote, asked: &ListArgs) -> Result<Value, RemoteError> {
    let mut left = usize::try_from(asked.limit).unwrap_or(usize::MAX);
    let mut found: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let mut query = vec![
            ("state", asked.state.name().to_owned()),
            ("limit", left.min(PAGE).to_string()),
        ];
        if let Some(q) = &asked.query {
            query.push(("q", q.clone()));
        }
        if !cursor.is_empty() {
            query.push(("cursor", cursor));
        }
        let mut page = remote.get(&["sessions"], &query).await?;
        let Some(Value::Array(sessions)) = page.get_mut("sessions").map(Value::take) else {
            return Ok(page);
        };
        left = left.saturating_sub(sessions.len());
        cursor = text(&page, "next");
        let more = left > 0 && !cursor.is_empty() && !sessions.is_empty();
        found.extend(sessions);
        if !more {
            if let Some(place) = page.get_mut("sessions") {
                *place = Value::Array(found);
            }
            return Ok(page);
        }
    }
}

async fn invalidate(
    remote: &mut Remote,
    asked: &InvalidateArgs,
    json: bool,
    ask: impl Fn(&str) -> Consent,
) -> Result<String, RemoteError> {
    let mut body = Map::new();
    body.insert("select".to_owned(), select(remote, &asked.selected).await?);
    for (name, value) in [
        ("reason", &asked.reason),
        ("note", &asked.note),
        ("message", &asked.message),
        ("blockSignIn", &asked.block_sign_in),
    ] {
        if let Some(value) = value {
            body.insert(name.to_owned(), json!(value));
        }
    }
    let mut dry = body.clone();
    dry.insert("dryRun".to_owned(), json!(true));
    let dry = Value::Object(dry);
    if asked.dry_run {
        let plan = remote.post(&["signouts"], &dry).await?;
        return Ok(if json {
            pretty(&plan)
        } else {
            signouts::plan(&plan)
        });
    }
    if !asked.yes {
        let plan = remote.post(&["signouts"], &dry).await?;
        match ask(&signouts::plan(&plan)) {
            Consent::Yes => {}
            Consent::No => return Err(RemoteError::Declined),
            Consent::Nobody => {
                return Err(RemoteError::Usage(
                    "nothing was ended: there is no terminal to ask at, so say --yes (or --dry-run to see the plan)"
                        .to_owned(),
                ));
            }
        }
    }
    let signout = remote.post(&["signouts"], &Value::Object(body)).await?;
    let receipt = signouts::expanded(remote, signout).await?;
    Ok(if json {
        pretty(&receipt)
    } else {
        signouts::receipt(&receipt)
    })
}

async fn select(remote: &mut Remote, selected: &Selected) -> Result<Value, RemoteError> {
    if selected.all {
        return Ok(json!({ "all": true }));
    }
    if let Some(filter) = &selected.query {
        return Ok(json!({ "filter": filter }));
    }
    if !selected.client.is_empty() {
        return Ok(json!({ "clients": selected.client }));
    }
    if !selected.sessions.is_empty() {
        return Ok(json!({ "sessions": selected.sessions }));
    }
    let mut ids = Vec::new();
    for name in &selected.user {
        let query = [("username", name.clone()), ("exact", "true".to_owned())];
        let found = remote.get(&["users"], &query).await?;
        let id = found
            .get(0)
            .and_then(|user| user.get("id"))
            .and_then(Value::as_str);
        let absent =
            || RemoteError::Absent(format!("nothing was ended: there is no user {name:?}"));
        ids.push(id.ok_or_else(absent)?.to_owned());
    }
    Ok(json!({ "users": ids }))
}

/// Shows the plan and asks. On standard error, so that standard output holds the receipt alone.
fn ask(plan: &str) -> Consent {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Consent::Nobody;
    }
    eprint!("{plan}\nInvalidate these sessions? [y/N] ");
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(_) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes") => Consent::Yes,
        Ok(_) | Err(_) => Consent::No,
    }
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Which::Active => "active",
            Which::Ended => "ended",
            Which::All => "all",
        }
    }
}

fn listing(page: &Value, which: Which) -> String {
    let sessions = page
        .get("sessions")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut table = Table::new(&[
        "USERNAME",
        "IP",
        "DEVICE",
        "APPS",
        "STARTED",
        "LAST ACTIVE",
        "ENDED",
        "WHY",
        "ID",
    ]);
    for session in sessions {
        table.row([
            text(session, "username"),
            text(session, "ipAddress"),
            device(session),
            apps(session),
            moment(session, "startedAt"),
            moment(session, "lastActiveAt"),
            moment(session, "endedAt"),
            text(session, "endReason"),
            text(session, "id"),
        ]);
    }
    let shown = sessions.len() as u64;
    let total = page
        .get("total")
        .and_then(Value::as_u64)
        .unwrap_or(shown)
        .max(shown);
    let exact = page
        .get("totalIsExact")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    let kind = match which {
        Which::Active => "active ",
        Which::Ended => "ended ",
        Which::All => "",
    };
    let sum = counted(total, &format!("{kind}session"), &format!("{kind}sessions"));
    let about = if exact { "" } else { "about " };
    match (shown, shown == total) {
        (0, _) => format!("No {kind}sessions.\n"),
        (_, true) => format!("{table}\n{about}{sum}\n"),
        (_, false) => format!("{table}\nThe first {shown} of {about}{sum}\n"),
    }
}

fn device(session: &Value) -> String {
    let device = session.get("device").unwrap_or(&Value::Null);
    let parts = [text(device, "browser"), text(device, "os")];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" on ")
}

fn apps(session: &Value) -> String {
    let clients = session
        .get("clients")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    clients
        .iter()
        .map(|client| text(client, "clientId"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// How many sessions are asked for at once.
const PAGE: usize = 100;

#[cfg(test)]
mod tests;
