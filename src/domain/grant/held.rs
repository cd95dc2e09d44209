//! What apps hold of one user: what they were allowed, and the grants that are still good; and how it is taken back.

use std::collections::{BTreeMap, BTreeSet};

use super::consent::Consent;
use super::{Grant, TokenFamily};
use crate::domain::audit::{self, Entry};
use crate::domain::change;
use crate::domain::client::{self, CONSOLE};
use crate::domain::denial;
use crate::domain::id::{ClientId, FamilyId, SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode, encode_json, versioned};
use crate::domain::signout::{self, Reason, Request, Selection, SignOut};
use crate::domain::time::Timestamp;
use crate::domain::user::{self, User};
use crate::domain::walk::Walk;
use crate::domain::{Actor, Context, Fault, TRIES, key};
use crate::store::{Batch, Dir, KeysOrRecords};

/// What one app holds of a user.
#[derive(Clone, Debug)]
pub struct Held {
    /// The app's record.
    pub client: ClientId,
    /// Its public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What the user allowed it on the consent page.
    pub consent: Option<Consent>,
    /// The grants that are good, the newest first.
    pub grants: Vec<TokenFamily>,
}

impl Held {
    /// What it may: the scopes that were allowed and those of its grants, each once.
    pub fn scopes(&self) -> Vec<String> {
        let granted = self.grants.iter().flat_map(|f| f.grant.scope.split(' '));
        let allowed = self.consent.iter().flat_map(|c| &c.scopes);
        let mut scopes: Vec<String> = Vec::new();
        for scope in allowed.map(String::as_str).chain(granted) {
            if !scope.is_empty() && !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        scopes
    }

    /// Since when, as far as it is known.
    pub fn since(&self) -> Option<Timestamp> {
        let granted = self.grants.iter().map(|f| f.started_at);
        granted.chain(self.consent.as_ref().map(|c| c.at)).min()
    }

    /// When it last asked for a token.
    pub fn last_used(&self) -> Option<Timestamp> {
        self.grants.iter().map(|f| f.last_used_at).max()
    }

    /// How many of its grants outlive the browser session.
    pub fn offline(&self) -> usize {
        self.grants.iter().filter(|f| f.offline).count()
    }
}

/// Grants looked at for one user, the newest first.
pub const LOOKED_AT: usize = 500;
/// Consents looked at.
const CONSENTS: usize = 500;

/// What each app holds of a user, by name; and whether that is all of it.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn of_user(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
) -> Result<(Vec<Held>, bool), Fault> {
    let mut held: BTreeMap<ClientId, Held> = BTreeMap::new();
    let (families, mut complete) = families(ctx, realm, user).await?;
    for family in families {
        let grant = &family.grant;
        if grant.client_id == CONSOLE || !is_good(ctx, realm, &family).await? {
            continue;
        }
        let one = held.entry(grant.client).or_insert_with(|| of_grant(grant));
        one.grants.push(family);
    }
    let page = ctx
        .store
        .scan(
            &key::consents(realm.id, user),
            None,
            CONSENTS,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    complete &= page.next.is_none();
    for record in page.records {
        let Some(id) = key::tail(&record.key).and_then(|t| ClientId::from_bytes(&t)) else {
            continue;
        };
        let consent: Consent = decode(&record.value, "consent")?;
        // What is left of one that was taken back.
        if consent.scopes.is_empty() {
            continue;
        }
        // Of a client that is gone it means nothing any more.
        let Some(client) = client::by_id(ctx, realm, id).await? else {
            continue;
        };
        let one = held.entry(id).or_insert_with(|| Held {
            client: id,
            client_id: client.client_id().to_owned(),
            name: client.name().to_owned(),
            consent: None,
            grants: Vec::new(),
        });
        one.consent = Some(consent);
    }
    let mut held: Vec<Held> = held.into_values().collect();
    held.sort_by(|a, b| {
        (a.name.to_lowercase(), &a.client_id).cmp(&(b.name.to_lowercase(), &b.client_id))
    });
    Ok((held, complete))
}

fn of_grant(grant: &Grant) -> Held {
    Held {
        client: grant.client,
        client_id: grant.client_id.clone(),
        name: grant.client_name.clone(),
        consent: None,
        grants: Vec::new(),
    }
}

async fn families(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
) -> Result<(Vec<TokenFamily>, bool), Fault> {
    let range = key::families_by_user(realm.id, user);
    let mut walk = Walk::keys(ctx, range).toward(Dir::Reverse).by(LOOKED_AT);
    let rows = walk.next().await?.unwrap_or_default();
    let ids = rows
        .iter()
        .filter_map(|row| key::tail(&row.key))
        .filter_map(|tail| FamilyId::from_bytes(&tail));
    let keys: Vec<_> = ids.map(|id| key::family(realm.id, id)).collect();
    let mut found = Vec::with_capacity(keys.len());
    for record in ctx.store.get_many(&keys).await? {
        found.extend(versioned::<TokenFamily>(record, "token family")?.map(|read| read.value));
    }
    Ok((found, walk.place().is_none()))
}

/// Whether a grant is still good: the judge says.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn is_good(ctx: &Context, realm: &Realm, family: &TokenFamily) -> Result<bool, Fault> {
    let Some(client) = client::by_id(ctx, realm, family.grant.client).await? else {
        return Ok(false);
    };
    Ok(denial::family(ctx, realm, &client, family.id)
        .await?
        .is_ok())
}

/// Takes everything back that a user allowed and granted an app, in one commit: its tokens are over, codes on their way to
/// it become nothing, and it has to ask again. Their sessions go on.
///
/// # Errors
/// [`Fault`] when it could not be done.
pub async fn take_back(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    user: &User,
    client: (ClientId, &str),
) -> Result<SignOut, Fault> {
    let (client, client_id) = client;
    let user = user.id;
    for _ in 0..TRIES {
        // Whoever is deleted meanwhile loses all of it by that.
        let Some(found) = user::by_id(ctx, realm, user).await? else {
            return Err(Fault::Busy);
        };
        let who = &found.value;
        let mut batch = Batch::essential();
        // Written for those who redeem a code at this moment: they guard with it.
        batch.replace(key::user(realm.id, user), found.version, encode_json(who)?);
        let nothing = Consent {
            scopes: BTreeSet::new(),
            at: ctx.now(),
            cut: Some(ctx.cut()),
        };
        batch.put(key::consent(realm.id, user, client), encode(&nothing)?);
        let entry = Entry {
            actor,
            action: "user.remove_access",
            target_kind: "user",
            target: format!("{} ({})", who.username, who.id),
            detail: Some(format!("application: {client_id}")),
        };
        audit::record(&mut batch, ctx, realm.id, &entry)?;
        let select = Selection::Access(user, client);
        let request = Request {
            id: Some(SignOutId(ctx.new_id())),
            ..Request::new(select, Reason::AccessRemoved, actor.clone())
        };
        if let Ok(act) = change::commit(ctx, realm, batch, Some(&request)).await? {
            let act = act.ok_or(Fault::Record("act of signing out"))?;
            stragglers(ctx, realm, actor, (user, client), act.at).await?;
            return Ok(act);
        }
    }
    Err(Fault::Busy)
}

/// Ends what a code became between the act's look at the grants and its commit: nothing is added after that.
async fn stragglers(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    (user, client): (UserId, ClientId),
    cut: Timestamp,
) -> Result<(), Fault> {
    let (families, _) = families(ctx, realm, user).await?;
    for family in families {
        if family.grant.client == client && family.ended.is_none() && family.started_at <= cut {
            let (reason, actor) = (Reason::AccessRemoved, actor.clone());
            signout::family::end(ctx, realm, family.id, reason, actor).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
