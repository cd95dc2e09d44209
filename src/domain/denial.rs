//! The only judge: is this session, family or token still good, and if not, why.
//!
//! Every endpoint asks here and nothing else decides. The answers are read live; of what is read here only realms and
//! clients come from a cache, and what ends them is an epoch, which is not cached.

mod credentials;
mod facts;

pub use credentials::still_count;

use bytes::Bytes;

use self::facts::{Epochs, Facts, epoch, last_seen, take};

use super::client::Client;
use super::grant::{TokenFamily, code};
use super::id::{FamilyId, Sid};
use super::realm::Realm;
use super::record::{Versioned, versioned};
use super::session::{Ended, Limits, Seen, Session};
use super::time::Timestamp;
use super::token::AccessClaims;
use super::{Context, Fault, key};
use crate::crypto;
use crate::store::Version;

/// Why something is not good any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no such thing in this realm.
    Unknown,
    /// It ended, by an act that has a receipt.
    Ended(Ended),
    /// It was unused for too long; the sweep will end it.
    Idle,
    /// It reached its longest life; the sweep will end it.
    Expired,
    /// This one token was revoked.
    Revoked,
    /// The realm is disabled.
    RealmDisabled,
    /// The client is gone or disabled.
    ClientDisabled,
}

impl Denied {
    /// The act that ended it, when there was one.
    pub fn ended(&self) -> Option<Ended> {
        match self {
            Denied::Ended(ended) => Some(*ended),
            _ => None,
        }
    }
}

/// A session that was good when it was judged. Only the judge makes one.
#[derive(Clone, Debug)]
pub struct ActiveSession {
    /// The session.
    pub session: Session,
    /// The version it was judged at: whoever writes on its strength guards with it.
    pub version: Version,
    /// When it was last used.
    pub last_active: Timestamp,
    /// From which address.
    pub last_ip: String,
    /// On which node.
    pub last_node: String,
    /// The other place that was last put on record.
    pub elsewhere: Option<String>,
    /// How long it may still live.
    pub limits: Limits,
    _judged: Judged,
}

/// A family that was good when it was judged. Only the judge makes one.
#[derive(Clone, Debug)]
pub struct ActiveFamily {
    /// The family.
    pub family: TokenFamily,
    /// The version it was judged at.
    pub version: Version,
    /// Its session, when the family depends on it.
    pub session: Option<ActiveSession>,
    _judged: Judged,
}

#[derive(Clone, Copy, Debug)]
struct Judged(());

/// What the judge says.
pub type Verdict<T> = Result<T, Denied>;

/// Judges a session by its id.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn session(
    ctx: &Context,
    realm: &Realm,
    sid: Sid,
) -> Result<Verdict<ActiveSession>, Fault> {
    let read = ctx
        .store
        .get_many(&[
            key::session(realm.id, sid),
            key::seen(realm.id, sid),
            key::realm_epoch(realm.id),
        ])
        .await?;
    let [session, seen, realm_epoch] = take(read)?;
    let Some(session) = versioned::<Session>(session, "session")? else {
        return Ok(Err(Denied::Unknown));
    };
    let user_epoch = ctx
        .store
        .get(&key::user_epoch(realm.id, session.value.user))
        .await?;
    let epochs = Epochs {
        realm: epoch(realm_epoch)?,
        user: epoch(user_epoch)?,
        client: None,
    };
    judge_session(realm, session, last_seen(seen)?, &epochs, ctx.now())
}

/// Judges many sessions of a page at once, in order.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn sessions(
    ctx: &Context,
    realm: &Realm,
    sids: &[Sid],
) -> Result<Vec<(Option<Versioned<Session>>, Verdict<ActiveSession>)>, Fault> {
    let mut keys = vec![key::realm_epoch(realm.id)];
    for sid in sids {
        keys.push(key::session(realm.id, *sid));
        keys.push(key::seen(realm.id, *sid));
    }
    let mut read = ctx.store.get_many(&keys).await?.into_iter();
    let realm_epoch = epoch(read.next().flatten())?;
    let mut found = Vec::with_capacity(sids.len());
    while let (Some(session), Some(seen)) = (read.next(), read.next()) {
        found.push((versioned::<Session>(session, "session")?, last_seen(seen)?));
    }
    let epoch_keys: Vec<Bytes> = found
        .iter()
        .map(|(s, _)| {
            s.as_ref()
                .map_or_else(Bytes::new, |s| key::user_epoch(realm.id, s.value.user))
        })
        .map(|k| {
            if k.is_empty() {
                key::realm_epoch(realm.id)
            } else {
                k
            }
        })
        .collect();
    let user_epochs = ctx.store.get_many(&epoch_keys).await?;
    let now = ctx.now();
    let mut judged = Vec::with_capacity(found.len());
    for ((session, seen), user_epoch) in found.into_iter().zip(user_epochs) {
        let Some(session) = session else {
            judged.push((None, Err(Denied::Unknown)));
            continue;
        };
        let epochs = Epochs {
            realm: realm_epoch.clone(),
            user: epoch(user_epoch)?,
            client: None,
        };
        let verdict = judge_session(realm, session.clone(), seen, &epochs, now)?;
        judged.push((Some(session), verdict));
    }
    Ok(judged)
}

/// Judges a family for its client.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn family(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    id: FamilyId,
) -> Result<Verdict<ActiveFamily>, Fault> {
    let Some(family) = versioned::<TokenFamily>(
        ctx.store.get(&key::family(realm.id, id)).await?,
        "token family",
    )?
    else {
        return Ok(Err(Denied::Unknown));
    };
    let grant = &family.value.grant;
    if grant.client != client.id {
        return Ok(Err(Denied::Unknown));
    }
    let facts = Facts::read(ctx, realm, grant.sid, grant.user, client.id).await?;
    facts.judge_family(realm, Some(client), family, ctx.now())
}

/// Judges an access token whose signature and expiry were already checked; answers the family it hangs on, which a client's
/// own token does not have.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn access(
    ctx: &Context,
    realm: &Realm,
    claims: &AccessClaims,
) -> Result<Verdict<Option<ActiveFamily>>, Fault> {
    let Some(client) = super::client::find(ctx, realm, &claims.client_id).await? else {
        return Ok(Err(Denied::ClientDisabled));
    };
    let now = ctx.now();
    // A lifetime that became shorter applies to tokens that exist, wherever somebody asks.
    let lifetime = realm.settings.tokens.access_token_lifetime;
    if now >= Timestamp(claims.iat.saturating_mul(1000)).plus(lifetime) {
        return Ok(Err(Denied::Expired));
    }
    let revoked = key::revoked_token(realm.id, &crypto::sha256(claims.jti.as_bytes()));
    match (claims.sid, claims.user(), claims.family) {
        (Some(sid), Some(user), Some(id)) => {
            let (family, revoked, facts) =
                Facts::read_all(ctx, realm, sid, user, client.id, id, revoked).await?;
            if revoked {
                return Ok(Err(Denied::Revoked));
            }
            let Some(family) = family else {
                return Ok(Err(Denied::Unknown));
            };
            Ok(facts
                .judge_family(realm, Some(&client), family, now)?
                .map(Some))
        }
        _ => {
            let keys = [
                key::realm_epoch(realm.id),
                key::client_epoch(realm.id, client.id),
                revoked,
            ];
            let [of_realm, of_client, revoked] = take(ctx.store.get_many(&keys).await?)?;
            if revoked.is_some() {
                return Ok(Err(Denied::Revoked));
            }
            let epochs = Epochs {
                realm: epoch(of_realm)?,
                user: None,
                client: epoch(of_client)?,
            };
            Ok(judge_client(
                realm,
                &client,
                &epochs,
                Timestamp(claims.iat.saturating_mul(1000)),
            )
            .map(|()| None))
        }
    }
}

impl Facts {
    fn judge_family(
        self,
        realm: &Realm,
        client: Option<&Client>,
        family: Versioned<TokenFamily>,
        now: Timestamp,
    ) -> Result<Verdict<ActiveFamily>, Fault> {
        let Versioned {
            value: family,
            version,
        } = family;
        // First of all by which act it ended: that act's receipt shows the refusal.
        if let Some(ended) = family.ended {
            return Ok(Err(Denied::Ended(ended)));
        }
        let sid = family.grant.sid;
        for epoch in [&self.epochs.realm, &self.epochs.user, &self.epochs.client]
            .into_iter()
            .flatten()
        {
            if epoch.ends_family(sid, family.started_at, family.offline) {
                return Ok(Err(Denied::Ended(epoch.ended())));
            }
        }
        if !realm.settings.enabled {
            return Ok(Err(Denied::RealmDisabled));
        }
        if !client.is_some_and(|c| c.settings.enabled) {
            return Ok(Err(Denied::ClientDisabled));
        }
        if lies_idle(realm, &family, now) {
            return Ok(Err(Denied::Idle));
        }
        let session = if family.offline {
            None
        } else {
            let Some(session) = self.session else {
                return Ok(Err(Denied::Unknown));
            };
            match judge_session(realm, session, self.seen, &self.epochs, now)? {
                Ok(active) => Some(active),
                Err(denied) => return Ok(Err(denied)),
            }
        };
        Ok(Ok(ActiveFamily {
            family,
            version,
            session,
            _judged: Judged(()),
        }))
    }
}

fn judge_client(
    realm: &Realm,
    client: &Client,
    epochs: &Epochs,
    issued_at: Timestamp,
) -> Verdict<()> {
    // `iat` has whole seconds; a cut within that second ends what was issued in it.
    for epoch in [&epochs.realm, &epochs.client].into_iter().flatten() {
        let spared = epoch.except_client.as_deref() == Some(client.client_id());
        if !spared && issued_at.secs() <= epoch.at.secs() {
            return Err(Denied::Ended(epoch.ended()));
        }
    }
    if !realm.settings.enabled {
        return Err(Denied::RealmDisabled);
    }
    if !client.settings.enabled {
        return Err(Denied::ClientDisabled);
    }
    Ok(())
}

/// Whether a session with these limits has run out. By themselves: an act may have ended it before.
pub fn ran_out(limits: &Limits, now: Timestamp) -> Option<Denied> {
    if now >= limits.expires_at {
        Some(Denied::Expired)
    } else if now >= limits.idle_at {
        Some(Denied::Idle)
    } else {
        None
    }
}

/// Whether a grant was unused for too long under the policy of this realm. By itself: an act may have ended it before.
pub fn lies_idle(realm: &Realm, family: &TokenFamily, now: Timestamp) -> bool {
    family.refreshable && now >= code::idle_at(realm, family)
}

fn judge_session(
    realm: &Realm,
    session: Versioned<Session>,
    seen: Option<Seen>,
    epochs: &Epochs,
    now: Timestamp,
) -> Result<Verdict<ActiveSession>, Fault> {
    let Versioned {
        value: session,
        version,
    } = session;
    if let Some(ended) = session.ended {
        return Ok(Err(Denied::Ended(ended)));
    }
    for epoch in [&epochs.realm, &epochs.user].into_iter().flatten() {
        if epoch.ends_session(session.sid, session.started_at) {
            return Ok(Err(Denied::Ended(epoch.ended())));
        }
    }
    if !realm.settings.enabled {
        return Ok(Err(Denied::RealmDisabled));
    }
    let (at, ip, node) = (session.started_at, session.ip.clone(), session.node.clone());
    let (last_active, last_ip, last_node, elsewhere) = match seen {
        Some(seen) => (seen.at.max(at), seen.ip, seen.node, seen.elsewhere),
        None => (at, ip, node, None),
    };
    let limits = session.limits(&realm.settings.sessions, last_active);
    if let Some(over) = ran_out(&limits, now) {
        return Ok(Err(over));
    }
    Ok(Ok(ActiveSession {
        session,
        version,
        last_active,
        last_ip,
        last_node,
        elsewhere,
        limits,
        _judged: Judged(()),
    }))
}
