//! Trial: a notice about nobody, sent at once, so that an app's way of being told is known to work before it is needed.
//! What comes of it is kept with the app, beside how it stood up to real notices.

use serde::{Deserialize, Serialize};

use super::delivery::Attempt;
use super::send::{Outcome, said};
use super::{Channel, backchannel, webhook};
use crate::domain::audit::{self, Entry};
use crate::domain::client::{Client, channels};
use crate::domain::id::{Sid, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{encode, versioned};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Actor, Context, Fault, key};
use crate::store::{Batch, CommitError};

/// The last trial of one channel of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// When it began.
    pub at: Timestamp,
    /// What the app answered; `None` while it is under way, or when the process ended before it did.
    pub attempt: Option<Attempt>,
    /// What a notice that is answered so would come to.
    pub verdict: Option<Verdict>,
}

/// What a notice that is answered so would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The app confirmed.
    Acknowledged,
    /// The app refused it for good.
    Rejected,
    /// It would be sent again.
    Retried,
}

impl Verdict {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Acknowledged => "acknowledged",
            Verdict::Rejected => "rejected",
            Verdict::Retried => "retried",
        }
    }

    /// What people read.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Acknowledged => "The app confirmed. It can be told of a sign-out.",
            Verdict::Rejected => {
                "The app refused the message. Some refuse what names a session they do not know; look at what it said. \
                 A real sign-out that is answered so counts as refused and is not sent again."
            }
            Verdict::Retried => {
                "The app did not confirm. A real sign-out would be sent again, for a day at most."
            }
        }
    }
}

/// Why nothing was tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The app has no channel, or not this one.
    #[error(
        "the client has no channel that can be tried: it needs a backchannel_logout_uri or a webhook_uri"
    )]
    NoChannel,
    /// A command to revoke everything of a user knows no trial.
    #[error("a command to revoke everything of a user cannot be tried: there is no harmless one")]
    Harmful,
    /// It was tried just now.
    #[error("it was tried just now; wait {0}")]
    TooSoon(Span),
    /// It could not be decided.
    #[error("it could not be tried")]
    Fault(#[from] Fault),
}

/// Between two trials of a channel.
const PAUSE: Span = Span::secs(2);

/// The last trial of a channel.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn last(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    channel: Channel,
) -> Result<Option<Trial>, Fault> {
    let at = key::tested(realm.id, client.id, channel.byte());
    Ok(versioned::<Trial>(ctx.store.get(&at).await?, "trial")?.map(|read| read.value))
}

/// The channels that can be tried.
pub fn triable(client: &Client) -> Vec<Channel> {
    let settings = &client.settings;
    let mut all = Vec::new();
    if settings.backchannel_logout_uri.is_some() {
        all.push(Channel::BackChannel);
    }
    if settings.webhook_uri.is_some() {
        all.push(Channel::Webhook);
    }
    all
}

/// Sends a real notice about a user and a session that nobody has, and answers what came of it. At most one every two
/// seconds a channel; each is on the audit log.
///
/// # Errors
/// [`TrialError`]; nothing was sent then.
pub async fn run(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    client: &Client,
    channel: Option<Channel>,
) -> Result<(Channel, Trial), TrialError> {
    let all = triable(client);
    let channel = match channel.or(all.first().copied()) {
        Some(Channel::GlobalRevocation) => return Err(TrialError::Harmful),
        Some(channel) if all.contains(&channel) => channel,
        _ => return Err(TrialError::NoChannel),
    };
    let began = begin(ctx, realm, actor, client, channel).await?;
    let outgoing = match (channel, &client.settings) {
        (Channel::BackChannel, settings) => {
            let uri = settings.backchannel_logout_uri.clone().unwrap_or_default();
            let (user, sid) = (UserId(ctx.new_id()), Sid(ctx.new_id()));
            backchannel::outgoing(ctx, realm, client, uri, user, Some(sid)).await?
        }
        (_, settings) => {
            let key = channels::webhook_key(ctx, realm, client)?.ok_or(TrialError::NoChannel)?;
            let uri = settings.webhook_uri.as_deref().unwrap_or_default();
            webhook::outgoing(uri, &key, &webhook::trial(ctx, realm, client), began)
        }
    };
    let answer = ctx.wire.send(outgoing).await;
    let took = u32::try_from(ctx.now().since(began).0).unwrap_or(u32::MAX);
    let (attempt, verdict) = match answer {
        Ok(answered) => {
            let outcome = match channel {
                Channel::BackChannel => backchannel::outcome(&answered),
                _ => webhook::outcome(&answered),
            };
            let verdict = match outcome {
                Outcome::Acknowledged => Verdict::Acknowledged,
                Outcome::Rejected => Verdict::Rejected,
                Outcome::Retry { .. } | Outcome::GiveUp | Outcome::Nothing => Verdict::Retried,
            };
            let text = String::from_utf8_lossy(&answered.body);
            (said(began, took, Some(answered.status), &text), verdict)
        }
        Err(error) => (
            said(began, took, None, &error.to_string()),
            Verdict::Retried,
        ),
    };
    let trial = Trial {
        at: began,
        attempt: Some(attempt),
        verdict: Some(verdict),
    };
    let mut batch = Batch::new();
    let at = key::tested(realm.id, client.id, channel.byte());
    batch.put(at, encode(&trial)?);
    ctx.commit(batch).await.map_err(Fault::from)?;
    Ok((channel, trial))
}

/// Writes down that it is tried now, guarded: of two at once only one is.
async fn begin(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    client: &Client,
    channel: Channel,
) -> Result<Timestamp, TrialError> {
    let at = key::tested(realm.id, client.id, channel.byte());
    let before = versioned::<Trial>(ctx.store.get(&at).await.map_err(Fault::from)?, "trial")?;
    let now = ctx.now();
    let trial = encode(&Trial {
        at: now,
        attempt: None,
        verdict: None,
    })?;
    let mut batch = Batch::new();
    match before {
        None => batch.create(at, trial),
        Some(read) => {
            let free = read.value.at.plus(PAUSE);
            if now < free {
                return Err(TrialError::TooSoon(free.since(now)));
            }
            batch.replace(at, read.version, trial)
        }
    };
    let entry = Entry {
        actor,
        action: "client.test_sign_out",
        target_kind: "client",
        target: client.client_id().to_owned(),
        detail: Some(channel.as_str().to_owned()),
    };
    audit::record(&mut batch, ctx, realm.id, &entry)?;
    match ctx.commit(batch).await {
        Ok(_) => Ok(now),
        Err(CommitError::Conflict { .. }) => Err(TrialError::TooSoon(PAUSE)),
        Err(error) => Err(Fault::from(error).into()),
    }
}
