//! How an administrator's change of a realm, client or user is committed: as it is, or through the door when something
//! ends with it, and then in the door's own commit.

use serde::Serialize;

use super::realm::Realm;
use super::signout::{self, EndError, Request, SignOut};
use super::{Context, Fault};
use crate::store::{Batch, CommitError};

/// A guard of the change failed, nothing was written: read again and decide again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) struct Outrun;

/// Commits `batch`. With `ends`, the door commits it together with everything that ends; the answer is then the act.
///
/// # Errors
/// [`Fault`] when it could not be decided; a failed guard is the inner error.
pub(in crate::domain) async fn commit(
    ctx: &Context,
    realm: &Realm,
    batch: Batch,
    ends: Option<&Request>,
) -> Result<Result<Option<SignOut>, Outrun>, Fault> {
    let Some(request) = ends else {
        return match ctx.commit(batch).await {
            Ok(_) => Ok(Ok(None)),
            Err(CommitError::Conflict { .. }) => Ok(Err(Outrun)),
            Err(error) => Err(error.into()),
        };
    };
    match signout::end_with(ctx, realm, request, batch).await {
        Ok(act) => Ok(Ok(Some(act))),
        Err(EndError::Fault(Fault::Busy)) => Ok(Err(Outrun)),
        Err(EndError::Fault(fault)) => Err(fault),
        // Only a selection of named sessions is answered so; a change ends those of users, clients or the realm.
        Err(EndError::OnlyOwn | EndError::Nothing) => Err(Fault::Record("selection of a change")),
    }
}

/// The names of the settings that differ, for the audit log; never their values, which may be anybody's secrets.
pub(in crate::domain) fn changed<T: Serialize>(before: &T, after: &T) -> Option<String> {
    let (before, after) = (
        serde_json::to_value(before).ok()?,
        serde_json::to_value(after).ok()?,
    );
    let (before, after) = (before.as_object()?, after.as_object()?);
    let mut names: Vec<&str> = after
        .keys()
        .filter(|k| before.get(*k) != after.get(*k))
        .map(String::as_str)
        .collect();
    names.extend(
        before
            .keys()
            .filter(|k| !after.contains_key(*k))
            .map(String::as_str),
    );
    if names.is_empty() {
        None
    } else {
        Some(format!("changed: {}", names.join(", ")))
    }
}
