//! The composition root: settings → store, clock, entropy, keys → router and workers; and how all of it stops.

mod background;
mod follow;
mod masters;
mod socket;
pub(crate) mod start;
mod workers;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Settings};
use crate::domain::realm::apply::ApplyError;
use crate::domain::restored::{self, RestoredError};
use crate::domain::signout::expand::{Which, resume};
use crate::domain::sweep::retention;
use crate::domain::time::{Clock, SystemClock};
use crate::domain::upgrade::{self, UpgradeError};
use crate::domain::{Context, Fault, pulse};
use crate::http;
use crate::http::state::{App, Web};
use crate::store::OpenError;

pub(crate) use socket::SOCKET;

/// What a server takes from outside, beside its settings: tests bring their own.
pub struct Parts {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Whether passwords cost next to nothing to hash. For tests alone.
    pub cheap_passwords: bool,
    /// A listener that is already bound; the settings' address is bound otherwise.
    pub listener: Option<std::net::TcpListener>,
    /// Realm files in memory, beside those of the settings' folder.
    pub realms: Vec<config::RealmFile>,
}

impl Default for Parts {
    fn default() -> Self {
        Parts {
            clock: Arc::new(SystemClock),
            cheap_passwords: false,
            listener: None,
            realms: Vec::new(),
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The realm files do not read.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Realms(Vec<config::Problem>),
    /// `--store` names no engine.
    #[error("--store: {0}")]
    StoreKind(#[from] crate::store::StoreKindError),
    /// The store did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The master key is missing or bad.
    #[error("master key: {0}")]
    Vault(#[from] crate::crypto::VaultError),
    /// The master key is not the store's.
    #[error("master key: {0}")]
    Admit(#[from] crate::domain::sealing::AdmitError),
    /// There is no way out.
    #[error(transparent)]
    Outbound(#[from] crate::deliver::OutboundError),
    /// A realm file was not applied.
    #[error("realm {realm:?}: {source}")]
    Apply {
        /// Which realm.
        realm: String,
        /// Why.
        source: ApplyError,
    },
    /// A later version was at the store.
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    /// The store was restored, and cannot be served from yet.
    #[error(transparent)]
    Restored(#[from] RestoredError),
    /// A demonstration was not made up.
    #[error("{0}")]
    Demo(String),
    /// The store failed while starting.
    #[error("the store failed while starting: {0}")]
    Fault(#[from] Fault),
    /// An address cannot be listened on, or a file cannot be read.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// A server that is up.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The root of its issuers.
    pub public_url: String,
    /// The first administrator's password, when it was made up just now.
    pub generated_password: Option<String>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    ctx: Arc<Context>,
    _socket: Option<Box<socket::Socket>>,
}

/// How long requests under way may take once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(4);

/// Starts a server and answers once it listens.
///
/// # Errors
/// [`ServeError`] says what is in the way; nothing is left running then.
pub async fn start(settings: Settings, parts: Parts) -> Result<Running, ServeError> {
    let io = |what: String| move |source| ServeError::Io { what, source };
    let figures = crate::observe::figures();
    let listener = match parts.listener {
        Some(listener) => listener,
        None => std::net::TcpListener::bind(settings.listen)
            .map_err(io(format!("cannot listen on {}", settings.listen)))?,
    };
    listener
        .set_nonblocking(true)
        .map_err(io("cannot listen".to_owned()))?;
    let address = listener
        .local_addr()
        .map_err(io("cannot listen".to_owned()))?;
    let ctx = Arc::new(start::context(
        &settings,
        parts.clock,
        parts.cheap_passwords,
    )?);
    // Before anything is remembered: what changes from here on is heard of.
    let heard = ctx.store.health().await.pos;
    upgrade::enter(&ctx, &upgrade::PLAN).await?;
    start::admit(&ctx, &settings).await?;
    restored::settle(&ctx).await?;
    let (generated_password, realm_files) = start::realms(&ctx, &settings, parts.realms).await?;
    // What an act before a crash promised is done before anybody can ask.
    resume(&ctx, Which::NotDenied).await?;
    crate::domain::outbox::lease::free_own(&ctx).await?;
    let web = Web {
        https: settings.public_url.starts_with("https:"),
        tls: settings.tls.is_some(),
        trusted_proxies: settings.trusted_proxy.clone(),
        realm_files,
    };
    let app = App {
        ctx: ctx.clone(),
        web: Arc::new(web),
    };
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(follow::follow(ctx.clone(), heard, stop.clone()));
    let background: Vec<background::Work> = vec![
        Box::pin(workers::sweep(ctx.clone(), stop.clone())),
        Box::pin(workers::expand(ctx.clone(), stop.clone())),
        Box::pin(workers::import(ctx.clone(), stop.clone())),
        Box::pin(workers::prove(ctx.clone(), stop.clone())),
        Box::pin(workers::pulse(ctx.clone(), stop.clone())),
        Box::pin(workers::count(ctx.clone(), stop.clone())),
        Box::pin(workers::upgrade(ctx.clone(), stop.clone())),
        Box::pin(workers::forget(ctx.clone(), stop.clone())),
        Box::pin(masters::keep(
            ctx.clone(),
            settings.master_key.clone(),
            stop.clone(),
        )),
        Box::pin(workers::store(ctx.clone(), stop.clone())),
        Box::pin(crate::deliver::dispatch(ctx.clone(), stop.clone())),
        Box::pin(crate::deliver::push::push(ctx.clone(), stop.clone())),
    ];
    tasks.spawn(
        background::start(background)
            .map_err(io("no thread for what runs beside the requests".to_owned()))?,
    );
    tasks.spawn(workers::upkeep(figures.clone(), stop.clone()));
    let socket = if settings.data.is_dir() {
        start::socket(&settings.data, app.clone(), stop.clone(), &mut tasks)
    } else {
        None
    };
    if let Ok(management) = TcpListener::bind(settings.management_listen).await {
        tasks.spawn(http::run::management(
            management,
            app.clone(),
            figures.clone(),
            stop.clone(),
        ));
    } else if settings.management_listen.port() != 0 {
        return Err(ServeError::Io {
            what: format!(
                "cannot listen on {} for health and metrics",
                settings.management_listen
            ),
            source: std::io::Error::from(std::io::ErrorKind::AddrInUse),
        });
    }
    match &settings.tls {
        None => {
            let listener =
                TcpListener::from_std(listener).map_err(io("cannot listen".to_owned()))?;
            tasks.spawn(http::run::plain(listener, app, stop.clone()));
        }
        Some(files) => {
            let tls = http::run::tls_config(&files.cert, &files.key)
                .await
                .map_err(io(format!(
                    "cannot use {} and {} for TLS",
                    files.cert.display(),
                    files.key.display()
                )))?;
            tasks.spawn(http::run::tls(listener, tls, app, stop.clone()));
        }
    }
    Ok(Running {
        address,
        public_url: settings.public_url,
        generated_password,
        stop,
        tasks,
        ctx,
        _socket: socket.map(Box::new),
    })
}

impl Running {
    /// What its verbs are called with.
    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.ctx
    }

    /// Has it stop as soon as it can.
    pub(crate) fn halt(&self) {
        self.stop.cancel();
    }

    /// Stops taking requests, lets those under way finish, and closes the store.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.ctx.signals.close();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            tracing::warn!("some requests did not finish in time");
            self.tasks.shutdown().await;
        }
    }

    /// Looks at everything that is due now, as the server itself does every second: for tests that moved the clock.
    ///
    /// # Errors
    /// A sentence when the store fails.
    pub async fn sweep_now(&self) -> Result<usize, String> {
        let mut looked = 0;
        loop {
            let swept = crate::domain::sweep::sweep(&self.ctx)
                .await
                .map_err(|e| e.to_string())?;
            looked += swept.looked;
            if swept.looked == 0 {
                break;
            }
        }
        pulse::census::round(&self.ctx)
            .await
            .map_err(|e| e.to_string())?;
        pulse::flush_due(&self.ctx)
            .await
            .map_err(|e| e.to_string())?;
        let mut walk = retention::Walk::default();
        loop {
            match retention::step(&self.ctx, &mut walk).await {
                Ok(retention::Step::More(_)) => {}
                Ok(retention::Step::Round(_) | retention::Step::Elsewhere) => return Ok(looked),
                Err(fault) => return Err(fault.to_string()),
            }
        }
    }
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// [`ServeError`] when it does not start.
pub async fn until_told(
    settings: Settings,
    parts: Parts,
    up: impl AsyncFnOnce(&Running),
) -> Result<(), ServeError> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|source| ServeError::Io {
        what: "cannot wait for SIGTERM".to_owned(),
        source,
    })?;
    let running = Box::pin(start(settings, parts)).await?;
    up(&running).await;
    let stop = running.stop.clone();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = stop.cancelled() => {}
    }
    tracing::info!("stopping");
    let ctx = running.ctx.clone();
    // Unless it was told to, a server stops when a later version took the store over.
    let overtaken = upgrade::enter(&ctx, &upgrade::PLAN).await;
    running.stop().await;
    match overtaken {
        Err(error @ UpgradeError::Newer { .. }) => Err(error.into()),
        _ => Ok(()),
    }
}
