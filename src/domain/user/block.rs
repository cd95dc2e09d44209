//! Blocked sign-in: a person who may not sign in until a moment, or until an administrator lifts it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::by_id;
use super::deed::{deed, everything_of, record, refuse_own_account};
use super::verbs::UserError;
use crate::domain::change;
use crate::domain::id::{SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, encode_json};
use crate::domain::signout::{self, BlockOrder, EndError, Reason, Request, SignOut};
use crate::domain::time::Timestamp;
use crate::domain::{Actor, Context, Fault, TRIES, key};
use crate::store::Batch;

/// That somebody may not sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Until when; `None` until it is lifted.
    pub until: Option<Timestamp>,
    /// Since when.
    pub at: Timestamp,
    /// Who blocked them.
    pub by: String,
    /// Why, in words.
    pub why: Option<String>,
    /// The act that came with it.
    pub sign_out: Option<SignOutId>,
}

impl Block {
    /// A block from now on.
    pub fn new(actor: &Actor, at: Timestamp, until: Option<Timestamp>) -> Block {
        Block {
            until,
            at,
            by: actor.name.clone(),
            why: None,
            sign_out: None,
        }
    }

    /// Whether it still holds.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Until when, as the API and realm files say it.
    pub fn until_text(&self) -> String {
        until_text(self.until)
    }
}

/// `lifted`, or the moment (RFC 3339).
pub fn until_text(until: Option<Timestamp>) -> String {
    until.map_or_else(|| LIFTED.to_owned(), Timestamp::rfc3339)
}

/// What a change of a user says of their sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blocking {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// A block is lifted.
    Lift,
    /// Blocked until a moment, or until it is lifted.
    Until(Option<Timestamp>),
}

impl Blocking {
    /// Whether it changes nothing.
    pub fn is_keep(&self) -> bool {
        *self == Blocking::Keep
    }

    /// Reads `"lifted"` or a moment.
    pub fn parse(text: &str) -> Option<Blocking> {
        match text {
            LIFTED => Some(Blocking::Until(None)),
            text => Timestamp::parse(text).map(|at| Blocking::Until(Some(at))),
        }
    }
}

impl Serialize for Blocking {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Blocking::Keep | Blocking::Lift => serializer.serialize_none(),
            Blocking::Until(until) => serializer.serialize_str(&until_text(*until)),
        }
    }
}

impl<'de> Deserialize<'de> for Blocking {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blocking, D::Error> {
        let text = String::deserialize(deserializer)?;
        Blocking::parse(&text).ok_or_else(|| {
            let found: String = text.chars().take(40).collect();
            serde::de::Error::custom(format!("expected {EXPECTED}, found {found:?}"))
        })
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "until {}", self.until_text())?;
        match &self.why {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}

/// What is said with a block.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Until when; `None` until it is lifted.
    pub until: Option<Timestamp>,
    /// Why, in words.
    pub why: Option<String>,
    /// A note for the audit log.
    pub note: Option<String>,
    /// What the person is told where they were signed in.
    pub message: Option<String>,
}

/// Blocks a user's sign-in until a moment or until it is lifted; every session ends in the same commit.
///
/// # Errors
/// [`UserError`].
pub async fn block(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
    words: Words,
) -> Result<SignOut, UserError> {
    refuse_own_account(realm, actor, id, "block")?;
    by_id(ctx, realm, id).await?.ok_or(UserError::NotFound)?;
    let request = Request {
        block: Some(BlockOrder {
            until: words.until,
            administrators: true,
        }),
        why: words.why,
        note: words.note,
        message: words.message,
        ..everything_of(id, Reason::SignInBlocked, &deed(ctx, actor))
    };
    match signout::end(ctx, realm, &request).await {
        Ok(act) => Ok(act),
        Err(EndError::Fault(fault)) => Err(fault.into()),
        // Answers to selections of sessions.
        Err(EndError::OnlyOwn | EndError::Nothing) => {
            Err(Fault::Record("selection of a block").into())
        }
    }
}

/// Lifts a user's block. Answers whether there was one.
///
/// # Errors
/// [`UserError`].
pub async fn unblock(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
) -> Result<bool, UserError> {
    for _ in 0..TRIES {
        let Versioned { mut value, version } =
            by_id(ctx, realm, id).await?.ok_or(UserError::NotFound)?;
        let Some(block) = value.blocked.take() else {
            return Ok(false);
        };
        let mut batch = Batch::new();
        batch.replace(key::user(realm.id, id), version, encode_json(&value)?);
        let detail = Some(format!("was blocked {block}"));
        record(
            &mut batch,
            ctx,
            realm,
            actor,
            &value,
            ("user.unblock", detail),
        )?;
        if change::commit(ctx, realm, batch, None).await?.is_ok() {
            return Ok(true);
        }
    }
    Err(Fault::Busy.into())
}

/// What `blocked_until` takes.
pub const EXPECTED: &str =
    "\"lifted\" (until an administrator lifts it) or a time such as \"2027-03-01T08:00:00Z\"";
const LIFTED: &str = "lifted";
