//! The door for one family: a code used twice, a refresh token used twice, a refresh token given back.

use super::write::{self, Act, AppOf};
use super::{Reason, SignOut, State};
use crate::domain::grant::TokenFamily;
use crate::domain::id::{FamilyId, SignOutId};
use crate::domain::realm::Realm;
use crate::domain::record::{encode_json, versioned};
use crate::domain::{Actor, Context, Fault, TRIES, audit, key};
use crate::store::{Batch, CommitError};

/// Ends a family: its refresh tokens and its access tokens. The session stays. `None` when it was over before.
///
/// # Errors
/// [`Fault`] when it could not be done.
pub async fn end(
    ctx: &Context,
    realm: &Realm,
    id: FamilyId,
    reason: Reason,
    actor: Actor,
) -> Result<Option<SignOut>, Fault> {
    for _ in 0..TRIES {
        let stored = ctx.store.get(&key::family(realm.id, id)).await?;
        let Some(read) = versioned::<TokenFamily>(stored, "token family")? else {
            return Ok(None);
        };
        if read.value.ended.is_some() {
            return Ok(None);
        }
        let grant = read.value.grant.clone();
        let mut record = SignOut {
            id: SignOutId(ctx.new_id()),
            reason,
            actor: actor.clone(),
            at: ctx.now(),
            why: None,
            note: None,
            message: None,
            selection: format!("the grant of {} to {}", grant.username, grant.client_id),
            state: State::Settled,
            whole: false,
            large: false,
            sessions: 0,
            people: 1,
            families: 1,
            offline: u64::from(read.value.offline),
            total: Some(0),
            protected: Vec::new(),
            not_found: Vec::new(),
            already_ended: Vec::new(),
            block: None,
            took: None,
        };
        let act = Act::of(&record);
        let mut batch = Batch::essential();
        let held = read.value.held_alone();
        write::family(realm, act, read, &mut batch)?;
        let of = AppOf {
            client: grant.client,
            client_id: &grant.client_id,
            name: &grant.client_name,
        };
        write::app(ctx, realm, act, of, grant.sid, grant.user, held, &mut batch).await?;
        if batch.puts(key::QUEUED).next().is_some() {
            record.state = State::Delivering;
        }
        batch.create(key::sign_out(realm.id, act.id), encode_json(&record)?);
        let entry = audit::Entry {
            actor: &actor,
            action: "grant.revoke",
            target_kind: "sign_out",
            target: record.id.to_string(),
            detail: Some(format!(
                "{}: a grant of user {} at {}",
                reason.text(),
                grant.user,
                grant.client_id
            )),
        };
        audit::record(&mut batch, ctx, realm.id, &entry)?;
        match ctx.commit(batch).await {
            Ok(_) => return Ok(Some(record)),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}
