//! Proof: what was tried with something dead, and refused. Every refusal that the judge explains by an act is counted for
//! the receipt of that act.
//!
//! Counting never slows or fails a refusal: it happens in memory, bounded, and is written down about once a second, one
//! small record an act. A crash loses at most what the last second counted; the refusals themselves it cannot lose.

mod flush;
mod rows;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;

pub use flush::{flush, of};
pub use rows::{Refused, Uses};

use super::Context;
use super::denial::Denied;
use super::id::{RealmId, SignOutId};
use super::realm::Realm;
use super::session::Ended;

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A browser's session cookie.
    Cookie,
    /// A refresh token at the token endpoint.
    RefreshToken,
    /// An authorization code at the token endpoint.
    Code,
    /// A device's code at the token endpoint.
    DeviceCode,
    /// An access token at userinfo.
    Userinfo,
    /// A token that an API asked about.
    Introspection,
    /// An access token at the admin API.
    AdminApi,
    /// More than can be told apart: whatever came after the first [`Uses::APART`] kinds, apps and addresses of an act.
    Others,
}

impl Kind {
    /// Its name in the API and in figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Cookie => "cookie",
            Kind::RefreshToken => "refresh_token",
            Kind::Code => "code",
            Kind::DeviceCode => "device_code",
            Kind::Userinfo => "userinfo",
            Kind::Introspection => "introspection",
            Kind::AdminApi => "admin_api",
            Kind::Others => "others",
        }
    }

    /// What people read.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Cookie => "an old session cookie",
            Kind::RefreshToken => "a revoked refresh token",
            Kind::Code => "an authorization code of an ended session",
            Kind::DeviceCode => "a device’s code that an ended session had allowed",
            Kind::Userinfo => "a dead access token at userinfo",
            Kind::Introspection => "a dead token, asked about by an API",
            Kind::AdminApi => "a dead access token at the admin API",
            Kind::Others => "more uses, from more places than are listed",
        }
    }
}

/// A token that an act ended, as found by whoever judged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// The act.
    pub ended: Ended,
    /// The `client_id` of the app that it was issued to.
    pub client_id: String,
}

impl Dead {
    /// A token of this app that was judged; `None` when no act ended it.
    pub fn by(denied: &Denied, client_id: &str) -> Option<Dead> {
        denied.ended().map(|ended| Dead {
            ended,
            client_id: client_id.to_owned(),
        })
    }
}

/// One refused use.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// What was tried.
    pub kind: Kind,
    /// The `client_id` of the app that it was issued to, where that is known.
    pub client_id: Option<&'a str>,
    /// From which address; of an introspection the caller's. Empty where it is not known.
    pub ip: &'a str,
}

/// Notes a refused use of something that the judge denied, if an act ended it. Neither waits nor fails.
pub fn denied(ctx: &Context, realm: &Realm, why: &Denied, tried: Use<'_>) {
    if let Some(ended) = why.ended() {
        refused(ctx, realm, &ended, tried);
    }
}

/// Notes a refused use of a token that an act ended. Neither waits nor fails.
pub fn dead(ctx: &Context, realm: &Realm, token: &Dead, kind: Kind, ip: &str) {
    let tried = Use {
        kind,
        client_id: Some(&token.client_id),
        ip,
    };
    refused(ctx, realm, &token.ended, tried);
}

/// Notes a refused use of something that an act ended. Neither waits nor fails.
fn refused(ctx: &Context, realm: &Realm, ended: &Ended, tried: Use<'_>) {
    metrics::counter!("realmkeep_refused_uses_total", "kind" => tried.kind.as_str()).increment(1);
    ctx.proofs.note(
        (realm.id, ended.sign_out),
        &Refused::first(tried, ctx.now()),
    );
}

/// Which act of which realm.
type Act = (RealmId, SignOutId);

/// Refused uses that are not yet written down.
#[derive(Default)]
pub struct Proofs {
    waiting: Mutex<Waiting>,
    /// Whoever reads a receipt waits for the commit under way, so that no use is counted twice or not at all on it.
    writing: RwLock<()>,
}

#[derive(Default)]
struct Waiting {
    acts: HashMap<Act, Uses>,
    rows: usize,
}

/// The most rows that wait. Beyond it a use is counted among the others of its act, and beyond as many acts not at all.
const MOST: usize = 10_000;

impl Proofs {
    fn note(&self, act: Act, row: &Refused) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = &mut *waiting;
        let full = waiting.rows >= MOST;
        if full && !waiting.acts.contains_key(&act) {
            return;
        }
        let uses = waiting.acts.entry(act).or_default();
        let before = uses.rows().len();
        if full {
            uses.note_known(row)
        } else {
            uses.note(row)
        }
        waiting.rows += uses.rows().len() - before;
    }

    /// What waits for one act.
    fn waiting_of(&self, act: Act) -> Uses {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.acts.get(&act).cloned().unwrap_or_default()
    }

    /// Takes what waits, of at most so many acts.
    fn take(&self, most: usize) -> Vec<(Act, Uses)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let acts: Vec<Act> = waiting.acts.keys().take(most).copied().collect();
        let mut taken = Vec::with_capacity(acts.len());
        for act in acts {
            if let Some(uses) = waiting.acts.remove(&act) {
                waiting.rows = waiting.rows.saturating_sub(uses.rows().len());
                taken.push((act, uses));
            }
        }
        taken
    }

    /// Gives back what could not be written.
    fn give_back(&self, taken: Vec<(Act, Uses)>) {
        for (act, uses) in taken {
            for row in uses.rows() {
                self.note(act, row);
            }
        }
    }
}

#[cfg(test)]
mod tests;
