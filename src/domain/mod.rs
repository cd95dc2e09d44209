//! What we promise: facts, rules and the few verbs. Free of axum, of engines and of sockets.
//!
//! *One door*: a session ends in [`signout`]. *One mint*: a token is made in [`token::issue`]. *One judge*: whether
//! anything is still good is said in [`denial`].

pub mod access;
pub mod audit;
pub mod backup;
pub mod browser;
mod change;
pub mod client;
pub mod denial;
pub mod doctor;
pub mod entropy;
pub mod grant;
pub mod id;
pub mod key;
pub mod keys;
pub mod outbox;
pub mod overview;
pub mod proof;
pub mod pulse;
pub mod realm;
pub mod record;
pub mod restored;
pub mod sealing;
pub mod session;
pub mod signout;
pub mod ssf;
pub mod status;
pub mod sweep;
#[cfg(test)]
pub mod testing;
pub mod time;
pub mod token;
pub mod upgrade;
pub mod user;
pub mod walk;

use std::sync::Arc;

use crate::crypto::{Passwords, Vault};
use crate::store::{Batch, CommitError, Committed, Store, StoreError};
use entropy::Entropy;
use time::{Clock, Span, Timestamp};

/// Everything a verb needs from outside: what we remember, what time it is, chance, and the keys.
pub struct Context {
    /// What we remember.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The master key: seals what lies at rest and derives refresh tokens.
    pub vault: Vault,
    /// The threads that hash passwords.
    pub passwords: Arc<Passwords>,
    /// The root of every issuer and link, without a trailing slash. Never taken from a Host header.
    pub public_url: String,
    /// This process' name: the "Server" column.
    pub node: String,
    /// Realms and clients as last read, dropped when the change feed says so.
    pub catalog: realm::Catalog,
    /// Parsed signing keys.
    pub keys: keys::KeyRing,
    /// The order of ids within a millisecond.
    pub ids: id::Ids,
    /// Which large acts are being written out.
    pub door: signout::expand::Door,
    /// Event streams as last read, and the bells of those who wait for events.
    pub signals: ssf::Signals,
    /// Tells the workers that a commit filled a queue.
    pub bell: outbox::Bell,
    /// The one way out of the process, guarded.
    pub wire: Arc<dyn outbox::wire::Wire>,
    /// Refused uses of what acts ended, until they are written down.
    pub proofs: proof::Proofs,
    /// What happens in each realm, until it is written down.
    pub pulse: pulse::Pulse,
    /// Whose turn it is to start a session, where a realm counts them.
    pub turns: session::Turns,
    /// Status lists as last read, and indices to hand out.
    pub status: status::Lists,
    /// Rung when there are people to be imported.
    pub imports: tokio::sync::Notify,
    /// Slows down who guesses passwords, at this node.
    pub throttle: user::throttle::Throttle,
}

impl Context {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match self.store.clock() {
            // Nodes that share a store share its clock: theirs may differ.
            Some(moment) => self.clock.told(Timestamp(moment.millis)),
            None => self.clock.now(),
        }
    }

    /// The moment up to which a cut that is made now reaches: what another node acknowledged before this call began
    /// started at or before it, although no two nodes know the time to the same millisecond.
    pub fn cut(&self) -> Timestamp {
        let slack = self.store.clock().map_or(0, |moment| moment.within);
        self.now().plus(Span(slack))
    }

    /// An id from the context's clock and entropy (RFC 9562 §5.7), later than every id of this process before it.
    pub fn new_id(&self) -> uuid::Uuid {
        let mut random = [0u8; 10];
        self.entropy.fill(&mut random);
        self.ids.next(self.now(), random)
    }

    /// The same, not earlier than this moment.
    pub fn new_id_from(&self, at: Timestamp) -> uuid::Uuid {
        let mut random = [0u8; 10];
        self.entropy.fill(&mut random);
        self.ids.next(self.now().max(at), random)
    }

    /// Thirty-two random bytes: more than any guess will reach.
    pub fn random(&self) -> [u8; 32] {
        let mut bytes = [0u8; 32];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Commits a batch; answers only when it is durable.
    ///
    /// # Errors
    /// [`CommitError`]; on `Conflict` the caller reads again and decides again.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, CommitError> {
        let heard = outbox::Bell::heard(&batch);
        let marks = Context::marks(&batch);
        let committed = self.store.commit(batch).await;
        match &committed {
            Ok(_) => marks.iter().for_each(|key| self.status.note(key)),
            // Marked or not: to be read again.
            Err(CommitError::Unknown(_)) if !marks.is_empty() => self.status.clear(),
            Err(_) => {}
        }
        // Also after an outcome that is not known: looking for nothing costs nothing.
        self.bell.ring(heard);
        committed
    }
}

/// Why a verb could not decide. Never "no": refusals are answers, not faults.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store did not answer.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    /// The store did not take a commit.
    #[error("the store did not take the commit")]
    Commit(#[source] CommitError),
    /// Others kept changing the same records; worth another try.
    #[error("too many changes of the same records at once")]
    Busy,
    /// A stored record does not read.
    #[error("a stored {0} does not read")]
    Record(&'static str),
    /// Signing or sealing failed.
    #[error("a cryptographic operation failed: {0}")]
    Crypto(String),
}

impl Fault {
    /// Whether trying again soon may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Fault::Busy | Fault::Store(StoreError::Unavailable(_)) => true,
            Fault::Commit(
                CommitError::Unavailable(_)
                | CommitError::NoRoom(_)
                | CommitError::Unknown(_)
                | CommitError::Conflict { .. },
            ) => true,
            Fault::Store(_) | Fault::Commit(_) | Fault::Record(_) | Fault::Crypto(_) => false,
        }
    }
}

impl Fault {
    /// Whether what was asked may have been done all the same.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, Fault::Commit(CommitError::Unknown(_)))
    }

    /// Whether the disk has no room for anything but sign-outs.
    pub fn is_no_room(&self) -> bool {
        matches!(self, Fault::Commit(CommitError::NoRoom(_)))
    }
}

impl From<CommitError> for Fault {
    fn from(error: CommitError) -> Fault {
        match error {
            CommitError::Conflict { .. } => Fault::Busy,
            other => Fault::Commit(other),
        }
    }
}

/// How often a verb reads again and decides again after a conflict before it answers [`Fault::Busy`].
pub const TRIES: usize = 12;

/// Who asks.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Actor {
    /// What kind of asker.
    pub kind: ActorKind,
    /// A user's `sub`, a client's `client_id`, or the name of a part of the server.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// The realm the asker belongs to.
    pub realm: String,
    /// The asker's own current session, which no selection may end.
    pub sid: Option<id::Sid>,
    /// From which address.
    pub ip: Option<String>,
}

/// What kind of asker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// Somebody with a role.
    Admin,
    /// A person, about themselves.
    User,
    /// A client for itself.
    Client,
    /// The server: an expiry, a policy.
    System,
}

impl Actor {
    /// The server itself.
    pub fn system(part: &str) -> Actor {
        Actor {
            kind: ActorKind::System,
            id: part.to_owned(),
            name: "Realmkeep".to_owned(),
            realm: String::new(),
            sid: None,
            ip: None,
        }
    }
}
