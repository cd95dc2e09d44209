//! Hands the events of a push stream over (RFC 8935), strictly in order: the next one is not tried before the one in front
//! was taken, refused for good, or given up after a day. Who sends it is `deliver::push`; this says what, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::marks::{self, Lease, Marks, Read};
use super::queue::{self, Waiting};
use super::receipts::{self, Lines};
use super::{Method, Stream, bounds, settings, streams};
use crate::domain::id::{ClientId, RealmId, StreamId};
use crate::domain::outbox::wire::{Answered, Outgoing, WireError};
use crate::domain::outbox::{Attempt as Tried, Channel, DeliveryState, backoff};
use crate::domain::pulse::Told;
use crate::domain::realm::{self, Realm};
use crate::domain::time::{Span, Timestamp};
use crate::domain::token::issue;
use crate::domain::{Context, Fault, client};
use crate::store::{Batch, CommitError};

/// How long a receiver may take over one event.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that is read of an answer.
const MAX_ANSWER: usize = 8 * 1024;
/// How long a node has a stream to itself unless it goes on.
const LEASE: Span = Span::mins(1);
/// The longest pause between two attempts that nobody asked for: everything else waits behind the one in front.
const LONGEST_PAUSE: Span = Span::mins(5);

/// What is to be done for a stream.
pub enum Next {
    /// This is to be sent, and the attempt then [`settle`]d.
    Send(Outgoing, Box<Attempt>),
    /// Nothing yet: the one in front waits for its next attempt, or another node is at work.
    Later,
    /// Nothing.
    Idle,
}

/// One event on its way.
pub struct Attempt {
    realm: Arc<Realm>,
    stream: Arc<Stream>,
    front: Waiting,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The receiver has it.
    Taken,
    /// The receiver refused it for good.
    Rejected,
    /// It is tried again.
    Retrying,
    /// It is not tried any more.
    GaveUp,
    /// Another node was at it.
    Outrun,
}

impl Settled {
    fn as_str(self) -> &'static str {
        match self {
            Settled::Taken => "acknowledged",
            Settled::Rejected => "rejected",
            Settled::Retrying => "retry",
            Settled::GaveUp => "gave_up",
            Settled::Outrun => "outrun",
        }
    }
}

/// What is to be done next for a stream in which something waits. Takes the stream for this node.
///
/// # Errors
/// [`Fault`] when the store does not answer or a key cannot sign.
pub async fn next(ctx: &Context, realm: RealmId, id: StreamId) -> Result<Next, Fault> {
    let Some(stream) = streams::find(ctx, realm, id).await? else {
        // Its receiver deleted it while something was being put in.
        if streams::read(ctx, realm, id).await?.is_none() {
            bounds::forget(ctx, realm, id).await?;
        }
        return Ok(Next::Idle);
    };
    if !stream.is_push() {
        return Ok(Next::Idle);
    }
    let Some(realm) = realm::by_id(ctx, realm).await? else {
        return Ok(Next::Idle);
    };
    let client = client::by_id(ctx, &realm, stream.client).await?;
    // What waits for somebody who is switched off waits until they are on again.
    let is_on = realm.settings.shared_signals.enabled
        && client.is_some_and(|client| client.settings.enabled);
    // In this order: whoever takes the front one off writes the marks too, and the lease is taken at the version read here.
    // The other way round, what another node had just sent would be sent again behind what came after it.
    let mut read = marks::read(ctx, realm.id, id).await?;
    let (front, _) = queue::front(ctx, realm.id, &stream, 1).await?;
    let Some(front) = front.into_iter().next().filter(|_| is_on) else {
        release(ctx, realm.id, id, read).await?;
        return Ok(Next::Idle);
    };
    let now = ctx.now();
    if read.marks.next_attempt_at.is_some_and(|at| now < at) {
        release(ctx, realm.id, id, read).await?;
        return Ok(Next::Later);
    }
    match &read.marks.lease {
        Some(lease) if lease.node != ctx.node && now < lease.until => {
            return Ok(Next::Later);
        }
        // Still ours for longer than one attempt takes.
        Some(lease) if lease.node == ctx.node && lease.until >= now.plus(Span::secs(30)) => {}
        _ => {
            read.marks.lease = Some(lease(ctx, now));
            let mut batch = Batch::new();
            read.put(realm.id, id, &mut batch)?;
            match ctx.commit(batch).await {
                Ok(_) => {}
                Err(CommitError::Conflict { .. }) => return Ok(Next::Later),
                Err(error) => return Err(error.into()),
            }
        }
    }
    let outgoing = outgoing(ctx, &realm, &stream, &front).await?;
    let attempt = Attempt {
        realm,
        stream,
        front,
    };
    Ok(Next::Send(outgoing, Box::new(attempt)))
}

/// RFC 8935 §2: the token is the body.
async fn outgoing(
    ctx: &Context,
    realm: &Realm,
    stream: &Stream,
    front: &Waiting,
) -> Result<Outgoing, Fault> {
    let Method::Push { endpoint_url, .. } = &stream.method else {
        return Err(Fault::Record("push stream"));
    };
    let token = issue::security_event(ctx, realm, stream, &front.event).await?;
    let mut headers = vec![
        ("content-type", "application/secevent+jwt".to_owned()),
        ("accept", "application/json".to_owned()),
    ];
    if let Some(header) = settings::authorization(ctx, realm.id, stream)? {
        headers.push(("authorization", header.expose().to_owned()));
    }
    Ok(Outgoing {
        url: endpoint_url.clone(),
        headers,
        body: Bytes::from(token),
        timeout: PATIENCE,
        max_answer: MAX_ANSWER,
    })
}

/// What RFC 8935 §2.3 answers.
#[derive(Deserialize)]
struct Refusal {
    err: String,
    #[serde(default)]
    description: Option<String>,
}

/// Writes down what came of an attempt, in one commit with what follows from it.
///
/// # Errors
/// [`Fault`] when the store fails; the event is then tried again.
pub async fn settle(
    ctx: &Context,
    attempt: Box<Attempt>,
    came: Result<Answered, WireError>,
) -> Result<Settled, Fault> {
    let Attempt {
        realm,
        stream,
        front,
    } = *attempt;
    let verdict = judge(&came);
    let mut beside = vec![front.key.clone()];
    beside.extend(receipts::keys(realm.id, &front.event));
    let settled = marks::revise(
        ctx,
        (realm.id, stream.id),
        &beside,
        |marks, found, batch| {
            let ours = marks.lease.as_ref().is_some_and(|l| l.node == ctx.node);
            let still = found.get(&front.key);
            if !ours || still.is_none_or(|row| row.version != front.version) {
                return Ok(None);
            }
            let now = ctx.now();
            let settled = write_down(ctx, marks, &front, &verdict, now);
            marks.lease = Some(lease(ctx, now));
            if settled != Settled::Retrying {
                batch.take(front.key.clone(), front.version);
            }
            let state = match settled {
                Settled::Taken => DeliveryState::Acknowledged,
                Settled::Rejected => DeliveryState::Rejected,
                Settled::GaveUp => DeliveryState::GaveUp,
                Settled::Retrying | Settled::Outrun => DeliveryState::Pending,
            };
            let next = marks
                .next_attempt_at
                .filter(|_| settled == Settled::Retrying);
            let mut lines = Lines::default();
            let tried = attempt_of(now, &came, &verdict);
            lines.note(realm.id, &front.event, (state, next), tried, found, batch)?;
            lines.put(batch)?;
            Ok(Some(settled))
        },
    );
    let settled = settled.await?.unwrap_or(Settled::Outrun);
    if settled == Settled::GaveUp {
        bounds::give_up(ctx, realm.id, stream.id).await?;
    }
    if front.event.receipt.is_some() {
        let now = ctx.now();
        let told = match settled {
            Settled::Taken => Some(Told::Confirmed(now.since(front.event.at))),
            Settled::Rejected => Some(Told::Rejected),
            Settled::Retrying => Some(Told::Retrying),
            Settled::GaveUp => Some(Told::GaveUp),
            Settled::Outrun => None,
        };
        if let Some(told) = told {
            ctx.pulse.told(realm.id, now, told, 1);
        }
    }
    metrics::counter!(
        "realmkeep_delivery_attempts_total",
        "channel" => Channel::SsfPush.as_str(), "outcome" => settled.as_str()
    )
    .increment(1);
    Ok(settled)
}

fn attempt_of(at: Timestamp, came: &Result<Answered, WireError>, verdict: &Verdict) -> Tried {
    let words = match verdict {
        Verdict::Taken => "",
        Verdict::Refused(why) | Verdict::Again(why, _) => why,
    };
    let mut tried = receipts::said(at, words);
    if let Ok(answered) = came {
        tried.status = Some(answered.status);
        tried.took = u32::try_from(answered.took.as_millis()).unwrap_or(u32::MAX);
    }
    tried
}

fn write_down(
    ctx: &Context,
    marks: &mut Marks,
    front: &Waiting,
    verdict: &Verdict,
    now: Timestamp,
) -> Settled {
    marks.last_attempt_at = Some(now);
    match verdict {
        Verdict::Taken => {
            marks.took(1, now);
            Settled::Taken
        }
        Verdict::Refused(why) => {
            marks.bury(queue::letter(&front.event, why, now), true);
            // It answered: the next one is tried at once.
            marks.recovered();
            Settled::Rejected
        }
        Verdict::Again(why, pause) => {
            marks.failures = marks.failures.saturating_add(1);
            let since = *marks.failing_since.get_or_insert(now);
            marks.last_problem = Some(why.clone());
            let oldest = now.minus(backoff::GIVE_UP_AFTER);
            let gave_up = since <= oldest && front.event.at <= oldest;
            if gave_up {
                marks.bury(queue::letter(&front.event, why, now), false);
            }
            let [chance, ..] = ctx.random();
            let own = backoff::pause(marks.failures, chance).min(LONGEST_PAUSE);
            let asked = pause.unwrap_or_default().min(backoff::LONGEST);
            marks.next_attempt_at = Some(now.plus(own.max(asked)));
            if gave_up {
                Settled::GaveUp
            } else {
                Settled::Retrying
            }
        }
    }
}

fn lease(ctx: &Context, now: Timestamp) -> Lease {
    Lease {
        node: ctx.node.clone(),
        until: now.plus(LEASE),
    }
}

/// Lets what waits in a client's stream be tried now; whether it would have waited.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(in crate::domain) async fn hurry(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
) -> Result<bool, Fault> {
    let streams = streams::all(ctx, realm.id).await?;
    let Some(known) = streams.iter().find(|known| known.stream.client == client) else {
        return Ok(false);
    };
    let hurried = marks::revise(ctx, (realm.id, known.stream.id), &[], |marks, _, _| {
        Ok(marks.next_attempt_at.take())
    });
    let hurried = hurried.await?.is_some();
    if hurried {
        ctx.signals.outgoing.notify_one();
    }
    Ok(hurried)
}

/// Gives the stream back, so that another node need not wait for the lease to run out.
async fn release(ctx: &Context, realm: RealmId, id: StreamId, mut read: Read) -> Result<(), Fault> {
    if !matches!(&read.marks.lease, Some(lease) if lease.node == ctx.node) {
        return Ok(());
    }
    read.marks.lease = None;
    let mut batch = Batch::new();
    read.put(realm, id, &mut batch)?;
    match ctx.commit(batch).await {
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

enum Verdict {
    Taken,
    Refused(String),
    Again(String, Option<Span>),
}

/// RFC 8935 §2.2 to §2.4: 202 is an acknowledgement, 400 with an error code a refusal; everything else may pass.
fn judge(came: &Result<Answered, WireError>) -> Verdict {
    let answered = match came {
        Ok(answered) => answered,
        Err(error) => return Verdict::Again(error.to_string(), None),
    };
    match answered.status {
        202 => Verdict::Taken,
        400 => match serde_json::from_slice::<Refusal>(&answered.body) {
            Ok(Refusal { err, description }) => Verdict::Refused(match description {
                Some(words) => format!("{err}: {words}"),
                None => err,
            }),
            Err(_) => Verdict::Again(
                "the receiver answered 400 without an error".to_owned(),
                None,
            ),
        },
        status => {
            let asked = answered.retry_after.map(Span::secs);
            Verdict::Again(format!("the receiver answered {status}"), asked)
        }
    }
}
