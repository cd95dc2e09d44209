//! Status: whether something is over, for those who never ask. A Token Status List (draft-ietf-oauth-status-list-20)
//! has one bit a session; access tokens name its place, and an API that fetches the list now and then denies a token
//! whose session ended within the list's `ttl`.
//!
//! Owns how indices are handed out, which are over, and the bytes of a list. Does not own that something is over: the
//! door (`signout`) marks an index in the commit that ends what holds it, and nobody else does.
//!
//! An index is held by a session, or by a token family with `offline_access`, which outlives its session and is over
//! for itself. An index is never handed out twice.

mod cut;
mod list;
mod take;

use serde::{Deserialize, Serialize};

pub use list::{lists, serve};
pub use take::take;

use super::id::{ClientId, RealmId, Sid, UserId};
use super::realm::Realm;
use super::record::encode;
use super::sweep::Due;
use super::time::{Span, Timestamp};
use super::{Context, Fault, key};
use crate::domain::walk::Walk;
use crate::store::Batch;

/// Indices in one list: 16 KiB before it is compressed.
pub const LIST: u32 = 1 << 17;

/// How far the clock of an API may be behind this server's before a token outlives the bound on the receipt.
pub const LEEWAY: Span = Span::secs(5);

/// A mark outlives the last token that names its index by this: clocks differ.
const MARGIN: Span = Span::mins(10);

/// Marks of a list are forgotten together, so that each of them needs no date of its own.
const TOGETHER: u64 = Span::mins(2).0;

/// Where the lists of a realm are, below its issuer.
pub const PATH: &str = "/protocol/openid-connect/status-lists";

/// A place in a list of the realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Index {
    /// The number of the list.
    pub list: u32,
    /// The place in it: `idx`.
    pub idx: u32,
}

/// What an access token says of its status (§6.2 of the draft).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Where to look.
    pub status_list: Place,
}

/// A place in a list, as the world sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The index.
    pub idx: u32,
    /// The list's address, which is the list's `sub` as well.
    pub uri: String,
}

impl Index {
    /// What a token says of it.
    pub fn reference(self, realm: &Realm, public_url: &str) -> Reference {
        Reference {
            status_list: Place {
                idx: self.idx,
                uri: uri(realm, public_url, self.list),
            },
        }
    }
}

/// The address of a list.
pub fn uri(realm: &Realm, public_url: &str, list: u32) -> String {
    format!("{}{PATH}/{list}", realm.issuer(public_url))
}

/// Who holds an index, as kept: enough to tell whether a cut ends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// The session, or the session the family was granted in.
    pub sid: Sid,
    /// Whose.
    pub user: UserId,
    /// The client of an offline family; `None` for a session.
    pub client: Option<ClientId>,
    /// When it started.
    pub started_at: Timestamp,
}

/// Adds to the batch in which something starts that it holds this index.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn hold(realm: RealmId, index: Index, holder: &Holder, batch: &mut Batch) -> Result<(), Fault> {
    // Created, not put: an index that somebody holds already must not be handed out again, whatever went wrong before.
    batch.create(
        key::status_holder(realm, index.list, index.idx),
        encode(holder)?,
    );
    Ok(())
}

/// Adds to the batch in which its holder ends that an index is over, until no token that names it can still be good:
/// `last_token` is when the last of those that are known ends.
pub(in crate::domain) fn mark(
    realm: &Realm,
    index: Index,
    at: Timestamp,
    last_token: Timestamp,
    batch: &mut Batch,
) {
    let tokens = &realm.settings.tokens;
    let longest = tokens.access_token_lifetime.max(tokens.id_token_lifetime);
    let until = at.plus(longest).max(last_token).plus(MARGIN);
    let until = Timestamp(until.0.next_multiple_of(TOGETHER));
    batch.put(
        key::status_mark(realm.id, index.list, index.idx),
        until.0.to_be_bytes().to_vec(),
    );
    Due::StatusList(index.list).put_once(batch, realm.id, until);
}

/// Forgets the indices of a list that are over and that no good token names any more: its marks, and who held them.
///
/// # Errors
/// [`Fault`] when the store fails; what is left is done next time.
pub(in crate::domain) async fn forget(
    ctx: &Context,
    realm: RealmId,
    list: u32,
    now: Timestamp,
) -> Result<(), Fault> {
    let range = key::status_marks(realm, list);
    let mut walk = Walk::records(ctx, range).by(AT_ONCE);
    while let Some(page) = walk.next().await? {
        let mut batch = Batch::new();
        for record in page {
            let until = record.value.as_ref().try_into().map(u64::from_be_bytes);
            if until.is_ok_and(|until| until > now.0) {
                continue;
            }
            if let Some((list, idx)) = key::status_index(&record.key) {
                batch.del(key::status_holder(realm, list, idx));
            }
            batch.del(record.key);
        }
        if !batch.is_empty() {
            ctx.commit(batch).await?;
        }
    }
    Ok(())
}

/// Marks looked at in one go: each means two deletions.
const AT_ONCE: usize = 400;

/// What this process remembers of lists and of indices that it may hand out.
#[derive(Default)]
pub struct Lists {
    shelf: list::Shelf,
    pool: take::Pool,
}

impl Lists {
    /// Takes note of a key that was written: the index that it marks is over from now on, also in what is remembered.
    pub fn note(&self, key: &[u8]) {
        if let Some((realm, list, idx)) = key::marked(key) {
            self.shelf.mark(realm, Index { list, idx });
        }
    }

    /// Forgets the lists: after a gap in the change feed.
    pub fn clear(&self) {
        self.shelf.clear();
    }
}

impl Context {
    /// The marks of a batch that is about to be committed.
    pub(in crate::domain) fn marks(batch: &Batch) -> Vec<bytes::Bytes> {
        batch
            .puts(key::STATUS)
            .filter(|key| key::marked(key).is_some())
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests;
