//! What happened, as one receiver is told of it (CAEP 1.0, RISC 1.0, SSF 1.0 §8.1.4 and §8.1.5), and the claims it becomes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Status, Stream, hearing, receipts, streams};
use crate::domain::id::{ClientId, RealmId, Sid, StreamId, UserId};
use crate::domain::outbox::Channel;
use crate::domain::realm::Realm;
use crate::domain::record::encode_json;
use crate::domain::signout::reason::Initiator;
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, key};
use crate::store::Batch;

/// The event types of this transmitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventType {
    /// CAEP 1.0 §3.1.
    SessionRevoked,
    /// CAEP 1.0 §3.2.
    TokenClaimsChange,
    /// CAEP 1.0 §3.3.
    CredentialChange,
    /// RISC 1.0 §2.2.
    AccountPurged,
    /// RISC 1.0 §2.3.
    AccountDisabled,
    /// RISC 1.0 §2.4.
    AccountEnabled,
    /// SSF 1.0 §8.1.4.
    Verification,
    /// SSF 1.0 §8.1.5.
    StreamUpdated,
}

impl EventType {
    /// The types that a receiver may ask for. The two about the stream itself need no asking.
    pub const OFFERED: [EventType; 6] = [
        EventType::SessionRevoked,
        EventType::TokenClaimsChange,
        EventType::CredentialChange,
        EventType::AccountPurged,
        EventType::AccountDisabled,
        EventType::AccountEnabled,
    ];

    /// Its URI.
    pub const fn uri(self) -> &'static str {
        match self {
            EventType::SessionRevoked => {
                "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
            }
            EventType::TokenClaimsChange => {
                "https://schemas.openid.net/secevent/caep/event-type/token-claims-change"
            }
            EventType::CredentialChange => {
                "https://schemas.openid.net/secevent/caep/event-type/credential-change"
            }
            EventType::AccountPurged => {
                "https://schemas.openid.net/secevent/risc/event-type/account-purged"
            }
            EventType::AccountDisabled => {
                "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
            }
            EventType::AccountEnabled => {
                "https://schemas.openid.net/secevent/risc/event-type/account-enabled"
            }
            EventType::Verification => {
                "https://schemas.openid.net/secevent/ssf/event-type/verification"
            }
            EventType::StreamUpdated => {
                "https://schemas.openid.net/secevent/ssf/event-type/stream-updated"
            }
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// A session ended.
    SessionRevoked,
    /// A credential was changed.
    CredentialChange {
        /// `password`, …
        credential: String,
        /// `create`, `update`, `revoke` or `delete`.
        change: String,
    },
    /// The user may not sign in any more.
    AccountDisabled,
    /// The user may sign in again.
    AccountEnabled,
    /// The user is deleted.
    AccountPurged,
    /// Claims that tokens carry have changed.
    TokenClaimsChange {
        /// The changed claims with their new values; null for one that is gone.
        claims: Map<String, Value>,
    },
    /// The receiver asked for proof that the stream works.
    Verification {
        /// What it wants to see again.
        state: Option<String>,
    },
    /// The server changed the stream's status of its own accord.
    StreamUpdated {
        /// To what.
        status: Status,
        /// Why.
        reason: Option<String>,
    },
}

impl Kind {
    /// Its type.
    pub fn event_type(&self) -> EventType {
        match self {
            Kind::SessionRevoked => EventType::SessionRevoked,
            Kind::CredentialChange { .. } => EventType::CredentialChange,
            Kind::AccountDisabled => EventType::AccountDisabled,
            Kind::AccountEnabled => EventType::AccountEnabled,
            Kind::AccountPurged => EventType::AccountPurged,
            Kind::TokenClaimsChange { .. } => EventType::TokenClaimsChange,
            Kind::Verification { .. } => EventType::Verification,
            Kind::StreamUpdated { .. } => EventType::StreamUpdated,
        }
    }
}

/// Whom or what an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// A person.
    User(UserId),
    /// One session of a person.
    Session(UserId, Sid),
    /// The stream itself.
    Stream,
}

/// Why, for the fields that CAEP 1.0 §2 gives every event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Who or what brought it about.
    pub initiator: Initiator,
    /// Why, for the receiver's administrators; never empty (CAEP Interoperability Profile §3).
    pub reason_admin: String,
    /// Why, for the person.
    pub reason_user: Option<String>,
}

/// One event in one stream, as kept until its receiver has it. Everything of the token is in it, so that a repeated
/// transmission is the same token again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The `jti`.
    pub id: Uuid,
    /// The `txn`: the same in everything that one act brought about.
    pub txn: Uuid,
    /// What happened.
    pub kind: Kind,
    /// To whom.
    pub about: About,
    /// When.
    pub at: Timestamp,
    /// Why; absent for events about the stream.
    pub cause: Option<Cause>,
    /// The line of a sign-out's receipt that says what becomes of it.
    pub receipt: Option<Line>,
}

/// A line of a sign-out's receipt: that of the receiver, about one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The receiver.
    pub client: ClientId,
    /// How the stream was delivered when the session ended.
    pub channel: Channel,
    /// Whether the act counts instead of looking at each line.
    pub large: bool,
}

impl Event {
    /// Where it stands among what waits: in the order of making, but what concerns the stream itself goes first, since it
    /// must go out of a stream that is paused.
    pub fn place(&self) -> [u8; 16] {
        match self.kind {
            Kind::StreamUpdated { .. } => note_place(self.id),
            _ => self.id.into_bytes(),
        }
    }

    /// Adds it to what waits in a stream.
    ///
    /// # Errors
    /// [`Fault::Record`] when it cannot be encoded.
    pub(in crate::domain) fn put(
        &self,
        realm: RealmId,
        stream: StreamId,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        batch.put(
            key::stream_event(realm, stream, &self.place()),
            encode_json(self)?,
        );
        Ok(())
    }

    /// The claims of its Security Event Token (RFC 8417 §2.2, SSF 1.0 §4): no `sub`, no `exp`, exactly one event.
    pub fn claims(&self, issuer: &str, realm: &Realm, stream: &Stream) -> Map<String, Value> {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        put("iss", issuer.into());
        put("aud", stream.client_id.clone().into());
        put("jti", self.id.to_string().into());
        put("iat", self.at.secs().into());
        put("txn", self.txn.to_string().into());
        put("sub_id", self.sub_id(issuer, realm, stream));
        put(
            "events",
            json!({ self.kind.event_type().uri(): self.payload() }),
        );
        out
    }

    /// The subject (RFC 9493; SSF 1.0 §3.2 for the complex one).
    fn sub_id(&self, issuer: &str, realm: &Realm, stream: &Stream) -> Value {
        let user =
            |id: UserId| json!({ "format": "iss_sub", "iss": issuer, "sub": id.to_string() });
        match self.about {
            About::User(id) => user(id),
            About::Session(id, sid) => json!({
                "format": "complex",
                "user": user(id),
                "session": { "format": "opaque", "id": sid.to_string() },
                "tenant": { "format": "opaque", "id": realm.name },
            }),
            About::Stream => json!({ "format": "opaque", "id": stream.id.to_string() }),
        }
    }

    fn payload(&self) -> Value {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        match &self.kind {
            Kind::SessionRevoked
            | Kind::AccountDisabled
            | Kind::AccountEnabled
            | Kind::AccountPurged => {}
            Kind::CredentialChange { credential, change } => {
                put("credential_type", credential.clone().into());
                put("change_type", change.clone().into());
            }
            Kind::TokenClaimsChange { claims } => {
                put("claims", claims.clone().into());
            }
            Kind::Verification { state } => {
                if let Some(state) = state {
                    put("state", state.clone().into());
                }
            }
            Kind::StreamUpdated { status, reason } => {
                put("status", status.as_str().into());
                if let Some(reason) = reason {
                    put("reason", reason.clone().into());
                }
            }
        }
        if let Some(cause) = &self.cause {
            put("event_timestamp", self.at.secs().into());
            put("initiating_entity", cause.initiator.as_str().into());
            put("reason_admin", json!({ "en": cause.reason_admin }));
            if let Some(reason) = &cause.reason_user {
                put("reason_user", json!({ "en": reason }));
            }
        }
        Value::Object(out)
    }
}

/// Where an event about the stream itself stands, by its id.
pub(super) fn note_place(id: Uuid) -> [u8; 16] {
    let mut place = [0; 16];
    for (to, from) in place.iter_mut().skip(8).zip(id.as_bytes()) {
        *to = *from;
    }
    place
}

/// Something that happened, before it is known who hears of it.
pub struct Happened<'a> {
    /// The act, or an id of its own for a change without one.
    pub txn: Uuid,
    /// What.
    pub kind: Kind,
    /// To whom.
    pub about: About,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// For what the door does: that it goes onto the act's receipt, and whether the act is too large to look at each line.
    pub receipt: Option<bool>,
    /// The clients that took part, where the caller knows them; otherwise those that took part in anything of the person's.
    pub clients: Option<&'a [ClientId]>,
}

/// Adds an event to the caller's own commit for every stream whose receiver may hear of it. Costs one look at a cache
/// where a realm has no stream.
///
/// # Errors
/// [`Fault`] when streams, subjects or the user cannot be read.
pub async fn tell(
    ctx: &Context,
    realm: &Realm,
    batch: &mut Batch,
    happened: Happened<'_>,
) -> Result<(), Fault> {
    let streams = streams::of(ctx, realm).await?;
    if streams.is_empty() {
        return Ok(());
    }
    for heard in hearing::of(ctx, realm, &streams, &happened).await? {
        let channel = heard.stream.channel();
        let event = Event {
            id: ctx.new_id(),
            txn: happened.txn,
            kind: heard.kind,
            about: happened.about,
            at: happened.at,
            cause: Some(happened.cause.clone()),
            receipt: happened.receipt.map(|large| Line {
                client: heard.client.id,
                channel,
                large,
            }),
        };
        if let (Some(line), About::Session(user, sid)) = (event.receipt, event.about) {
            receipts::open(realm.id, &event, line, (user, sid), &heard.client, batch)?;
        }
        event.put(realm.id, heard.stream.id, batch)?;
    }
    Ok(())
}
