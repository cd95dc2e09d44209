//! The rows by which a user is found, written in the commit that writes the user: by address, by the words of their name, and
//! whether they are an administrator.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::store::LONGEST_FOLDED;
use super::{User, fold};
use crate::domain::access;
use crate::domain::id::RealmId;
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode};
use crate::domain::{Fault, key};
use crate::store::{Batch, Record};

/// The words of a name that are searched: more would make one person cost as much as many.
const MOST_WORDS: usize = 8;
/// The longest word kept, in bytes; a longer one is found by its beginning.
const LONGEST_WORD: usize = 64;

/// The form under which words of names are searched: without case and without accents.
pub fn fold_word(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The folded words of what a person is called.
pub(super) fn words(user: &User) -> BTreeSet<String> {
    let names = ["name", "given_name", "family_name"];
    let texts = names.into_iter().filter_map(|name| user.claim(name));
    let mut words = BTreeSet::new();
    for text in texts {
        for word in text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)) {
            let mut word = fold_word(word);
            while word.len() > LONGEST_WORD {
                word.pop();
            }
            if !word.is_empty() && words.len() < MOST_WORDS {
                words.insert(word);
            }
        }
    }
    words
}

/// The form under which a user's `email` claim is searched, when they have one that a key can hold.
pub(super) fn folded_email(user: &User) -> Option<String> {
    let folded = fold(user.claim("email")?);
    let fits = !folded.is_empty() && folded.len() <= LONGEST_FOLDED && !folded.contains('\0');
    fits.then_some(folded)
}

type Rows = std::collections::BTreeMap<bytes::Bytes, bytes::Bytes>;

fn rows(realm: RealmId, user: &User) -> Result<Rows, Fault> {
    let empty = bytes::Bytes::new;
    let mut rows = Rows::new();
    for word in words(user) {
        rows.insert(key::user_by_word(realm, &word, user.id), empty());
    }
    if let Some(email) = folded_email(user) {
        rows.insert(key::user_by_email(realm, &email, user.id), empty());
    }
    // The role of the whole server counts in one realm alone; whoever reads asks again.
    if access::is_administrator(access::MASTER, &user.roles) {
        let at = key::administrator(realm, &fold(&user.username));
        rows.insert(at, encode(&user.id)?);
    }
    Ok(rows)
}

/// Brings a user's rows in line with a change of theirs, in the batch that guards it.
///
/// # Errors
/// [`Fault::Record`] when a row cannot be encoded.
pub(super) fn index(
    realm: &Realm,
    before: Option<&User>,
    after: Option<&User>,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let of =
        |user: Option<&User>| user.map_or_else(|| Ok(Rows::new()), |user| rows(realm.id, user));
    let (old, new) = (of(before)?, of(after)?);
    for at in old.keys().filter(|at| !new.contains_key(*at)) {
        batch.del(at.clone());
    }
    for (at, value) in new {
        if old.get(&at) != Some(&value) {
            batch.put(at, value);
        }
    }
    Ok(())
}

/// Adds the rows of a user as kept, for a store that was filled before there were any.
///
/// # Errors
/// [`Fault::Record`] when the record does not read.
pub(in crate::domain) fn again(record: &Record, batch: &mut Batch) -> Result<(), Fault> {
    let user: User = decode(&record.value, "user")?;
    let realm = key::realm_of(&record.key).ok_or(Fault::Record("user"))?;
    for (at, value) in rows(realm, &user)? {
        batch.put(at, value);
    }
    // Whoever changed the user meanwhile wrote the rows themselves.
    batch.check(record.key.clone(), record.version);
    Ok(())
}
