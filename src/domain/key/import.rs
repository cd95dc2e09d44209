//! Keys of imports: what is known of each, and the people who are still to be written.

use bytes::Bytes;

use super::{Key, Range};
use crate::domain::id::{ImportId, RealmId};

/// An import.
pub fn import(realm: RealmId, id: ImportId) -> Bytes {
    Key::of(0x9C, realm).bytes(id.bytes()).end()
}

/// The imports of a realm, oldest first.
pub fn imports(realm: RealmId) -> Range {
    Key::of(0x9C, realm).range()
}

/// The space of people who are still to be written.
pub const IMPORT_ROWS: u8 = 0x9D;

/// Some of the people of an import, in the order of the file.
pub fn import_rows(realm: RealmId, id: ImportId, number: u32) -> Bytes {
    Key::of(IMPORT_ROWS, realm)
        .bytes(id.bytes())
        .bytes(&number.to_be_bytes())
        .end()
}

/// All of them.
pub fn rows_of_import(realm: RealmId, id: ImportId) -> Range {
    Key::of(IMPORT_ROWS, realm).bytes(id.bytes()).range()
}

/// Whose people lie under a key of [`import_rows`].
pub fn import_of(key: &[u8]) -> Option<(RealmId, ImportId)> {
    let realm = super::realm_of(key)?;
    Some((realm, ImportId::from_bytes(key.get(5..21)?)?))
}
