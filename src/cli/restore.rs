//! `realmkeep restore` and `import`: a file made by `backup` or `export`, checked first, into an empty store.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::backup::{chain, summary};
use super::place::{Meter, Place, vault};
use crate::config::Settings;
use crate::crypto::VaultError;
use crate::domain::entropy::{Entropy as _, OsEntropy};
use crate::domain::time::{Clock as _, SystemClock, Timestamp};
use crate::domain::{Fault, upgrade};
use crate::store::snapshot::fill::{self, FillError, Restored};
use crate::store::snapshot::place::Place as Folder;
use crate::store::snapshot::read::{self, Checked, ReadError};
use crate::store::{self, Bytes, OpenError, Store, StoreKind, StoreKindError};

/// The options of `realmkeep restore`.
#[derive(Args, Clone, Debug)]
pub struct RestoreArgs {
    /// The file to restore
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Only check the file, all of it, and restore nothing
    #[arg(long)]
    verify: bool,
    /// Also into a store that is not empty: a folder's old store is put aside, a database is emptied
    #[arg(long)]
    force: bool,
    /// Let all sessions of the backup live, also those that ended after it was taken
    #[arg(long)]
    keep_sessions: bool,
    /// Also when the master key at hand is not the one that sealed the secrets in the file
    #[arg(long)]
    any_key: bool,
}

/// The options of `realmkeep import`.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// The file that `export` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Also when the master key at hand is not the one that sealed the secrets in the file
    #[arg(long)]
    any_key: bool,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
enum RestoreError {
    /// `--store` names no engine.
    #[error("--store: {0}")]
    Kind(#[from] StoreKindError),
    /// It would be gone with the command.
    #[error("nothing can be restored into memory")]
    Memory,
    /// The file is not whole.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A later version's records are in it.
    #[error("{} has layout {found}, written by realmkeep {written_by}; this version knows layouts up to {known}: use realmkeep {written_by} or newer", file.display())]
    Layout {
        /// The file.
        file: PathBuf,
        /// The layout of its records.
        found: u32,
        /// The layout that this program knows.
        known: u32,
        /// The version that wrote it.
        written_by: String,
    },
    /// The master key does not read.
    #[error("master key: {0}")]
    Vault(#[from] VaultError),
    /// There is no key to compare.
    #[error("there is no master key, and without the right one the secrets in the backup cannot be used: put it into {} or REALMKEEP_MASTER_KEY (or restore with --any-key and give it later)", .0.display())]
    NoKey(PathBuf),
    /// The key at hand is another one.
    #[error(
        "the secrets in the backup are sealed with the master key {sealed}, and the one at hand is {at_hand}; give the right one (--any-key restores all the same)"
    )]
    OtherKey {
        /// The name of the one that sealed.
        sealed: String,
        /// The name of the one at hand.
        at_hand: String,
    },
    /// There is a store already.
    #[error("{0} holds a store already; --force puts it aside and restores in its place")]
    Taken(String),
    /// A session would outlive the cut that ends all of the backup.
    #[error(
        "the backup was taken at {0}, which is in the future by this machine's clock; set the clock"
    )]
    ClockBehind(String),
    /// The store does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store did not take it.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// A record could not be made.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The disk refused.
    #[error("cannot restore into {}", folder.display())]
    Io {
        /// Where.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Restores a backup; 0 done, 1 failed, 2 wrong usage.
pub(super) async fn run(args: RestoreArgs) -> ExitCode {
    if args.verify {
        return verify(&args);
    }
    match args.place.settle() {
        Ok(settings) => conclude(restore(&settings, &args).await, args.keep_sessions),
        Err(code) => code,
    }
}

/// The same for a move from one engine to another: sessions go on.
pub(super) async fn import(args: ImportArgs) -> ExitCode {
    run(RestoreArgs {
        file: args.file,
        place: args.place,
        verify: false,
        force: false,
        keep_sessions: true,
        any_key: args.any_key,
    })
    .await
}

fn conclude(done: Result<(Checked, Option<PathBuf>), RestoreError>, kept: bool) -> ExitCode {
    match done {
        Ok((checked, aside)) => {
            let trailer = &checked.trailer;
            println!(
                "restored {} records with digest {}",
                trailer.records, trailer.digest
            );
            if let Some(aside) = aside {
                println!("the store that was there before is in {}", aside.display());
            }
            let taken_at = Timestamp(trailer.taken_at).rfc3339();
            if kept {
                eprintln!(
                    "warning: sessions are as they were at {taken_at}; any that ended after that lives again"
                );
            } else {
                println!(
                    "the first start ends every session and token of the backup, and tells the apps: everybody signs in again"
                );
            }
            eprintln!(
                "accounts, passwords, blocks, clients and settings are as they were at {taken_at}"
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("realmkeep: {}", chain(&error));
            match error {
                RestoreError::Kind(_) => ExitCode::from(super::WRONG),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn verify(args: &RestoreArgs) -> ExitCode {
    let mut meter = Meter::new("verify");
    match read::check(&args.file, |records| meter.at(records)) {
        Ok(checked) => {
            println!("{}", summary(&args.file, &checked.header, &checked.trailer));
            println!(
                "  whole    {} bytes, every record as it was written",
                checked.bytes
            );
            println!("  key      {}", whose(args, &checked));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("realmkeep: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// Whether the secrets in a file open with the key that a restore with these options would find.
fn whose(args: &RestoreArgs, checked: &Checked) -> String {
    let Ok(settings) = args.place.settle() else {
        return "not looked for: the configuration is wrong".to_owned();
    };
    match right_key(&settings, checked) {
        Ok(()) if checked.header.master_key.is_some() => "the one at hand".to_owned(),
        Ok(()) => "not known".to_owned(),
        Err(RestoreError::NoKey(_)) => "none at hand".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn restore(
    settings: &Settings,
    args: &RestoreArgs,
) -> Result<(Checked, Option<PathBuf>), RestoreError> {
    let kind: StoreKind = settings.store.parse()?;
    if kind == StoreKind::Memory {
        return Err(RestoreError::Memory);
    }
    let mut meter = Meter::new("verify");
    let checked = read::check(&args.file, |records| meter.at(records))?;
    let header = &checked.header;
    if header.layout > upgrade::PLAN.layout {
        return Err(RestoreError::Layout {
            file: args.file.clone(),
            found: header.layout,
            known: upgrade::PLAN.layout,
            written_by: header.written_by.clone(),
        });
    }
    let now = SystemClock.now();
    if now.0 < checked.trailer.taken_at {
        let taken_at = Timestamp(checked.trailer.taken_at).rfc3339();
        return Err(RestoreError::ClockBehind(taken_at));
    }
    if !args.any_key {
        right_key(settings, &checked)?;
    }
    let mut random = [0; 16];
    OsEntropy.fill(&mut random);
    let note = Restored {
        id: store::snapshot::hex(&random),
        taken_at: checked.trailer.taken_at,
        restored_at: now.0,
        keep_sessions: args.keep_sessions,
    };
    let layout = upgrade::record(header.layout, &upgrade::PLAN)?;
    let notes = [note.record(), (Bytes::from_static(upgrade::KEY), layout)];
    let aside = if kind.is_in_folder() {
        into_folder(settings, &kind, args, &checked, &notes).await?
    } else {
        into_database(settings, &kind, args, &checked, &notes).await?;
        None
    };
    Ok((checked, aside))
}

fn right_key(settings: &Settings, checked: &Checked) -> Result<(), RestoreError> {
    let Some(sealed) = checked.header.master_key.clone() else {
        return Ok(());
    };
    let Some(vault) = vault(settings)? else {
        return Err(RestoreError::NoKey(settings.data.join("master.key")));
    };
    if vault.known().iter().any(|(id, _)| id.to_string() == sealed) {
        return Ok(());
    }
    let at_hand = vault.current().to_string();
    Err(RestoreError::OtherKey { sealed, at_hand })
}

async fn into_folder(
    settings: &Settings,
    kind: &StoreKind,
    args: &RestoreArgs,
    checked: &Checked,
    notes: &[(Bytes, Bytes)],
) -> Result<Option<PathBuf>, RestoreError> {
    let failed = |source| RestoreError::Io {
        folder: settings.data.clone(),
        source,
    };
    let place = Folder::enter(&settings.data)?;
    let stamp = SystemClock.now().rfc3339().replace([':', '-', '.'], "");
    let aside = format!("replaced-{stamp}");
    if place.is_whole() {
        // All but the last moves were done when it was broken off; nothing of this file is needed for them.
        eprintln!("finishing the restore that was broken off");
        return place.swap(&aside).map_err(failed);
    }
    if place.is_taken() && !args.force {
        return Err(RestoreError::Taken(settings.data.display().to_string()));
    }
    let filled = match store::open(kind, place.inner()) {
        Ok(store) => put(&*store, args, checked, notes).await,
        Err(error) => Err(RestoreError::Open(error)),
    };
    match filled {
        Ok(()) => {}
        // What another restore, or a power cut, left is worth nothing: from the beginning.
        Err(
            RestoreError::Open(_) | RestoreError::Fill(FillError::Another | FillError::NotEmpty),
        ) => {
            place.clear().map_err(failed)?;
            let store = store::open(kind, place.inner())?;
            put(&*store, args, checked, notes).await?;
        }
        Err(error) => return Err(error),
    }
    place.swap(&aside).map_err(failed)
}

async fn into_database(
    settings: &Settings,
    kind: &StoreKind,
    args: &RestoreArgs,
    checked: &Checked,
    notes: &[(Bytes, Bytes)],
) -> Result<(), RestoreError> {
    let store = store::open(kind, &settings.data)?;
    match put(&*store, args, checked, notes).await {
        Err(RestoreError::Fill(FillError::Another | FillError::NotEmpty)) if args.force => {
            let mut meter = Meter::new("emptying");
            fill::clear(&*store, |records| meter.at(records)).await?;
            put(&*store, args, checked, notes).await
        }
        Err(RestoreError::Fill(FillError::NotEmpty)) => {
            Err(RestoreError::Taken("the database".to_owned()))
        }
        other => other,
    }
}

async fn put(
    store: &dyn Store,
    args: &RestoreArgs,
    checked: &Checked,
    notes: &[(Bytes, Bytes)],
) -> Result<(), RestoreError> {
    let mut meter = Meter::new("restore");
    let trailer = &checked.trailer;
    let done = fill::fill(store, &args.file, trailer, notes, |records| {
        meter.at(records);
    })
    .await;
    Ok(done?)
}
