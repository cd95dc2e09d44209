//! Keys of the status lists: the counter, who holds an index, and which indices are over.

use bytes::Bytes;

use super::Key;
use crate::domain::id::RealmId;
use crate::store::Range;

/// The first byte of an index' keys.
pub const STATUS: u8 = 0x8B;
const HOLDER: u8 = 0;
const MARK: u8 = 1;

/// Which block of indices is free next.
pub fn status_counter(realm: RealmId) -> Bytes {
    Key::of(0x8A, realm).end()
}

/// Who holds an index.
pub fn status_holder(realm: RealmId, list: u32, idx: u32) -> Bytes {
    Key::of(STATUS, realm)
        .bytes(&[HOLDER])
        .bytes(&list.to_be_bytes())
        .bytes(&idx.to_be_bytes())
        .end()
}

/// Who holds the indices of a list.
pub fn status_holders(realm: RealmId, list: u32) -> Range {
    Key::of(STATUS, realm)
        .bytes(&[HOLDER])
        .bytes(&list.to_be_bytes())
        .range()
}

/// Who holds the indices of this list and of those after it.
pub fn status_holders_from(realm: RealmId, list: u32) -> Range {
    let to = Key::of(STATUS, realm).bytes(&[HOLDER]).range().to;
    Range {
        from: status_holders(realm, list).from,
        to,
    }
}

/// That an index is over.
pub fn status_mark(realm: RealmId, list: u32, idx: u32) -> Bytes {
    Key::of(STATUS, realm)
        .bytes(&[MARK])
        .bytes(&list.to_be_bytes())
        .bytes(&idx.to_be_bytes())
        .end()
}

/// The indices of a list that are over.
pub fn status_marks(realm: RealmId, list: u32) -> Range {
    Key::of(STATUS, realm)
        .bytes(&[MARK])
        .bytes(&list.to_be_bytes())
        .range()
}

/// The list and the index that a key names; `None` for another key.
pub fn status_index(key: &[u8]) -> Option<(u32, u32)> {
    let (&STATUS, rest) = key.split_first()? else {
        return None;
    };
    let (list, idx) = rest.get(5..13)?.split_first_chunk::<4>()?;
    Some((
        u32::from_be_bytes(*list),
        u32::from_be_bytes(idx.try_into().ok()?),
    ))
}

/// The realm, the list and the index that a mark's key names; `None` for any other key.
pub fn marked(key: &[u8]) -> Option<(RealmId, u32, u32)> {
    let realm = key.get(1..5)?.try_into().ok()?;
    if key.first() != Some(&STATUS) || key.get(5) != Some(&MARK) {
        return None;
    }
    let (list, idx) = status_index(key)?;
    Some((RealmId(u32::from_be_bytes(realm)), list, idx))
}

/// The acts of one realm that are not yet written out.
pub fn sign_outs_open_in(realm: RealmId) -> Range {
    Key::of(0x86, realm).range()
}
