//! Session: a user signed in on one browser or device in one realm, with the clients that take part in it.
//!
//! Owns the record, how it starts, is touched, presented and searched. Does not own how it ends: [`Session::end`] is
//! reachable only from the door (`signout`), which lives in the parent module's privacy.

pub mod address;
pub mod cookie;
pub mod device;
pub mod limit;
pub mod of_user;
pub mod query;
pub mod search;
pub mod start;
pub mod touch;

use serde::{Deserialize, Serialize};

pub use device::Device;
pub use limit::Turns;
pub use query::Query;
pub use start::{Refused, Start, Started, Terms, start};

use super::Fault;
use super::id::{ClientId, RealmId, Sid, SignOutId, UserId};
use super::realm::{Realm, SessionPolicy};
use super::record::{Versioned, versioned};
use super::signout::Reason;
use super::time::{Span, Timestamp};
use super::{Context, key, status};

/// A session as kept, ended or not. Shows everything its row needs without asking for the user, who may be gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The `sid`.
    pub sid: Sid,
    /// Whose.
    pub user: UserId,
    /// Their username when it started.
    pub username: String,
    /// Their name when it started.
    pub name: String,
    /// Their organisation, from the user's `organisation` claim.
    pub organisation: Option<String>,
    /// SHA-256 of the cookie's secret.
    pub secret_hash: [u8; 32],
    /// When it started.
    pub started_at: Timestamp,
    /// When credentials were last given (`auth_time`, OIDC Core §2).
    pub auth_time: Timestamp,
    /// How: `pwd`, … (RFC 8176).
    pub amr: Vec<String>,
    /// Whether "Keep me signed in" was chosen.
    pub remember_me: bool,
    /// The address it started from.
    pub ip: String,
    /// What it started on.
    pub device: Device,
    /// The browser's own words, cut at 300 characters.
    pub user_agent: String,
    /// The node it started on.
    pub node: String,
    /// Its place in a status list; `None` when the realm had none as it started.
    pub status: Option<status::Index>,
    /// The clients that take part, in order of arrival.
    pub clients: Vec<ClientSession>,
    /// Set once, by the door.
    pub ended: Option<Ended>,
}

/// One client's part in a session: who must be told. Recorded when a code is exchanged, not derived from live tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientSession {
    /// The client's record.
    pub client: ClientId,
    /// Its public id then.
    pub client_id: String,
    /// Its name then.
    pub name: String,
    /// When it first exchanged a code.
    pub started_at: Timestamp,
    /// When it last exchanged one.
    pub last_active_at: Timestamp,
}

/// That, when and why a session or family is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// By which act.
    pub sign_out: SignOutId,
}

/// When and where from a session was last used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// When; at most a minute behind.
    pub at: Timestamp,
    /// From which address.
    pub ip: String,
    /// On which node.
    pub node: String,
    /// The other place than its own that was last put on record (`one_address = log`).
    pub elsewhere: Option<String>,
}

/// How long a session may still live under its realm's policy of this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// When it is over if nobody uses it.
    pub idle_at: Timestamp,
    /// When it is over at the latest.
    pub expires_at: Timestamp,
}

impl Session {
    /// When it is over under `policy`, last used at `last_active`. Computed, not kept: a shorter lifetime applies at once.
    pub fn limits(&self, policy: &SessionPolicy, last_active: Timestamp) -> Limits {
        let (idle, max) = if self.remember_me && policy.remember_me {
            (
                policy.remember_me_idle_timeout,
                policy.remember_me_max_lifetime,
            )
        } else {
            (policy.idle_timeout, policy.max_lifetime)
        };
        let expires_at = self.started_at.plus(max);
        Limits {
            idle_at: last_active.max(self.started_at).plus(idle).min(expires_at),
            expires_at,
        }
    }

    /// Marks it over. Only the door calls this, and commits it together with everything else that ends.
    pub(in crate::domain) fn end(&mut self, ended: Ended) {
        self.ended = Some(ended);
    }
}

/// Reads one session, ended or not.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn find(
    ctx: &Context,
    realm: &Realm,
    sid: Sid,
) -> Result<Option<Versioned<Session>>, Fault> {
    versioned(
        ctx.store.get(&key::session(realm.id, sid)).await?,
        "session",
    )
}

/// How often a session's last use is written: one write a minute however busy it is.
pub const TOUCH_EVERY: Span = Span::mins(1);

/// The address in the sixteen bytes of a key: IPv4 as ::ffff:a.b.c.d.
pub fn ip_bytes(ip: &str) -> [u8; 16] {
    match ip.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(v4)) => v4.to_ipv6_mapped().octets(),
        Ok(std::net::IpAddr::V6(v6)) => v6.octets(),
        Err(_) => [0; 16],
    }
}

/// The index keys of an active session.
pub(in crate::domain) fn index_keys(realm: RealmId, session: &Session) -> Vec<bytes::Bytes> {
    let mut keys = vec![
        key::session_by_user(realm, session.user, session.sid),
        key::session_active(realm, session.sid),
        key::session_by_ip(realm, &ip_bytes(&session.ip), session.sid),
        key::session_by_name(realm, &super::user::fold(&session.username), session.sid),
    ];
    keys.extend(
        session
            .clients
            .iter()
            .map(|c| key::session_by_client(realm, c.client, session.sid)),
    );
    keys
}
