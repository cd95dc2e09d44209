//! Readiness: whether an app would learn of a sign-out, known before there is one.

use super::Channel;
use super::delivery::Attempt;
use super::queue::{self, Destination};
use super::standing::{self, Standing};
use super::trial::{self, Trial, Verdict};
use crate::domain::client::{self, Client};
use crate::domain::realm::Realm;
use crate::domain::ssf::{Method, bounds, marks, streams};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault};

/// How ready an app is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The ways in which it is told, if any.
    pub channels: Vec<Way>,
    /// How long whoever takes its tokens without asking can lag; `None` when nobody can.
    pub bound: Option<Span>,
    /// Why that long.
    pub why: String,
    /// What is wrong when that is longer than the realm allows.
    pub too_long: Option<String>,
    /// How it stands, all in all.
    pub state: State,
}

impl Readiness {
    /// How it stands, in a sentence.
    pub fn verdict(&self) -> &str {
        match (&self.too_long, self.state) {
            (Some(problem), _) => problem,
            (None, State::CannotLag) => &self.why,
            (None, state) => state.words(),
        }
    }
}

/// One way in which an app is told. Its own channels share one queue and one circuit; an event stream has its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The channel.
    pub channel: Channel,
    /// Where to.
    pub uri: String,
    /// When it last confirmed something, a trial included.
    pub last_good: Option<Timestamp>,
    /// The last attempt, a trial included.
    pub last: Option<Attempt>,
    /// Whether that was a trial.
    pub last_was_trial: bool,
    /// Whether a trial can be sent.
    pub triable: bool,
    /// Attempts in a row that got no answer.
    pub failures: u32,
    /// Until when nothing is sent, since it does not answer.
    pub open_until: Option<Timestamp>,
    /// Notices that wait, counted up to [`COUNTED`].
    pub queued: usize,
}

/// How an app stands, all in all. The worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It needs no telling: nothing that it holds is taken without asking.
    CannotLag,
    /// It confirmed the last thing it was told.
    Ready,
    /// It has a channel that nothing was ever sent through.
    Untried,
    /// It is not told; what it holds ends by itself.
    NotTold,
    /// It did not confirm the last thing it was told.
    Failing,
    /// It is not told, and lags longer than the realm allows.
    TooSlow,
}

impl State {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            State::CannotLag => "cannot_lag",
            State::Ready => "ready",
            State::Untried => "untried",
            State::NotTold => "not_told",
            State::Failing => "failing",
            State::TooSlow => "too_slow",
        }
    }

    /// What people read.
    fn words(self) -> &'static str {
        match self {
            State::CannotLag => "It cannot lag.",
            State::Ready => "It confirmed what it was last told.",
            State::Untried => "It can be told, and nobody has tried yet: send a test sign-out.",
            State::NotTold => {
                "It is not told. What it holds ends by itself, and a session of its own when it next asks."
            }
            State::Failing => "It did not confirm what it was last told.",
            State::TooSlow => "It is not told, and lags longer than this realm allows.",
        }
    }
}

/// The most notices counted of a queue.
pub const COUNTED: usize = 1000;

/// How ready an app is.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn of(ctx: &Context, realm: &Realm, client: &Client) -> Result<Readiness, Fault> {
    let settings = &client.settings;
    let triable = trial::triable(client);
    let uris = [
        (Channel::BackChannel, &settings.backchannel_logout_uri),
        (
            Channel::GlobalRevocation,
            &settings.global_token_revocation_endpoint,
        ),
        (Channel::Webhook, &settings.webhook_uri),
    ];
    let mut channels = Vec::new();
    let mut worst: Option<State> = None;
    for (channel, uri) in uris {
        let Some(uri) = uri else { continue };
        let destination = Destination::of(realm, client.id, channel);
        let standing = standing::read(ctx, &destination).await?;
        let queued = queue::length(ctx, &destination, COUNTED).await?;
        let trial = trial::last(ctx, realm, client, channel).await?;
        let (way, state) = way(channel, uri, &standing, trial);
        worst = worst.max(Some(state));
        channels.push(Way {
            triable: triable.contains(&channel),
            failures: standing.failures,
            open_until: standing.closed_until().filter(|until| *until > ctx.now()),
            queued,
            ..way
        });
    }
    let streams = streams(ctx, realm, client).await?;
    let is_told = client::is_told(settings) || !streams.is_empty();
    for (way, state) in streams {
        worst = worst.max(Some(state));
        channels.push(way);
    }
    let bound = client::bound(realm, settings);
    let too_long = client::too_long(realm, settings).filter(|_| !is_told);
    let state = match (&too_long, worst, bound) {
        (Some(_), _, _) => State::TooSlow,
        (None, Some(state), _) if is_told => state,
        (None, _, None) => State::CannotLag,
        (None, _, Some(_)) => State::NotTold,
    };
    Ok(Readiness {
        channels,
        bound,
        why: client::why(realm, client),
        too_long,
        state,
    })
}

/// The event streams through which it hears that a session is over. Each has a queue of its own.
async fn streams(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
) -> Result<Vec<(Way, State)>, Fault> {
    let mut ways = Vec::new();
    for known in streams::of(ctx, realm).await?.iter() {
        let stream = &known.stream;
        if stream.client != client.id || !stream.tells_of_sign_outs() {
            continue;
        }
        let marks = marks::of(ctx, realm.id, stream.id).await?;
        let (queued, _) = bounds::count(ctx, realm.id, stream.id).await?;
        let state = match (marks.failures, marks.last_delivery_at) {
            (1.., _) => State::Failing,
            (0, None) => State::Untried,
            (0, Some(_)) => State::Ready,
        };
        let last = marks.last_attempt_at.map(|at| Attempt {
            at,
            took: 0,
            status: None,
            text: marks.last_problem.clone().unwrap_or_default(),
        });
        let way = Way {
            channel: stream.channel(),
            uri: match &stream.method {
                Method::Push { endpoint_url, .. } => endpoint_url.clone(),
                Method::Poll => String::new(),
            },
            last_good: marks.last_delivery_at,
            last: last.filter(|_| marks.failures > 0),
            last_was_trial: false,
            triable: false,
            failures: marks.failures,
            open_until: marks.next_attempt_at.filter(|until| *until > ctx.now()),
            queued,
        };
        ways.push((way, state));
    }
    Ok(ways)
}

fn way(channel: Channel, uri: &str, standing: &Standing, trial: Option<Trial>) -> (Way, State) {
    let real = standing;
    let tried = trial
        .and_then(|trial| Some((trial.attempt?, trial.verdict == Some(Verdict::Acknowledged))));
    let confirmed = tried.as_ref().filter(|(_, good)| *good);
    let last_good = real.last_good.max(confirmed.map(|(attempt, _)| attempt.at));
    let last_was_trial = match (&real.last, &tried) {
        (Some(real), Some((trial, _))) => trial.at > real.at,
        (None, Some(_)) => true,
        _ => false,
    };
    let last = match tried {
        Some((attempt, _)) if last_was_trial => Some(attempt),
        _ => real.last.clone(),
    };
    let state = match (&last, last_good) {
        (None, _) => State::Untried,
        (Some(last), Some(good)) if good >= last.at => State::Ready,
        (Some(_), _) => State::Failing,
    };
    let way = Way {
        channel,
        uri: uri.to_owned(),
        last_good,
        last,
        last_was_trial,
        triable: false,
        failures: 0,
        open_until: None,
        queued: 0,
    };
    (way, state)
}
