//! Finds people by what somebody remembers of them: the start of the username, of any word of the name, or of the address.
//! A page costs what it shows, however many users a realm has.

use std::sync::Arc;

use super::index::{fold_word, folded_email, words};
use super::store::LONGEST_FOLDED;
use super::{User, fold};
use crate::crypto;
use crate::domain::id::{RealmId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{decode, versioned};
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, Range, Record};

/// A page of users.
#[derive(Debug, Default)]
pub struct Found {
    /// The users: by username, then by a word of the name, then by address.
    pub users: Vec<User>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// Index rows looked at for one page before it is answered short with a place to go on from.
const LOOKED_AT: usize = 4000;
/// Index rows read at once.
const PIECE: usize = 100;
/// Index rows looked at, of names and of addresses each, where a search of something else asks for a hint.
const GLANCED_AT: usize = 50;

/// What somebody typed.
struct Wanted {
    whole: String,
    words: Vec<String>,
    /// The word that is looked up: the longest, for it fits the fewest.
    longest: String,
}

/// Which index is walked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Username = 0,
    Word = 1,
    Email = 2,
}

impl Wanted {
    fn read(text: &str) -> Wanted {
        let words: Vec<String> = text.split_whitespace().map(fold_word).collect();
        let longest = words.iter().max_by_key(|word| word.len()).cloned();
        Wanted {
            whole: fold(text),
            longest: longest.unwrap_or_default(),
            words,
        }
    }

    /// The rows of an index that begin with what was typed.
    fn range(&self, realm: RealmId, by: By) -> Range {
        match by {
            By::Username => key::usernames(realm, &self.whole),
            By::Word => key::users_by_word(realm, &self.longest),
            By::Email => key::users_by_email_prefix(realm, &self.whole),
        }
    }

    fn by_username(&self, user: &User) -> bool {
        fold(&user.username).starts_with(&self.whole)
    }

    /// Whether each word typed begins a word of the name.
    fn by_word(&self, user: &User) -> bool {
        let own = words(user);
        let begins = |typed: &String| own.iter().any(|word| word.starts_with(typed.as_str()));
        !self.words.is_empty() && self.words.iter().all(begins)
    }

    /// Whether this row of an index is the one under which the user is shown: each is shown once.
    fn shows(&self, by: By, row: &Record, user: &User) -> bool {
        let folded = key::folded_of(&row.key);
        match by {
            By::Username => true,
            By::Word => {
                let own = words(user);
                let first = own.iter().find(|word| word.starts_with(&self.longest));
                self.by_word(user) && !self.by_username(user) && first.map(String::as_str) == folded
            }
            By::Email => {
                let own = folded_email(user);
                own.as_deref() == folded && !self.by_username(user) && !self.by_word(user)
            }
        }
    }
}

/// A page of the users that fit what was typed, beyond `after` (the [`Found::next`] of an earlier page); everybody when
/// nothing was.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn search(
    ctx: &Context,
    realm: &Realm,
    text: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Found, Fault> {
    let wanted = Wanted::read(text);
    let mut found = Found::default();
    if wanted.whole.len() > LONGEST_FOLDED || wanted.whole.contains('\0') {
        return Ok(found);
    }
    let mut place = after.and_then(crypto::unb64).unwrap_or_default();
    let from = place.first().copied().unwrap_or(0);
    let (mut looked, mut full) = (0, None);
    for by in [By::Username, By::Word, By::Email] {
        if by as u8 != from && !place.is_empty() {
            continue;
        }
        let cursor = (place.len() > 1).then(|| Cursor(place.split_off(1).into()));
        place.clear();
        if by != By::Username && wanted.whole.is_empty() {
            continue;
        }
        let range = wanted.range(realm.id, by);
        let cursor = cursor.filter(|at| range.contains(&at.0));
        let mut walk = Walk::records(ctx, range).after(cursor).by(limit.min(PIECE));
        while let Some(rows) = walk.next().await? {
            looked += rows.len();
            let users = read(ctx, realm.id, by, &rows).await?;
            for (row, user) in rows.iter().zip(users) {
                if let Some(user) = user.filter(|user| wanted.shows(by, row, user)) {
                    if found.users.len() == limit {
                        found.next = full;
                        return Ok(found);
                    }
                    found.users.push(user);
                    full = (found.users.len() == limit).then(|| place_of(by, &row.key));
                }
                if looked >= LOOKED_AT && row.key == last(&rows) {
                    found.next = full.or_else(|| Some(place_of(by, &row.key)));
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

/// A few of those whom a name or an address finds and whose username does not begin with what was typed: for a list that is
/// searched by username while somebody types something else. A glance, not a search: at most so many rows of each index are
/// read, whatever was typed and however many users there are, so somebody may be missed who shares the first letters with
/// very many. Several words begin no username that a list could go by, so of those all are found.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn beyond_username(
    ctx: &Context,
    realm: &Realm,
    text: &str,
    by_email_too: bool,
    limit: usize,
) -> Result<Vec<User>, Fault> {
    let wanted = Wanted::read(text);
    let mut found = Vec::new();
    if wanted.whole.is_empty() || wanted.whole.len() > LONGEST_FOLDED || text.contains('\0') {
        return Ok(found);
    }
    for by in [By::Username, By::Word, By::Email] {
        let wants = match by {
            By::Username => wanted.words.len() > 1,
            By::Word => true,
            By::Email => by_email_too,
        };
        if !wants {
            continue;
        }
        let mut walk = Walk::records(ctx, wanted.range(realm.id, by)).by(GLANCED_AT);
        let rows = walk.next().await?.unwrap_or_default();
        let users = read(ctx, realm.id, by, &rows).await?;
        let fits =
            |(row, user): (&Record, Option<User>)| user.filter(|user| wanted.shows(by, row, user));
        found.extend(rows.iter().zip(users).filter_map(fits));
        if found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

fn last(rows: &[Record]) -> bytes::Bytes {
    rows.last().map(|row| row.key.clone()).unwrap_or_default()
}

fn place_of(by: By, at: &[u8]) -> String {
    crypto::b64(&[&[by as u8], at].concat())
}

async fn read(
    ctx: &Context,
    realm: RealmId,
    by: By,
    rows: &[Record],
) -> Result<Vec<Option<User>>, Fault> {
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows {
        let id = match by {
            By::Username => Some(decode(&row.value, "username")?),
            By::Word | By::Email => key::tail(&row.key).and_then(|t| UserId::from_bytes(&t)),
        };
        keys.push(key::user(realm, id.ok_or(Fault::Record("index of users"))?));
    }
    let read = ctx.store.get_many(&keys).await?;
    let users = read.into_iter().map(|record| {
        let user = versioned::<User>(record, "user")?;
        Ok(user.map(|read| read.value))
    });
    users.collect()
}

/// A page of the people with administrators' roles in a realm, in order of their folded names, beyond `after`; with the name
/// to go on from when there are more.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn administrators(
    ctx: &Context,
    realm: &Arc<Realm>,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<User>, Option<String>), Fault> {
    let range = key::administrators(realm.id);
    let after = after.filter(|after| after.len() <= LONGEST_FOLDED);
    let after = after.map(|folded| Cursor(key::administrator(realm.id, folded)));
    let mut walk = Walk::records(ctx, range).after(after).by(limit);
    let rows = walk.next().await?.unwrap_or_default();
    let users = read(ctx, realm.id, By::Username, &rows).await?;
    let is_one = |user: &User| crate::domain::access::is_administrator(&realm.name, &user.roles);
    let next = walk.place().and_then(|at| {
        let head = key::administrator(realm.id, "").len();
        String::from_utf8(at.0.get(head..)?.to_vec()).ok()
    });
    Ok((users.into_iter().flatten().filter(is_one).collect(), next))
}

#[cfg(test)]
mod tests;
