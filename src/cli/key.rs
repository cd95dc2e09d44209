//! `realmkeep key`: makes master keys, changes the one in a key file, says how far the change is, and takes away the old
//! one when nothing needs it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{WRONG, settle, wait};
use crate::config::{ServeArgs, Settings};
use crate::crypto::vault::{MasterKey, fresh, replace};
use crate::crypto::{KeySource, Secret, Vault, base64};
use crate::domain::sealing;
use crate::http::master_key::{PATH, Shown, ShownKey};
use crate::store::{self, StoreKind};

/// The options of `realmkeep key`.
#[derive(Args, Clone, Debug)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum KeyCommand {
    /// Print a new master key
    New,
    /// Say which master key seals, and what still needs an older one
    Status(Box<ServeArgs>),
    /// Put a new master key before the one in the key file; a running server takes it over within seconds and seals
    /// everything anew while it goes on
    RotateMaster(Box<ServeArgs>),
    /// Take master keys that nothing needs any more out of the key file
    DropMaster(DropArgs),
}

#[derive(Args, Clone, Debug)]
struct DropArgs {
    /// Also those that only refresh tokens still need: their people have to sign in again
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    serve: Box<ServeArgs>,
}

/// Does what the command line says.
pub(super) fn run(args: KeyArgs) -> ExitCode {
    match args.command {
        KeyCommand::New => new(),
        KeyCommand::Status(serve) => match settle(*serve) {
            Ok(settings) => wait(status(settings)),
            Err(code) => code,
        },
        KeyCommand::RotateMaster(serve) => match settle(*serve) {
            Ok(settings) => rotate(&settings),
            Err(code) => code,
        },
        KeyCommand::DropMaster(args) => match settle(*args.serve) {
            Ok(settings) => wait(drop_old(settings, args.force)),
            Err(code) => code,
        },
    }
}

fn new() -> ExitCode {
    match fresh() {
        Ok(key) => {
            println!("{}", key.expose());
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error.to_string()),
    }
}

fn rotate(settings: &Settings) -> ExitCode {
    let (path, keys) = match key_file(settings) {
        Ok(found) => found,
        Err(code) => return code,
    };
    let old = keys.first().map(name_of).unwrap_or_default();
    let made = match fresh() {
        Ok(made) => made,
        Err(error) => return failed(&error.to_string()),
    };
    let mut texts = vec![made];
    texts.extend(keys.iter().map(|key| Secret::new(base64(&**key))));
    if let Err(error) = replace(&path, &texts) {
        return failed(&error.to_string());
    }
    let new = KeySource {
        origin: settings.master_key.origin.clone(),
        previous: None,
    };
    let new = new.vault().map(|vault| vault.current().to_string());
    println!(
        "{} begins with the new master key {}; {old} stands behind it.\nThe server seals everything anew with it, now or when it \
         starts. `realmkeep key status` says how far it is,\nand `realmkeep key drop-master` takes the old key away when \
         nothing needs it.",
        path.display(),
        new.unwrap_or_default(),
    );
    ExitCode::SUCCESS
}

async fn status(settings: Settings) -> ExitCode {
    match look(&settings).await {
        Ok(shown) => {
            print!("{}", told(&shown));
            ExitCode::SUCCESS
        }
        Err(why) => failed(&why),
    }
}

fn told(shown: &Shown) -> String {
    let mut text = String::new();
    for key in &shown.keys {
        let line = match &key.retired_at {
            None => format!("{}  seals, since {}", key.id, key.since),
            Some(at) => format!("{}  retired at {at}: {}", key.id, what_is_left(key)),
        };
        text.push_str(&line);
        text.push('\n');
    }
    if let (Some(resealed), Some(looked), Some((part, parts))) =
        (shown.resealed, shown.looked, shown.part)
    {
        text.push_str(&format!(
            "sealing anew: part {part} of {parts}, {looked} records looked at, {resealed} sealed anew\n"
        ));
    }
    text
}

fn what_is_left(key: &ShownKey) -> String {
    match (key.sealed, key.refresh_tokens) {
        (Some(0), Some(0)) => {
            "nothing needs it, `realmkeep key drop-master` takes it away".to_owned()
        }
        (Some(0), Some(tokens)) => format!(
            "{tokens} refresh tokens were made with it and not used since; the last is over at {}",
            key.refresh_tokens_until.as_deref().unwrap_or("any time")
        ),
        (Some(sealed), _) => format!("{sealed} values are sealed with it"),
        (None, _) => "it is not known yet what is sealed with it".to_owned(),
    }
}

async fn drop_old(settings: Settings, force: bool) -> ExitCode {
    let (path, keys) = match key_file(&settings) {
        Ok(found) => found,
        Err(code) => return code,
    };
    let shown = match look(&settings).await {
        Ok(shown) => shown,
        Err(why) => return failed(&why),
    };
    let is_free = |key: &ShownKey| {
        key.retired_at.is_some()
            && key.sealed == Some(0)
            && (force || key.refresh_tokens == Some(0))
    };
    let goes = |name: &str| {
        // One that the store has never heard of may be there for a change to come.
        shown.keys.iter().any(|key| key.id == name && is_free(key))
    };
    let (gone, kept): (Vec<&MasterKey>, Vec<&MasterKey>) =
        keys.iter().partition(|key| goes(&name_of(key)));
    if gone.is_empty() {
        eprint!("{}", told(&shown));
        return failed("no master key can be taken away now");
    }
    let texts: Vec<Secret> = kept
        .into_iter()
        .map(|key| Secret::new(base64(&**key)))
        .collect();
    if let Err(error) = replace(&path, &texts) {
        return failed(&error.to_string());
    }
    for key in gone {
        println!(
            "master key {} is no longer in {}",
            name_of(key),
            path.display()
        );
    }
    ExitCode::SUCCESS
}

/// What the running server says, or its store when none runs.
async fn look(settings: &Settings) -> Result<Shown, String> {
    let url = format!("http://{}{PATH}", settings.management_listen);
    let answered = reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(10))
        .build()
        .map_err(|error| error.to_string())?
        .get(&url)
        .send()
        .await;
    match answered {
        Ok(answer) if answer.status().is_success() => answer
            .json()
            .await
            .map_err(|_| format!("what answers at {url} is no Realmkeep")),
        Ok(answer) => Err(format!("{url} answers {}", answer.status())),
        Err(error) if error.is_connect() => offline(settings).await,
        Err(error) => Err(format!("{url} does not answer: {error}")),
    }
}

async fn offline(settings: &Settings) -> Result<Shown, String> {
    let kind: StoreKind = settings
        .store
        .parse()
        .map_err(|error: store::StoreKindError| format!("--store: {error}"))?;
    if matches!(kind, StoreKind::Sled | StoreKind::Redb) && !settings.data.exists() {
        return Err(format!(
            "no server answers at {} and there is no folder {}",
            settings.management_listen,
            settings.data.display()
        ));
    }
    let store = store::open(&kind, &settings.data).map_err(|error| error.to_string())?;
    match sealing::masters(&*store).await {
        Ok(Some(masters)) => Ok(Shown::of(&masters)),
        Ok(None) => Err("no server has used this store yet".to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// The key file and the keys in it.
fn key_file(settings: &Settings) -> Result<(PathBuf, Vec<MasterKey>), ExitCode> {
    let Some(path) = settings.master_key.file() else {
        eprintln!(
            "realmkeep: the master key comes from the environment or from a command, which this cannot change. \
             `realmkeep key new` prints a new key: put it before the old one there, a line each, or give the old one in \
             REALMKEEP_MASTER_KEY_PREVIOUS, and start the server again"
        );
        return Err(ExitCode::from(WRONG));
    };
    if !path.exists() {
        return Err(failed(&format!("there is no key file {}", path.display())));
    }
    let source = KeySource {
        origin: settings.master_key.origin.clone(),
        previous: None,
    };
    match source.read() {
        Ok(keys) => Ok((path, keys)),
        Err(error) => Err(failed(&error.to_string())),
    }
}

fn name_of(key: &MasterKey) -> String {
    Vault::from_key(**key).current().to_string()
}

fn failed(why: &str) -> ExitCode {
    eprintln!("realmkeep: {why}");
    ExitCode::FAILURE
}
