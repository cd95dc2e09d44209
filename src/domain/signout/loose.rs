//! Families that an act ends although no session of it does: offline grants of sessions that were over before, a disabled
//! client's grants, what hangs on a session with more families than a commit takes.

use super::select::Selection;
use super::write::{self, Act, AppOf};
use super::{Reason, Scope};
use crate::domain::grant::{Held, TokenFamily};
use crate::domain::id::Sid;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, versioned};
use crate::domain::time::Timestamp;
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError, Range};

/// Families that an act ends though no session of it does: offline grants of earlier sessions, a disabled client's grants.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub(super) async fn loose_families(
    ctx: &Context,
    realm: &Realm,
    reason: Reason,
    at: Timestamp,
    select: &Selection,
    protected: &[Sid],
) -> Result<Vec<Versioned<TokenFamily>>, Fault> {
    let mut found = Vec::new();
    match (select, reason.scope()) {
        (Selection::Users(users), Scope::Everything) => {
            for user in users {
                found.extend(
                    write::families(ctx, realm, &key::families_by_user(realm.id, *user)).await?,
                );
            }
        }
        (Selection::Clients(clients), Scope::Everything | Scope::Client) => {
            for client in clients {
                found.extend(
                    write::families(ctx, realm, &key::families_by_client(realm.id, *client))
                        .await?,
                );
            }
        }
        (Selection::Access(user, client), _) => {
            found = write::families(ctx, realm, &key::families_by_user(realm.id, *user)).await?;
            found.retain(|f| f.value.grant.client == *client);
        }
        _ => {}
    }
    found.retain(|f| f.value.started_at <= at && !protected.contains(&f.value.grant.sid));
    Ok(found)
}

/// Adds the end of such a family to a batch, with its app's row.
///
/// # Errors
/// [`Fault`] when the client cannot be read.
pub(super) async fn loose_family(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    read: Versioned<TokenFamily>,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let grant = read.value.grant.clone();
    let held = loose_held(act.reason, &read.value);
    write::family(realm, act, read, batch)?;
    let of = AppOf {
        client: grant.client,
        client_id: &grant.client_id,
        name: &grant.client_name,
    };
    write::app(ctx, realm, act, of, grant.sid, grant.user, held, batch).await
}

/// What it means for the tokens of such a family that it ends: of a disabled client's, the sessions go on.
pub(super) fn loose_held(reason: Reason, family: &TokenFamily) -> Held {
    if reason.scope() == Scope::Client {
        family.held_alone()
    } else {
        family.held
    }
}

/// Ends those of the families that an index still lists which are meant, a batch at a time.
pub(super) async fn drain(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    range: &Range,
    means: impl Fn(&TokenFamily) -> bool,
) -> Result<(), Fault> {
    for _ in 0..10_000 {
        let mut found = write::families(ctx, realm, range).await?;
        found.retain(|f| f.value.started_at <= act.at && means(&f.value));
        if found.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::essential();
        for read in found.into_iter().take(100) {
            loose_family(ctx, realm, act, read, &mut batch).await?;
        }
        match ctx.commit(batch).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

/// Ends the families that did not fit into the commit which ended their session. The apps' rows and deliveries were
/// written there.
///
/// # Errors
/// [`Fault`] when the store fails; safe to run again.
pub(super) async fn drain_session(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    sid: Sid,
) -> Result<(), Fault> {
    let range = key::families_by_session(realm.id, sid);
    for _ in 0..10_000 {
        let mut found = write::families(ctx, realm, &range).await?;
        found.retain(|f| act.reason.scope() == Scope::Everything || !f.value.offline);
        if found.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::essential();
        for read in found.into_iter().take(100) {
            write::family(realm, act, read, &mut batch)?;
        }
        match ctx.commit(batch).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

/// Ends every family of a realm that its sessions did not take along: what an epoch denies already, marked and shown.
///
/// # Errors
/// [`Fault`] when the store fails; safe to run again.
pub(super) async fn drain_realm(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    protected: &[Sid],
) -> Result<(), Fault> {
    let range = key::families(realm.id);
    let mut walk = Walk::records(ctx, range).by(100);
    while let Some(page) = walk.next().await? {
        let keys: Vec<_> = page.iter().map(|r| r.key.clone()).collect();
        let mut found = Vec::new();
        for record in page {
            found.extend(versioned::<TokenFamily>(Some(record), "token family")?);
        }
        for _ in 0..TRIES {
            let mut batch = Batch::essential();
            for read in found {
                let family = &read.value;
                if family.ended.is_none()
                    && family.started_at <= act.at
                    && !protected.contains(&family.grant.sid)
                {
                    loose_family(ctx, realm, act, read, &mut batch).await?;
                }
            }
            if batch.is_empty() {
                break;
            }
            match ctx.commit(batch).await {
                Ok(_) => break,
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            found = Vec::new();
            for record in ctx.store.get_many(&keys).await? {
                found.extend(versioned::<TokenFamily>(record, "token family")?);
            }
        }
    }
    Ok(())
}
