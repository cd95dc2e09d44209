//! The subjects that a receiver added to its stream or removed from it (SSF 1.0 §8.1.3), kept as hashes of a canonical
//! text. Whether there is such a person is never looked at, so that no answer can tell (SSF 1.0 §9.1).

use serde::{Deserialize, Serialize};

use super::verbs::SsfError;
use super::{Stream, marks};
use crate::crypto;
use crate::domain::id::{Sid, StreamId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, key};

/// A subject identifier (RFC 9493 §3; SSF 1.0 §3.2) of the formats that this transmitter knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One thing.
    Simple(Simple),
    /// Several things of one subject. At least one of `user` and `session` is there.
    Complex {
        /// The person.
        user: Option<Simple>,
        /// The session.
        session: Option<Simple>,
        /// The realm.
        tenant: Option<Simple>,
    },
}

/// A subject that is one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Simple {
    /// RFC 9493 §3.2.3.
    IssSub {
        /// The issuer.
        iss: String,
        /// The `sub`.
        sub: String,
    },
    /// RFC 9493 §3.2.2.
    Email(String),
    /// RFC 9493 §3.2.4: a `sub` or a `sid`.
    Opaque(String),
}

impl Simple {
    fn text(&self, issuer: &str) -> String {
        match self {
            Simple::IssSub { iss, sub } if iss == issuer => format!("sub\n{sub}"),
            // Another issuer's: good to have, never met here.
            Simple::IssSub { iss, sub } => format!("iss_sub\n{iss}\n{sub}"),
            Simple::Email(email) => format!("email\n{}", folded(email)),
            Simple::Opaque(id) => format!("opaque\n{id}"),
        }
    }
}

impl Subject {
    /// The text that stands for it; what nothing here can ever be gets a text that nothing has.
    fn text(&self, issuer: &str, realm: &str) -> String {
        match self {
            Subject::Simple(simple) => simple.text(issuer),
            Subject::Complex {
                user,
                session,
                tenant,
            } => {
                let user = user.as_ref().map(|user| user.text(issuer));
                let at_home = match tenant {
                    None => true,
                    Some(Simple::Opaque(id)) => id == realm,
                    Some(_) => false,
                };
                match (session, user) {
                    _ if !at_home => format!("elsewhere\n{self:?}"),
                    (Some(Simple::Opaque(sid)), user) => {
                        format!("session\n{sid}\n{}", user.unwrap_or_default())
                    }
                    (Some(_), _) => format!("elsewhere\n{self:?}"),
                    (None, user) => user.unwrap_or_default(),
                }
            }
        }
    }
}

/// RFC 9493 §3.2.2 leaves the comparison of addresses to the parties; nobody means another person by another case.
fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

/// What a receiver said of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    /// Added, or removed.
    included: bool,
    /// When.
    at: Timestamp,
}

/// The texts by which a receiver may have named a person, and a session of theirs: those of the session say more.
pub(super) struct Names {
    user: Vec<[u8; 32]>,
    session: Vec<[u8; 32]>,
}

impl Names {
    pub(super) fn of(user: UserId, email: Option<&str>, sid: Option<Sid>) -> Names {
        let mut of_user = vec![format!("sub\n{user}"), format!("opaque\n{user}")];
        of_user.extend(email.map(|email| format!("email\n{}", folded(email))));
        let mut of_session = Vec::new();
        if let Some(sid) = sid {
            of_session.push(format!("opaque\n{sid}"));
            of_session.push(format!("session\n{sid}\n"));
            of_session.extend(of_user.iter().map(|user| format!("session\n{sid}\n{user}")));
        }
        let hashes = |texts: Vec<String>| {
            texts
                .into_iter()
                .map(|text| crypto::sha256(text.as_bytes()))
                .collect()
        };
        Names {
            user: hashes(of_user),
            session: hashes(of_session),
        }
    }
}

/// Whether a receiver said that it wants to hear of somebody, or that it does not; `None` when it said nothing.
pub(super) async fn listed(
    ctx: &Context,
    realm: &Realm,
    id: StreamId,
    names: &Names,
) -> Result<Option<bool>, Fault> {
    let at = |hash: &[u8; 32]| key::stream_subject(realm.id, id, hash);
    let keys: Vec<_> = names.session.iter().chain(&names.user).map(at).collect();
    let found = ctx.store.get_many(&keys).await?;
    let (session, user) = found.split_at(names.session.len().min(found.len()));
    for level in [session, user] {
        let mut newest: Option<Listed> = None;
        for record in level.iter().flatten() {
            let listed: Listed = decode(&record.value, "listed subject")?;
            if newest.is_none_or(|n| (n.at, n.included) < (listed.at, listed.included)) {
                newest = Some(listed);
            }
        }
        if let Some(newest) = newest {
            return Ok(Some(newest.included));
        }
    }
    Ok(None)
}

/// The most subjects that one receiver may name.
pub const MOST: u32 = 100_000;

/// Adds a subject to a stream or removes it.
///
/// # Errors
/// [`SsfError::TooMany`] when the receiver named very many before.
pub async fn list(
    ctx: &Context,
    realm: &Realm,
    stream: &Stream,
    subject: &Subject,
    included: bool,
) -> Result<(), SsfError> {
    let text = subject.text(&realm.issuer(&ctx.public_url), &realm.name);
    let at = key::stream_subject(realm.id, stream.id, &crypto::sha256(text.as_bytes()));
    let beside = [at.clone()];
    let done = marks::revise(
        ctx,
        (realm.id, stream.id),
        &beside,
        |marks, before, batch| {
            if before.get(&at).is_none() {
                if marks.subjects >= MOST {
                    return Ok(None);
                }
                marks.subjects += 1;
            }
            let listed = Listed {
                included,
                at: ctx.now(),
            };
            batch.put(at.clone(), encode(&listed)?);
            Ok(Some(()))
        },
    );
    let done = done.await?;
    ctx.signals.evict(realm.id);
    done.ok_or(SsfError::TooMany(MOST))
}
