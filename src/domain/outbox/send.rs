//! One attempt: what is due for one person or one session is made into a request, sent, and its answer read.

use std::collections::HashMap;

use super::delivery::{Attempt, TEXT};
use super::queue::Queued;
use super::wire::{Answered, Outgoing, WireError};
use super::{Channel, Delivery, DeliveryState, backchannel, backoff, revocation, webhook};
use crate::domain::client::{self, Client, channels};
use crate::domain::id::{ClientId, Sid, SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, denial, key};
use crate::store::{Dir, KeysOrRecords};

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The app confirmed.
    Acknowledged,
    /// The app refused it for good.
    Rejected,
    /// Something is in the way that may pass; not before so many seconds, if the app said so.
    Retry {
        /// Seconds.
        after: Option<u64>,
    },
    /// It can never be sent, or its day is over.
    GiveUp,
    /// It was settled before: only its place in the queue is left.
    Nothing,
}

/// Deliveries that one request tells of: one, or all of a person's sessions at an app that takes notices without `sid`.
#[derive(Debug)]
pub struct Notice {
    /// Their places in the queue.
    pub queued: Vec<Queued>,
    /// Whether the request names the user alone.
    pub user_wide: bool,
}

/// A notice that was tried.
#[derive(Debug)]
pub struct Tried {
    /// The notice.
    pub notice: Notice,
    /// The attempt.
    pub attempt: Attempt,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether the app answered at all: what its circuit is judged by.
    pub answered: bool,
}

/// Makes notices of what is due: deliveries of one act for one person go together where the app takes that and where it is
/// still true that nothing of theirs is left.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn notices(
    ctx: &Context,
    realm: &Realm,
    client: Option<&Client>,
    due: Vec<Queued>,
) -> Result<Vec<Notice>, Fault> {
    let takes = client.is_some_and(|c| c.settings.backchannel_logout_user_wide);
    let mut notices: Vec<Notice> = Vec::new();
    let mut together: HashMap<(SignOutId, UserId, Channel), Option<usize>> = HashMap::new();
    for queued in due {
        let entry = &queued.entry;
        let alone = match entry.channel {
            Channel::BackChannel => !(takes && entry.whole),
            // One command is about everything of a person, however many sessions ended.
            Channel::GlobalRevocation => false,
            Channel::Webhook | Channel::SsfPush | Channel::SsfPoll | Channel::None => true,
        };
        if alone {
            notices.push(Notice {
                queued: vec![queued],
                user_wide: false,
            });
            continue;
        }
        let of = (entry.sign_out, entry.user, entry.channel);
        let at = match together.get(&of) {
            Some(at) => *at,
            None => {
                // A command has no narrower form. Whoever is back by then is signed in again by their new session.
                let back = entry.channel == Channel::BackChannel
                    && came_back(ctx, realm, entry.client, entry.user, entry.created_at).await?;
                let at = (!back).then_some(notices.len());
                together.insert(of, at);
                at
            }
        };
        match at {
            // They are back: a notice about all of them would end what they have just started.
            None => notices.push(Notice {
                queued: vec![queued],
                user_wide: false,
            }),
            Some(at) => match notices.get_mut(at) {
                Some(notice) => notice.queued.push(queued),
                None => notices.push(Notice {
                    queued: vec![queued],
                    user_wide: true,
                }),
            },
        }
    }
    Ok(notices)
}

/// Whether a person has a session at this app that started since.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn came_back(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
    user: UserId,
    since: Timestamp,
) -> Result<bool, Fault> {
    let range = key::sessions_by_user(realm.id, user);
    let page = ctx
        .store
        .scan(&range, None, 100, Dir::Reverse, KeysOrRecords::KeysOnly)
        .await?;
    let sids: Vec<Sid> = page
        .records
        .iter()
        .filter_map(|r| key::tail(&r.key))
        .filter_map(|t| Sid::from_bytes(&t))
        .filter(|sid| sid.is_since(since))
        .collect();
    let judged = denial::sessions(ctx, realm, &sids).await?;
    let good = judged.into_iter().filter_map(|(_, verdict)| verdict.ok());
    Ok(good.map(|active| active.session).any(|session| {
        session.started_at > since && session.clients.iter().any(|c| c.client == client)
    }))
}

/// Tries a notice once.
///
/// # Errors
/// [`Fault`] when the store does not answer or nothing can be signed; the notice stays where it is then.
pub async fn attempt(
    ctx: &Context,
    realm: &Realm,
    client: Option<&Client>,
    notice: Notice,
    failing: bool,
) -> Result<Tried, Fault> {
    let at = ctx.now();
    let nothing = |notice, outcome, text: &str| Tried {
        notice,
        attempt: said(at, 0, None, text),
        outcome,
        answered: true,
    };
    let Some(first) = notice.queued.first() else {
        return Ok(nothing(notice, Outcome::Nothing, ""));
    };
    let entry = first.entry.clone();
    let Some(delivery) = find(ctx, realm, &entry).await? else {
        return Ok(nothing(notice, Outcome::Nothing, ""));
    };
    if delivery.state != DeliveryState::Pending {
        return Ok(nothing(notice, Outcome::Nothing, ""));
    }
    if failing && at >= entry.created_at.plus(backoff::GIVE_UP_AFTER) {
        let text = "the app did not answer for a day";
        return Ok(nothing(notice, Outcome::GiveUp, text));
    }
    let outgoing = outgoing(ctx, realm, client, &entry, &delivery, notice.user_wide);
    let outgoing = match outgoing.await? {
        Ok(outgoing) => outgoing,
        Err(why) => return Ok(nothing(notice, Outcome::GiveUp, why)),
    };
    let answer = ctx.wire.send(outgoing).await;
    let took = u32::try_from(ctx.now().since(at).0).unwrap_or(u32::MAX);
    Ok(read(notice, entry.channel, at, took, answer))
}

/// Reads what came back.
fn read(
    notice: Notice,
    channel: Channel,
    at: Timestamp,
    took: u32,
    answer: Result<Answered, WireError>,
) -> Tried {
    match answer {
        Ok(answered) => {
            let outcome = match channel {
                Channel::BackChannel => backchannel::outcome(&answered),
                Channel::GlobalRevocation => revocation::outcome(&answered),
                Channel::Webhook => webhook::outcome(&answered),
                Channel::SsfPush | Channel::SsfPoll | Channel::None => Outcome::GiveUp,
            };
            let text = match outcome {
                Outcome::Acknowledged => String::new(),
                _ => String::from_utf8_lossy(&answered.body).into_owned(),
            };
            Tried {
                notice,
                attempt: said(at, took, Some(answered.status), &text),
                outcome,
                answered: answered.status < 500,
            }
        }
        Err(error) => Tried {
            notice,
            attempt: said(at, took, None, &error.to_string()),
            outcome: Outcome::Retry { after: None },
            answered: false,
        },
    }
}

/// An attempt in the few words that are kept: no control characters, whatever an app answers.
pub(super) fn said(at: Timestamp, took: u32, status: Option<u16>, text: &str) -> Attempt {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    Attempt {
        at,
        took,
        status,
        text: text.trim().chars().take(TEXT).map(plain).collect(),
    }
}

async fn find(
    ctx: &Context,
    realm: &Realm,
    entry: &super::Entry,
) -> Result<Option<Delivery>, Fault> {
    let at = key::delivery(
        realm.id,
        entry.sign_out,
        entry.client,
        entry.channel.byte(),
        entry.sid,
    );
    let stored = ctx.store.get(&at).await?;
    stored.map(|r| decode(&r.value, "delivery")).transpose()
}

/// The request of a delivery, or why there can be none.
async fn outgoing(
    ctx: &Context,
    realm: &Realm,
    client: Option<&Client>,
    entry: &super::Entry,
    delivery: &Delivery,
    user_wide: bool,
) -> Result<Result<Outgoing, &'static str>, Fault> {
    let gone;
    let client = match client {
        Some(client) => client,
        // Deleted: what the door wrote down is enough to tell it.
        None => {
            gone = client::gone(&delivery.client_id);
            &gone
        }
    };
    match delivery.channel {
        Channel::BackChannel => {
            let settings = &client.settings;
            let uri = settings.backchannel_logout_uri.as_ref();
            let Some(uri) = uri.or(delivery.uri.as_ref()) else {
                return Ok(Err("the app no longer has a backchannel_logout_uri"));
            };
            let sid = (!user_wide).then_some(delivery.sid);
            backchannel::outgoing(ctx, realm, client, uri.clone(), delivery.user, sid)
                .await
                .map(Ok)
        }
        Channel::GlobalRevocation => {
            let Some(endpoint) = &client.settings.global_token_revocation_endpoint else {
                return Ok(Err(
                    "the app no longer has a global_token_revocation_endpoint",
                ));
            };
            revocation::outgoing(ctx, realm, client, endpoint, delivery.user)
                .await
                .map(Ok)
        }
        Channel::Webhook => {
            let (Some(uri), Some(key)) = (
                &client.settings.webhook_uri,
                channels::webhook_key(ctx, realm, client)?,
            ) else {
                return Ok(Err("the app no longer has a webhook_uri"));
            };
            let event = webhook::event(ctx, realm, client, entry.sign_out, delivery).await?;
            Ok(Ok(webhook::outgoing(uri, &key, &event, ctx.now())))
        }
        // What waits in an event stream waits there.
        Channel::SsfPush | Channel::SsfPoll | Channel::None => Ok(Err("the app takes no messages")),
    }
}
