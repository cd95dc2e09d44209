//! `realmkeep backup` and `export`: everything in one file, also while the server works.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::sync::mpsc;
use url::Url;

use super::place::{Meter, Place};
use super::remote::{Connection, Remote, RemoteError};
use crate::config::Settings;
use crate::crypto::Secret;
use crate::domain::time::{Clock as _, SystemClock, Timestamp};
use crate::domain::{Fault, sealing, upgrade};
use crate::store::snapshot::copy::{CopyError, copy};
use crate::store::snapshot::draft::{Draft, DraftError};
use crate::store::snapshot::{FORMAT, Header, Trailer};
use crate::store::{self, FolderError, OpenError, Store, StoreError, StoreKind, StoreKindError};

/// The options of `realmkeep backup`.
#[derive(Args, Clone, Debug)]
pub struct BackupArgs {
    /// The file to write; one of that name is replaced once the new one is whole
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    server: Server,
}

/// A running server that is asked over the network; not needed on its own machine.
#[derive(Args, Clone, Debug)]
pub(super) struct Server {
    /// Ask a server at this public address instead of one with the data folder
    #[arg(long, value_name = "URL", requires = "client_id")]
    pub(super) server: Option<Url>,
    /// A client of the realm master with the role server-admin and the client_credentials grant
    #[arg(long, env = "REALMKEEP_CLIENT_ID", requires = "server")]
    pub(super) client_id: Option<String>,
    /// Its secret; other users of this machine can read arguments, so prefer the variable or the file
    #[arg(
        long,
        env = "REALMKEEP_CLIENT_SECRET",
        hide_env_values = true,
        value_parser = |text: &str| Ok::<_, std::convert::Infallible>(Secret::new(text.to_owned()))
    )]
    pub(super) client_secret: Option<Secret>,
    /// A file with its secret; comes before --client-secret
    #[arg(long, value_name = "FILE")]
    pub(super) client_secret_file: Option<PathBuf>,
}

impl Server {
    /// How to reach it, when one was named.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.server.clone().map(|server| Connection {
            server,
            realm: "master".to_owned(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            client_secret_file: self.client_secret_file.clone(),
            json: false,
        })
    }
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub(super) enum BackupError {
    /// `--store` names no engine.
    #[error("--store: {0}")]
    Kind(#[from] StoreKindError),
    /// There is nothing that could be backed up.
    #[error("a store in memory has no backup")]
    Memory,
    /// The folder is not there: opening it would make it.
    #[error("there is no data folder {}", .0.display())]
    Nowhere(PathBuf),
    /// The store does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A server is in the folder and does not let itself be asked.
    #[error(
        "a server works in the data folder {} and did not answer at {}; name it with --server, --client-id and --client-secret-file",
        data.display(),
        socket.display()
    )]
    Deaf {
        /// The folder.
        data: PathBuf,
        /// Where it should answer.
        socket: PathBuf,
    },
    /// What it says of its master keys cannot be read.
    #[error(transparent)]
    Masters(#[from] Fault),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The file cannot be written, or what came for it is not whole.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The server refused or cannot be reached.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// Writes a backup; 0 done, 1 failed, 2 wrong usage.
pub(super) async fn run(args: BackupArgs) -> ExitCode {
    let settings = match args.place.settle() {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let file = args.file.clone();
    match take(&settings, &args).await {
        Ok((header, trailer)) => {
            println!("{}", summary(&file, &header, &trailer));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("realmkeep: {}", chain(&error));
            match error {
                BackupError::Kind(_)
                | BackupError::Remote(RemoteError::Usage(_) | RemoteError::SecretFile(..)) => {
                    ExitCode::from(super::WRONG)
                }
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// What a file holds, for people.
pub(super) fn summary(file: &std::path::Path, header: &Header, trailer: &Trailer) -> String {
    format!(
        "{}\n  taken    {} (commit {})\n  records  {}\n  digest   {}\n  sha256   {}\n  from     {}, written by realmkeep {}\n  secrets  {}",
        file.display(),
        Timestamp(trailer.taken_at).rfc3339(),
        trailer.commit,
        trailer.records,
        trailer.digest,
        trailer.sha256,
        header.engine,
        header.written_by,
        header.master_key.as_ref().map_or_else(
            || "of an unknown master key".to_owned(),
            |check| format!(
                "sealed with the master key {check}, which is not in the file: keep it too"
            )
        )
    )
}

/// An error with what is beneath it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = error.source();
    }
    text
}

async fn take(settings: &Settings, args: &BackupArgs) -> Result<(Header, Trailer), BackupError> {
    if let Some(connection) = args.server.connection() {
        let mut remote = Remote::connect(&connection).await?;
        return download(&args.file, remote.stream(&["backup"]).await?).await;
    }
    let kind: StoreKind = settings.store.parse()?;
    if kind == StoreKind::Memory {
        return Err(BackupError::Memory);
    }
    if kind.is_in_folder() && !settings.data.is_dir() {
        return Err(BackupError::Nowhere(settings.data.clone()));
    }
    let socket = settings.data.join(crate::serve::SOCKET);
    if let Some(answer) = super::remote::local::get(&socket, "/backup").await? {
        return download(&args.file, answer).await;
    }
    match store::open(&kind, &settings.data) {
        Ok(store) => here(store, &args.file).await,
        Err(OpenError::Folder(FolderError::InUse(data))) => Err(BackupError::Deaf { data, socket }),
        Err(error) => Err(error.into()),
    }
}

async fn download(
    file: &std::path::Path,
    mut answer: reqwest::Response,
) -> Result<(Header, Trailer), BackupError> {
    let broke = |error: reqwest::Error| {
        BackupError::Remote(RemoteError::Unreachable(
            "the server any more".to_owned(),
            error.without_url(),
        ))
    };
    let mut draft = Draft::begin(file)?;
    let mut meter = Meter::new("backup");
    while let Some(piece) = answer.chunk().await.map_err(broke)? {
        draft.push(&piece)?;
        meter.at(draft.received);
    }
    Ok(draft.finish()?)
}

/// Copies a store that no server is using.
async fn here(
    store: Arc<dyn Store>,
    file: &std::path::Path,
) -> Result<(Header, Trailer), BackupError> {
    let now = || SystemClock.now().0;
    let header = Header {
        format: FORMAT,
        layout: upgrade::layout_of(&*store).await?,
        engine: store.health().await.engine.to_owned(),
        written_by: env!("CARGO_PKG_VERSION").to_owned(),
        master_key: sealing::masters(&*store)
            .await?
            .map(|masters| masters.current.to_string()),
        began_at: now(),
    };
    let mut draft = Draft::begin(file)?;
    let mut meter = Meter::new("backup");
    let (to, mut pieces) = mpsc::channel(4);
    let copied = copy(&*store, &header, &now, to);
    let written = async {
        while let Some(piece) = pieces.recv().await {
            draft.push(&piece)?;
            meter.at(draft.received);
        }
        Ok::<_, DraftError>(())
    };
    let (copied, written) = tokio::join!(copied, written);
    written?;
    copied?;
    Ok(draft.finish()?)
}
