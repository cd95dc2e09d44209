//! Which store a command is about, and which key opens its secrets.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use super::{environment, lines};
use crate::config::{ServeArgs, Settings};
use crate::crypto::vault::Origin;
use crate::crypto::{Vault, VaultError};

/// The options that say where the store is; the same as those of `serve`.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Place {
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<String>,
    /// Folder for everything that is remembered [default: ./data]
    #[arg(long, value_name = "FOLDER")]
    pub(super) data: Option<String>,
    /// The engine, as `serve --store` takes it [default: sled]
    #[arg(long, value_name = "STORE")]
    pub(super) store: Option<String>,
    /// File with the master key, in place of master.key in the data folder
    #[arg(long, value_name = "FILE")]
    pub(super) master_key_file: Option<String>,
    /// Shell command that prints the master key; 30 s at most
    #[arg(long, value_name = "COMMAND")]
    pub(super) master_key_command: Option<String>,
}

impl Place {
    /// The settings that a server with these options would have; otherwise all problems are on stderr.
    pub(super) fn settle(&self) -> Result<Settings, ExitCode> {
        let args = ServeArgs {
            config: self.config.clone(),
            data: self.data.clone(),
            store: self.store.clone(),
            master_key_file: self.master_key_file.clone(),
            master_key_command: self.master_key_command.clone(),
            ..ServeArgs::default()
        };
        Settings::resolve(args, environment()).map_err(|problems| {
            eprintln!("{}", lines(&problems));
            ExitCode::from(super::WRONG)
        })
    }
}

/// The vault of the key at hand: given, or in the data folder. `None` when there is none; none is made.
pub(super) fn vault(settings: &Settings) -> Result<Option<Vault>, VaultError> {
    let source = &settings.master_key;
    if let Origin::Folder(_) = source.origin
        && source.file().is_some_and(|file| !file.exists())
    {
        return Ok(None);
    }
    source.vault().map(Some)
}

/// Says now and then how far something is, on stderr.
pub(super) struct Meter {
    what: &'static str,
    said: Instant,
    began: Instant,
}

impl Meter {
    /// For what is counted in records.
    pub(super) fn new(what: &'static str) -> Meter {
        Meter {
            what,
            said: Instant::now(),
            began: Instant::now(),
        }
    }

    /// So many by now.
    pub(super) fn at(&mut self, records: u64) {
        if self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            eprintln!(
                "{}: {records} records, {} s",
                self.what,
                self.began.elapsed().as_secs()
            );
        }
    }
}

const EVERY: Duration = Duration::from_secs(2);
