//! What the judge reads before it decides: records and cuts, as they are now.

use bytes::Bytes;

use crate::domain::grant::TokenFamily;
use crate::domain::id::{ClientId, FamilyId, Sid, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, versioned};
use crate::domain::session::{Seen, Session};
use crate::domain::signout::Epoch;
use crate::domain::{Context, Fault, key};
use crate::store::Record;

/// The cuts through what is judged.
pub(super) struct Epochs {
    pub(super) realm: Option<Epoch>,
    pub(super) user: Option<Epoch>,
    pub(super) client: Option<Epoch>,
}

/// What a family or an access token is judged by, read in one snapshot.
pub(super) struct Facts {
    pub(super) session: Option<Versioned<Session>>,
    pub(super) seen: Option<Seen>,
    pub(super) epochs: Epochs,
}

impl Facts {
    pub(super) async fn read(
        ctx: &Context,
        realm: &Realm,
        sid: Sid,
        user: UserId,
        client: ClientId,
    ) -> Result<Facts, Fault> {
        let keys = [
            key::session(realm.id, sid),
            key::seen(realm.id, sid),
            key::realm_epoch(realm.id),
            key::user_epoch(realm.id, user),
            key::client_epoch(realm.id, client),
        ];
        Facts::of(take(ctx.store.get_many(&keys).await?)?)
    }

    pub(super) async fn read_all(
        ctx: &Context,
        realm: &Realm,
        sid: Sid,
        user: UserId,
        client: ClientId,
        family: FamilyId,
        revoked: Bytes,
    ) -> Result<(Option<Versioned<TokenFamily>>, bool, Facts), Fault> {
        let keys = [
            key::session(realm.id, sid),
            key::seen(realm.id, sid),
            key::realm_epoch(realm.id),
            key::user_epoch(realm.id, user),
            key::client_epoch(realm.id, client),
            key::family(realm.id, family),
            revoked,
        ];
        let [session, seen, r, u, c, family, revoked] = take(ctx.store.get_many(&keys).await?)?;
        let family = versioned::<TokenFamily>(family, "token family")?;
        Ok((
            family,
            revoked.is_some(),
            Facts::of([session, seen, r, u, c])?,
        ))
    }

    fn of([session, seen, realm, user, client]: [Option<Record>; 5]) -> Result<Facts, Fault> {
        Ok(Facts {
            session: versioned(session, "session")?,
            seen: last_seen(seen)?,
            epochs: Epochs {
                realm: epoch(realm)?,
                user: epoch(user)?,
                client: epoch(client)?,
            },
        })
    }
}

pub(super) fn epoch(record: Option<Record>) -> Result<Option<Epoch>, Fault> {
    record.map(|r| decode(&r.value, "epoch")).transpose()
}

pub(super) fn last_seen(record: Option<Record>) -> Result<Option<Seen>, Fault> {
    record.map(|r| decode(&r.value, "last use")).transpose()
}

pub(super) fn take<const N: usize>(
    records: Vec<Option<Record>>,
) -> Result<[Option<Record>; N], Fault> {
    records
        .try_into()
        .map_err(|_| Fault::Record("answer of the store"))
}
