//! What a browser was asked to tell apps, as best effort (Front-Channel Logout 1.0): the receipt says that it was tried and
//! never that it was done, for nobody can know.

use std::collections::BTreeMap;

use super::SignOut;
use super::reason::Initiator;
use super::told::App;
use crate::domain::id::{ClientId, SignOutId};
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, Dir, KeysOrRecords};

/// Notes that a browser was given the addresses of these apps just now.
///
/// # Errors
/// [`Fault`] when the store does not take it.
pub async fn note(
    ctx: &Context,
    realm: &Realm,
    act: SignOutId,
    apps: &[ClientId],
) -> Result<(), Fault> {
    if apps.is_empty() {
        return Ok(());
    }
    let now = encode(&ctx.now())?;
    let mut batch = Batch::essential();
    for app in apps {
        batch.put(key::told_by_browser(realm.id, act, *app), now.clone());
    }
    ctx.commit(batch).await?;
    Ok(())
}

/// Notes at the apps of an act which of them a browser was to tell, and when. Only somebody's own sign-out has one.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub(super) async fn mark(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    apps: &mut BTreeMap<ClientId, App>,
) -> Result<(), Fault> {
    if act.reason.initiator() != Initiator::User {
        return Ok(());
    }
    let range = key::all_told_by_browser(realm.id, act.id);
    let page = ctx
        .store
        .scan(&range, None, MOST, Dir::Forward, KeysOrRecords::Records)
        .await?;
    for record in page.records {
        let client = key::tail(&record.key).and_then(|tail| ClientId::from_bytes(&tail));
        if let Some(app) = client.and_then(|client| apps.get_mut(&client)) {
            app.browser_at = Some(decode(&record.value, "notice by a browser")?);
        }
    }
    Ok(())
}

/// More than one page tells.
const MOST: usize = 200;
