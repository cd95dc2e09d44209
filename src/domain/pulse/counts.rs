//! What is counted in a slot of time, and how two slots are one.

use serde::{Deserialize, Serialize};

use crate::domain::signout::Reason;
use crate::domain::time::{Span, Timestamp};

/// Why somebody who wanted to sign in was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The name or the password was wrong.
    Credentials,
    /// The person is blocked or disabled.
    Blocked,
    /// Too many attempts.
    Throttled,
    /// A rule of the realm: as many sessions as are allowed, another address.
    Rule,
    /// More people signed in at this moment than the server can check.
    Busy,
}

impl Failure {
    /// All of them.
    pub const ALL: [Failure; 5] = [
        Failure::Credentials,
        Failure::Blocked,
        Failure::Throttled,
        Failure::Rule,
        Failure::Busy,
    ];

    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Failure::Credentials => "credentials",
            Failure::Blocked => "blocked",
            Failure::Throttled => "throttled",
            Failure::Rule => "rule",
            Failure::Busy => "busy",
        }
    }

    /// What people read.
    pub fn words(self) -> &'static str {
        match self {
            Failure::Credentials => "Wrong name or password",
            Failure::Blocked => "Blocked or disabled",
            Failure::Throttled => "Too many attempts",
            Failure::Rule => "A rule of the realm",
            Failure::Busy => "Server was busy",
        }
    }
}

/// What came of one attempt to tell an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It confirmed, so long after the cut.
    Confirmed(Span),
    /// It refused for good.
    Rejected,
    /// It is told again later.
    Retrying,
    /// It is not told any more.
    GaveUp,
}

/// How many notices were confirmed how long after the cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latencies(Vec<u64>);

impl Latencies {
    /// The upper ends of the buckets, in milliseconds; what took longer is in one more.
    pub const ENDS: [u64; 17] = [
        10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
        7_200_000, 21_600_000, 86_400_000,
    ];

    fn note(&mut self, took: Span, count: u64) {
        let at = Latencies::ENDS.iter().position(|end| took.0 <= *end);
        let at = at.unwrap_or(Latencies::ENDS.len());
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(bucket) = self.0.get_mut(at) {
            *bucket += count;
        }
    }

    fn add(&mut self, more: &Latencies) {
        if self.0.len() < more.0.len() {
            self.0.resize(more.0.len(), 0);
        }
        for (bucket, more) in self.0.iter_mut().zip(&more.0) {
            *bucket += more;
        }
    }

    /// How many in all.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How long so many in a hundred took at most, as exactly as the buckets tell; `None` of nothing.
    pub fn percentile(&self, percent: u64) -> Option<Span> {
        let count = self.count();
        let wanted = (count * percent).div_ceil(100).max(1);
        let mut passed = 0;
        let mut from = 0;
        for (at, bucket) in self.0.iter().enumerate() {
            let to = *Latencies::ENDS.get(at).unwrap_or(&from);
            if passed + bucket >= wanted {
                // As if they lay evenly between the bucket's ends.
                let within = (wanted - passed) * (to - from) / (*bucket).max(1);
                return Some(Span(from + within));
            }
            passed += bucket;
            from = to;
        }
        None
    }
}

/// How much there was at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// When the count was over.
    pub at: Timestamp,
    /// Active sessions.
    pub sessions: u64,
    /// People who have one.
    pub people: u64,
    /// Notices that wait to be told.
    pub waiting: u64,
}

impl Held {
    /// The most of either.
    fn most(self, other: Held) -> Held {
        Held {
            at: self.at.max(other.at),
            sessions: self.sessions.max(other.sessions),
            people: self.people.max(other.people),
            waiting: self.waiting.max(other.waiting),
        }
    }
}

/// What happened in a realm in a slot of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Sessions that started.
    pub sign_ins: u64,
    /// Sign-ins that were refused, by why.
    pub failures: Vec<(Failure, u64)>,
    /// Sessions that ended, by why.
    pub ended: Vec<(Reason, u64)>,
    /// When apps confirmed.
    pub confirmed: Latencies,
    /// Notices that apps refused for good.
    pub rejected: u64,
    /// Attempts that are made again.
    pub retried: u64,
    /// Notices that were given up.
    pub gave_up: u64,
    /// The most that there was at once; `None` when nobody counted.
    pub held: Option<Held>,
}

impl Counts {
    /// Whether nothing happened.
    pub fn is_nothing(&self) -> bool {
        *self == Counts::default()
    }

    /// Sign-ins that were refused.
    pub fn failed(&self) -> u64 {
        self.failures.iter().map(|(_, count)| count).sum()
    }

    /// Sessions that ended.
    pub fn sessions_ended(&self) -> u64 {
        self.ended.iter().map(|(_, count)| count).sum()
    }

    /// Counts sign-ins that were refused.
    pub fn fail(&mut self, why: Failure, count: u64) {
        bump(&mut self.failures, why, count);
    }

    /// Counts sessions that ended.
    pub fn end(&mut self, reason: Reason, count: u64) {
        bump(&mut self.ended, reason, count);
    }

    /// Counts notices.
    pub fn tell(&mut self, told: Told, notices: u64) {
        match told {
            Told::Confirmed(after) => self.confirmed.note(after, notices),
            Told::Rejected => self.rejected += notices,
            Told::Retrying => self.retried += notices,
            Told::GaveUp => self.gave_up += notices,
        }
    }

    /// Notes how much there was at a moment.
    pub fn hold(&mut self, held: Held) {
        self.held = Some(self.held.map_or(held, |before| before.most(held)));
    }

    /// Adds another slot, of another node or the next one.
    pub fn add(&mut self, more: &Counts) {
        self.sign_ins += more.sign_ins;
        for (why, count) in &more.failures {
            self.fail(*why, *count);
        }
        for (reason, count) in &more.ended {
            self.end(*reason, *count);
        }
        self.confirmed.add(&more.confirmed);
        self.rejected += more.rejected;
        self.retried += more.retried;
        self.gave_up += more.gave_up;
        if let Some(held) = more.held {
            self.hold(held);
        }
    }
}

fn bump<K: PartialEq>(list: &mut Vec<(K, u64)>, of: K, count: u64) {
    match list.iter_mut().find(|(known, _)| *known == of) {
        Some((_, kept)) => *kept += count,
        None => list.push((of, count)),
    }
}
