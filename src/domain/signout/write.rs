//! What ending means, as writes: every session and family that ends anywhere ends by these two functions.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Reason, Scope, SignOut};
use crate::domain::client::{self, Client, RevocationCheck};
use crate::domain::grant::{Held, TokenFamily};
use crate::domain::id::{ClientId, FamilyId, Sid, SignOutId, UserId};
use crate::domain::outbox::delivery::{How, To};
use crate::domain::outbox::{self, Channel, Delivery, DeliveryState};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, encode, versioned};
use crate::domain::session::{Ended, Session, index_keys};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, key, ssf, status};
use crate::store::{Batch, Dir, KeysOrRecords, Range};

/// The act that the writes belong to.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// Its id.
    pub id: SignOutId,
    /// Why.
    pub reason: Reason,
    /// The cut.
    pub at: Timestamp,
    /// Whether everything of its people ends, but of this one when it is somebody.
    whole: Option<Option<UserId>>,
    /// Whether it is too large to look at each of its deliveries.
    pub large: bool,
}

impl Act {
    /// The act of a record.
    pub fn of(record: &SignOut) -> Act {
        // The asker keeps a session: it is not everything of theirs that ends.
        let but = (!record.protected.is_empty()).then(|| record.actor.id.parse().ok());
        Act {
            id: record.id,
            reason: record.reason,
            at: record.at,
            whole: record.whole.then_some(but.flatten()),
            large: record.large,
        }
    }

    /// Whether everything of this person ends.
    pub fn is_whole(&self, user: UserId) -> bool {
        self.whole.is_some_and(|but| but != Some(user))
    }

    /// What an ended record says of it.
    pub fn ended(&self) -> Ended {
        Ended {
            at: self.at,
            reason: self.reason,
            sign_out: self.id,
        }
    }
}

/// What an act did with one session: a row of the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Whose it was.
    pub user: UserId,
    /// How many families went with it.
    pub families: u32,
    /// How many of those were offline.
    pub offline: u32,
}

/// What was added to a batch.
pub struct Wrote {
    /// The session's row on the receipt.
    pub row: SessionRow,
    /// Whether more families hang on the session than fit; they are to be drained after the commit.
    pub more: bool,
}

/// The most families written in the batch that ends their session; offline families, which a session's
/// end alone does not deny, go first.
const FAMILIES_AT_ONCE: usize = 50;

/// Adds the end of a session to a batch: the record, its indexes, its families, one row and one delivery per app.
///
/// # Errors
/// [`Fault`] when what hangs on the session cannot be read.
pub async fn session(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    read: Versioned<Session>,
    batch: &mut Batch,
) -> Result<Wrote, Fault> {
    let Versioned {
        value: mut session,
        version,
    } = read;
    let mut families =
        families(ctx, realm, &key::families_by_session(realm.id, session.sid)).await?;
    let parts: Vec<ClientId> = session
        .clients
        .iter()
        .map(|part| part.client)
        .chain(families.iter().map(|f| f.value.grant.client))
        .collect();
    families.retain(|f| act.reason.scope() == Scope::Everything || !f.value.offline);
    families.sort_by_key(|f| !f.value.offline);
    let more = families.len() > FAMILIES_AT_ONCE;
    session.end(act.ended());
    for index in index_keys(realm.id, &session) {
        batch.del(index);
    }
    batch.put(
        key::session_ended(realm.id, act.at, session.sid),
        Vec::new(),
    );
    batch.put(
        key::session_ended_by_user(realm.id, session.user, act.at, session.sid),
        Vec::new(),
    );
    batch.replace(
        key::session(realm.id, session.sid),
        version,
        encode(&session)?,
    );
    let mut bounds: HashMap<ClientId, Held> = HashMap::new();
    let mut last_token = Timestamp::default();
    let mut row = SessionRow {
        user: session.user,
        families: 0,
        offline: 0,
    };
    // The receipt speaks of all of them, also of those that are ended after this commit.
    for read in &families {
        let bound = bounds.entry(read.value.grant.client).or_default();
        *bound = bound.max(read.value.held);
        last_token = last_token.max(read.value.held.listed);
        row.families += 1;
        row.offline += u32::from(read.value.offline);
    }
    for read in families.into_iter().take(FAMILIES_AT_ONCE) {
        family(realm, act, read, batch)?;
    }
    for part in &session.clients {
        let bound = bounds.get(&part.client).copied().unwrap_or_default();
        let of = AppOf {
            client: part.client,
            client_id: &part.client_id,
            name: &part.name,
        };
        app(ctx, realm, act, of, session.sid, session.user, bound, batch).await?;
    }
    ssf::session_ended(ctx, realm, act, &session, &parts, batch).await?;
    if let Some(index) = session.status {
        status::mark(realm, index, act.at, last_token, batch);
    }
    batch.put(
        key::sign_out_session(realm.id, act.id, session.sid),
        encode(&row)?,
    );
    Ok(Wrote { row, more })
}

/// Adds the end of a family to a batch.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn family(
    realm: &Realm,
    act: Act,
    read: Versioned<TokenFamily>,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let Versioned {
        value: mut family,
        version,
    } = read;
    let (sid, user, client) = (family.grant.sid, family.grant.user, family.grant.client);
    family.ended = Some(act.ended());
    batch.replace(key::family(realm.id, family.id), version, encode(&family)?);
    batch.del(key::family_by_session(realm.id, sid, family.id));
    batch.del(key::family_by_user(realm.id, user, family.id));
    batch.del(key::family_by_client(realm.id, client, family.id));
    if let Some(index) = family.own_status() {
        status::mark(realm, index, act.at, family.held.listed, batch);
    }
    Ok(())
}

/// Until when an API may still take a token that it holds, after a cut at this moment: as long as it can check the token
/// by itself, and no longer than what it checks beyond the token allows.
pub fn bound(realm: &Realm, client: Option<&Client>, held: Held, cut: Timestamp) -> Timestamp {
    let ttl = realm.settings.tokens.status_list_ttl;
    let check = client.map_or(RevocationCheck::None, |c| {
        c.settings.access_token_revocation_check
    });
    match check {
        RevocationCheck::StatusList if !ttl.is_zero() => {
            let shown = cut.plus(ttl).plus(status::LEEWAY);
            held.unlisted.max(held.listed.min(shown))
        }
        RevocationCheck::None | RevocationCheck::StatusList => held.unlisted.max(held.listed),
        RevocationCheck::Introspection => Timestamp::default(),
    }
}

/// The app a row is about.
pub struct AppOf<'a> {
    /// Its record.
    pub client: ClientId,
    /// Its public id.
    pub client_id: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// Adds what an act means for one app: a delivery for each of its channels, or one that says that it has none.
///
/// # Errors
/// [`Fault`] when the client cannot be read.
#[expect(
    clippy::too_many_arguments,
    reason = "who, what, for whom and where to: all of them differ"
)]
pub async fn app(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    of: AppOf<'_>,
    sid: Sid,
    user: UserId,
    held: Held,
    batch: &mut Batch,
) -> Result<(), Fault> {
    if of.client_id == client::CONSOLE {
        return Ok(());
    }
    let client = client::by_id(ctx, realm, of.client).await?;
    let channels = client
        .as_ref()
        .map(|c| Channel::of(&c.settings, act.reason, act.is_whole(user)))
        .unwrap_or_default();
    // Whoever is being deleted has no record by the time it is told.
    let gone = act.reason == Reason::ClientDisabled;
    let mut delivery = Delivery {
        client_id: of.client_id.to_owned(),
        name: client.as_ref().map_or(of.name, |c| c.name()).to_owned(),
        user,
        sid,
        channel: Channel::None,
        bound_until: bound(realm, client.as_deref(), held, act.at),
        state: DeliveryState::NoChannel,
        created_at: act.at,
        attempts: 0,
        tries: Vec::new(),
        next_at: None,
        settled_at: None,
        uri: client
            .filter(|_| gone)
            .and_then(|c| c.settings.backchannel_logout_uri.clone()),
    };
    let how = How {
        whole: act.is_whole(user),
        large: act.large,
    };
    if channels.is_empty() {
        let to = To::client(of.client, &delivery);
        outbox::delivery::enqueue(ctx, realm, act.id, &to, how, batch)?;
    }
    for channel in channels {
        delivery.channel = channel;
        delivery.state = DeliveryState::Pending;
        let to = To::client(of.client, &delivery);
        outbox::delivery::enqueue(ctx, realm, act.id, &to, how, batch)?;
    }
    Ok(())
}

/// The families an index names that are not over.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn families(
    ctx: &Context,
    realm: &Realm,
    range: &Range,
) -> Result<Vec<Versioned<TokenFamily>>, Fault> {
    let page = ctx
        .store
        .scan(range, None, 1000, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    let keys: Vec<_> = page
        .records
        .iter()
        .filter_map(|r| key::tail(&r.key))
        .filter_map(|t| FamilyId::from_bytes(&t))
        .map(|id| key::family(realm.id, id))
        .collect();
    let mut found = Vec::with_capacity(keys.len());
    for record in ctx.store.get_many(&keys).await? {
        if let Some(read) = versioned::<TokenFamily>(record, "token family")?
            && read.value.ended.is_none()
        {
            found.push(read);
        }
    }
    Ok(found)
}
