//! How a grant becomes a token family: the one way, for authorization codes and for the codes of devices. Whoever redeems
//! one marks it used in the commit that this adds to.

use super::{Grant, TokenFamily, code, consent};
use crate::crypto;
use crate::domain::client::Client;
use crate::domain::denial::{self, ActiveSession, Denied};
use crate::domain::realm::Realm;
use crate::domain::record::encode;
use crate::domain::session::ClientSession;
use crate::domain::signout::Epoch;
use crate::domain::status;
use crate::domain::time::Timestamp;
use crate::domain::user;
use crate::domain::{Context, Fault, key};
use crate::store::Batch;

/// What a person gave, on its way to a client.
pub struct Given<'a> {
    /// What it is.
    pub grant: &'a Grant,
    /// Since when it stands.
    pub at: Timestamp,
    /// What cut through its client, read no earlier than the code.
    pub cut: Option<Epoch>,
}

/// Why a grant becomes nothing, although the code that stands for it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lapsed {
    /// The session it hangs on is over.
    #[error("Session not active")]
    SessionEnded(Denied),
    /// The user is blocked from signing in.
    #[error("the user is blocked from signing in")]
    Blocked,
    /// What the user allowed was taken back since.
    #[error("the application's access was removed")]
    AccessRemoved,
}

/// Decides whether a grant still becomes something, and adds to `batch` all that its family writes: the family, the
/// client's part in the session, and guards against whatever ends any of it at this moment. `now` was taken before the
/// code was read.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn family(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    given: &Given<'_>,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<Result<TokenFamily, Lapsed>, Fault> {
    let grant = given.grant;
    // A client that was disabled meanwhile lost this grant too, although it is no family yet.
    if let Some(cut) = &given.cut
        && cut.ends_session(grant.sid, given.at)
    {
        return Ok(Err(Lapsed::SessionEnded(Denied::Ended(cut.ended()))));
    }
    let active = match denial::session(ctx, realm, grant.sid).await? {
        Ok(active) => active,
        Err(denied) => return Ok(Err(Lapsed::SessionEnded(denied))),
    };
    // Whoever is blocked gets no new grant, from no session; a block at this very moment fails the commit.
    if let Some(user) = user::by_id(ctx, realm, grant.user).await? {
        if user.value.blocked(now).is_some() {
            return Ok(Err(Lapsed::Blocked));
        }
        batch.check(key::user(realm.id, user.value.id), user.version);
        // Read after the user, whose record is written by whoever takes it back.
        let consent = consent::find(ctx, realm, client.id, user.value.id).await?;
        let cut = consent.and_then(|consent| consent.cut);
        if cut.is_some_and(|cut| given.at <= cut) {
            return Ok(Err(Lapsed::AccessRemoved));
        }
    }
    let status = if code::outlives(client, grant) {
        status::take(ctx, realm).await?
    } else {
        active.session.status
    };
    let family = code::family_of(ctx, realm, client, (grant, status), now);
    code::rows(realm, &family, batch)?;
    takes_part(realm, grant, active, now, batch)?;
    Ok(Ok(family))
}

/// Records the client's part in the session. The session is written, not only checked: whoever ends it at this moment
/// either sees the family or conflicts.
fn takes_part(
    realm: &Realm,
    grant: &Grant,
    active: ActiveSession,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let mut session = active.session;
    match session
        .clients
        .iter_mut()
        .find(|c| c.client == grant.client)
    {
        Some(part) => part.last_active_at = now,
        None => {
            session.clients.push(ClientSession {
                client: grant.client,
                client_id: grant.client_id.clone(),
                name: grant.client_name.clone(),
                started_at: now,
                last_active_at: now,
            });
            batch.put(
                key::session_by_client(realm.id, grant.client, grant.sid),
                Vec::new(),
            );
        }
    }
    batch.replace(
        key::session(realm.id, grant.sid),
        active.version,
        encode(&session)?,
    );
    Ok(())
}

/// Whether a verifier fits a challenge (RFC 7636 §4.6): both, or neither.
pub(super) fn proves(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => crypto::same(
            crypto::b64(&crypto::sha256(verifier.as_bytes())).as_bytes(),
            challenge.as_bytes(),
        ),
        (None, Some(_)) | (Some(_), None) => false,
    }
}
