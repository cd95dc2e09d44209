//! What is built before anything listens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ServeError;
use super::socket::Socket;
use crate::config::{RealmFile, Settings, load_all};
use crate::crypto::vault::Origin;
use crate::crypto::{PasswordCost, Passwords, Vault, VaultError};
use crate::deliver::{Outbound, Rules};
use crate::domain::entropy::{Entropy, OsEntropy};
use crate::domain::realm::Catalog;
use crate::domain::realm::apply::{self, Applied, ApplyError};
use crate::domain::signout::expand::Door;
use crate::domain::ssf::Signals;
use crate::domain::status::Lists;
use crate::domain::time::Clock;
use crate::domain::{Context, Fault, TRIES, keys, sealing};
use crate::http;
use crate::http::state::App;
use crate::store::snapshot::fill;
use crate::store::{self, StoreKind};

/// Passwords waiting for a hashing thread; more are told to come back.
const WAITING: usize = 64;

/// Opens the store and the keys.
///
/// # Errors
/// [`ServeError`] when either does not open, or the certificate authorities for what is sent do not read.
pub(crate) fn context(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    cheap: bool,
) -> Result<Context, ServeError> {
    let kind = settings
        .store
        .parse::<StoreKind>()?
        .watching(super::follow::WATCHED);
    let store = store::open(&kind, &settings.data)?;
    let vault = if is_to_be_made(settings)? {
        // [`admit`] makes the lasting one, unless this turns out to be a store that had one. What a store in memory seals
        // does not outlive it, and neither need the key.
        let mut key = [0; 32];
        OsEntropy.fill(&mut key);
        Vault::from_key(key)
    } else {
        settings.master_key.vault()?
    };
    let cost = if cheap {
        PasswordCost::test()
    } else {
        PasswordCost::default()
    };
    Ok(Context {
        store,
        clock,
        entropy: Arc::new(OsEntropy),
        vault,
        passwords: Passwords::new(cost, settings.hash_threads, WAITING),
        public_url: settings.public_url.clone(),
        node: settings.node.clone(),
        catalog: Catalog::default(),
        keys: keys::KeyRing::default(),
        ids: crate::domain::id::Ids::default(),
        door: Door::default(),
        signals: Signals::default(),
        bell: crate::domain::outbox::Bell::new(holder()),
        wire: Arc::new(Outbound::new(Rules::new(
            &settings.outbound_allow,
            settings.outbound_ca.as_deref(),
            &settings.public_url,
        ))?),
        proofs: crate::domain::proof::Proofs::default(),
        pulse: crate::domain::pulse::Pulse::default(),
        turns: crate::domain::session::Turns::default(),
        status: Lists::default(),
        imports: tokio::sync::Notify::new(),
        throttle: crate::domain::user::throttle::Throttle::default(),
    })
}

/// Listens in the data folder for commands on this machine. Not being able to is no reason not to serve: they say so then.
pub(super) fn socket(
    data: &Path,
    app: App,
    stop: CancellationToken,
    tasks: &mut JoinSet<()>,
) -> Option<Socket> {
    match Socket::listen(data) {
        Ok((listener, socket)) => {
            tasks.spawn(http::run::local(listener, app, stop));
            Some(socket)
        }
        Err(error) => {
            tracing::warn!(%error, "no socket in the data folder: `realmkeep backup` and `doctor` need --server");
            None
        }
    }
}

/// Whether nobody gave a key and there is none in the data folder.
fn is_to_be_made(settings: &Settings) -> Result<bool, ServeError> {
    let Origin::Folder(_) = settings.master_key.origin else {
        return Ok(false);
    };
    Ok(settings.store.parse::<StoreKind>()? == StoreKind::Memory
        || settings
            .master_key
            .file()
            .is_some_and(|file| !file.exists()))
}

/// Compares the master keys of this process with those of its store, and has the right one seal.
///
/// # Errors
/// [`ServeError`] when they are not the store's.
pub(crate) async fn admit(ctx: &Context, settings: &Settings) -> Result<(), ServeError> {
    // What was restored half says nothing of its keys yet; nobody is served from it.
    if fill::unfinished(&*ctx.store).await.map_err(Fault::from)? {
        return Ok(());
    }
    if let Origin::Folder(_) = settings.master_key.origin
        && settings.store.parse::<StoreKind>()? != StoreKind::Memory
    {
        // In this order: whoever makes a new store in the same folder at this moment makes the file first.
        let had_one = sealing::masters(&*ctx.store).await?.is_some();
        if had_one && is_to_be_made(settings)? {
            let path = settings.master_key.file().unwrap_or_default();
            return Err(VaultError::Missing { path }.into());
        }
        // Made if it is not there, by whoever is first.
        ctx.vault.learn(&settings.master_key.read()?);
    }
    let current = sealing::admit(ctx, &ctx.vault.known()).await?;
    if !ctx.vault.seal_with(current) {
        // Admitted with a proof that it has this key.
        return Err(Fault::Record("master keys").into());
    }
    Ok(())
}

/// An id of this process among those that may share its store.
fn holder() -> uuid::Uuid {
    let mut random = [0; 16];
    OsEntropy.fill(&mut random);
    uuid::Builder::from_random_bytes(random).into_uuid()
}

/// Sees to the realm `master` and applies the realm files. Answers the first administrator's password when it was made
/// up just now.
///
/// # Errors
/// [`ServeError`] when a file does not read or is not taken.
pub(super) async fn realms(
    ctx: &Context,
    settings: &Settings,
    more: Vec<RealmFile>,
) -> Result<(Option<String>, Named), ServeError> {
    let mut files = if settings.realms.exists() {
        load_all(&settings.realms).map_err(ServeError::Realms)?
    } else {
        Vec::new()
    };
    for file in more {
        if !files.iter().any(|f| f.realm == file.realm) {
            files.push(file);
        }
    }
    let refused = |realm: &str| {
        let realm = realm.to_owned();
        move |source| ServeError::Apply { realm, source }
    };
    let generated = apply::bootstrap(ctx, settings.admin_password.clone())
        .await
        .map_err(refused("master"))?;
    let clients = |file: &RealmFile| file.clients.iter().map(|c| c.client_id.clone()).collect();
    let named = files.iter().map(|file| (file.realm.clone(), clients(file)));
    let named: Named = named.collect();
    for file in files {
        let applied = applied(ctx, &file).await.map_err(refused(&file.realm))?;
        tracing::info!(
            realm = file.realm,
            created = applied.created,
            updated = applied.updated,
            unchanged = applied.unchanged,
            "realm file applied"
        );
    }
    Ok((generated, named))
}

/// The realms that files name, with their clients: the console says so where they are changed.
type Named = BTreeMap<String, BTreeSet<String>>;

/// Applies a file. Nodes that start together apply theirs together: whoever was outrun looks again and finds it done.
async fn applied(ctx: &Context, file: &RealmFile) -> Result<Applied, ApplyError> {
    let mut tries = if ctx.store.clock().is_some() {
        TRIES
    } else {
        1
    };
    loop {
        tries -= 1;
        let RealmFile {
            realm,
            settings,
            clients,
            users,
            ..
        } = file.clone();
        match apply::apply(ctx, &realm, settings, clients, users).await {
            Err(error) if tries > 0 && !matches!(error, ApplyError::Invalid(_)) => {
                tracing::debug!(%error, realm, "a realm file is applied again");
                tokio::time::sleep(AGAIN).await;
            }
            done => return done,
        }
    }
}

/// A pause before a realm file is applied again.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(100);
