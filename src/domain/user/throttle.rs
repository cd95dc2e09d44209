//! Slows down who guesses passwords: one bucket for a name from one address, one for the name from anywhere. And who guesses
//! the codes of devices: one bucket for an address, one for a browser.
//!
//! Every try is charged before the password is looked at, so that a thousand tries at once are not a thousand free ones;
//! a right password takes the charge back. Waits double and are bounded: nobody is ever locked out for good, and nobody
//! can lock somebody else out for good. In memory, for each node by itself; an administrator may look, and lift a wait.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::crypto;
use crate::domain::id::RealmId;
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::fold;

/// The tries of the recent past.
#[derive(Default)]
pub struct Throttle {
    buckets: Mutex<Buckets>,
}

/// A try that was let through.
#[derive(Clone, Copy)]
pub struct Attempt {
    /// A name from one address; or an address.
    pair: [u8; 32],
    /// The name from anywhere; or a browser.
    account: Option<[u8; 32]>,
    /// What more there is of a name.
    name: Option<Name>,
    charges: u32,
}

/// Where the longest wait of a name is, and when its waits were lifted.
#[derive(Clone, Copy)]
struct Name {
    waiting: [u8; 32],
    lifted: [u8; 32],
}

/// That sign-in with a name waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Until when.
    pub until: Timestamp,
    /// After how many tries in a row.
    pub tries: u32,
    /// Whether it waits from anywhere, and not from one address alone.
    pub anywhere: bool,
}

impl Attempt {
    /// Which of a row of tries this is, when it is worth a line in the log: the first, and a few of a long row. Charges
    /// are forgiven slowly, so that whoever guesses does not fill the log.
    pub fn noted(self) -> Option<u32> {
        matches!(self.charges, 1 | 5 | 20 | 100 | 1000).then_some(self.charges)
    }
}

/// Two generations: when the young one is full the old one is forgotten, and memory stays bounded.
#[derive(Default)]
struct Buckets {
    young: HashMap<[u8; 32], Bucket>,
    old: HashMap<[u8; 32], Bucket>,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    charges: u32,
    last: Timestamp,
    open_at: Timestamp,
}

struct Rule {
    /// So many tries in a row cost no wait.
    free: u32,
    /// The longest wait.
    longest: Span,
    /// One charge is forgiven each time this passes without a try.
    forgiven: Span,
}

/// A name from one address.
const PAIR: Rule = Rule {
    free: 5,
    longest: Span::secs(30),
    forgiven: Span::secs(30),
};
/// A name from anywhere: later and shorter, for its owner waits too.
const ACCOUNT: Rule = Rule {
    free: 20,
    longest: Span::secs(15),
    forgiven: Span::secs(15),
};
/// The most buckets in a generation: about 4 MiB.
const MOST: usize = 50_000;

impl Throttle {
    /// Charges a try, or answers how long to wait. A `known` browser, one that has the cookie of this user, is let past
    /// the bucket of the name: its owner is not kept out by strangers who guess.
    ///
    /// # Errors
    /// The wait.
    pub fn admit(
        &self,
        now: Timestamp,
        realm: RealmId,
        who: &str,
        ip: &str,
        known: bool,
    ) -> Result<Attempt, Span> {
        let folded = fold(who);
        let account = hash(realm, &folded, "");
        let attempt = Attempt {
            pair: hash(realm, &folded, &network(ip)),
            account: if known { None } else { Some(account) },
            name: Some(Name {
                waiting: hash(realm, &folded, WAITING),
                lifted: hash(realm, &folded, LIFTED),
            }),
            charges: 0,
        };
        self.charge(attempt, &ACCOUNT, now)
    }

    /// Charges a try at the code of a device, or answers how long to wait: whoever has many browsers has one address, and
    /// whoever has many addresses begins in each of them with a new browser. `browser` is a secret of this one.
    ///
    /// # Errors
    /// The wait.
    pub fn admit_code(
        &self,
        now: Timestamp,
        realm: RealmId,
        browser: &str,
        ip: &str,
    ) -> Result<Attempt, Span> {
        let attempt = Attempt {
            // No address and no name of a person looks like these.
            pair: hash(realm, "", &format!("codes from {}", network(ip))),
            account: Some(hash(realm, browser, "codes of")),
            name: None,
            charges: 0,
        };
        self.charge(attempt, &PAIR, now)
    }

    fn charge(&self, mut attempt: Attempt, second: &Rule, now: Timestamp) -> Result<Attempt, Span> {
        let mut buckets = self.lock();
        let mut pair = buckets.read(&attempt.pair);
        // Which addresses there were nobody knows: what is older than the lifting does not count.
        if let Some(name) = attempt.name
            && pair.last <= buckets.read(&name.lifted).last
        {
            pair = Bucket::default();
        }
        let pair = pair.charged(&PAIR, now)?;
        let account = attempt
            .account
            .map(|key| buckets.read(&key).charged(second, now))
            .transpose()?;
        attempt.charges = account.map_or(pair.charges, |account| account.charges);
        buckets.write(attempt.pair, pair);
        if let Some(name) = attempt.name
            && pair.open_at > now
            && pair.open_at >= buckets.read(&name.waiting).open_at
        {
            buckets.write(name.waiting, pair);
        }
        if let (Some(key), Some(account)) = (attempt.account, account) {
            buckets.write(key, account);
        }
        Ok(attempt)
    }

    /// Takes the charge of a try back: the password was right, or it was never looked at.
    pub fn forgive(&self, attempt: Attempt, now: Timestamp, was_right: bool) {
        let mut buckets = self.lock();
        // What is shown of it goes with it.
        let pair = buckets.read(&attempt.pair);
        let waiting = attempt.name.map(|name| name.waiting).filter(|key| {
            let waiting = buckets.read(key);
            waiting.charges > 0 && waiting.open_at == pair.open_at
        });
        let keys = [Some(attempt.pair), attempt.account, waiting];
        for key in keys.into_iter().flatten() {
            let mut bucket = buckets.read(&key);
            bucket.charges = if was_right && key == attempt.pair {
                0
            } else {
                bucket.charges.saturating_sub(1)
            };
            bucket.open_at = bucket.open_at.min(now);
            buckets.write(key, bucket);
        }
    }

    /// Whether sign-in with a name waits at this node, from anywhere or from one address at least.
    pub fn held(&self, now: Timestamp, realm: RealmId, who: &str) -> Option<Held> {
        let folded = fold(who);
        let buckets = self.lock();
        let held = |network: &str| {
            let bucket = buckets.read(&hash(realm, &folded, network));
            (bucket.open_at > now).then_some(Held {
                until: bucket.open_at,
                tries: bucket.charges,
                anywhere: network.is_empty(),
            })
        };
        held("").or_else(|| held(WAITING))
    }

    /// Lets a name try again at once at this node, from every address.
    pub fn lift(&self, now: Timestamp, realm: RealmId, who: &str) {
        let folded = fold(who);
        let mut buckets = self.lock();
        for network in ["", WAITING] {
            buckets.write(hash(realm, &folded, network), Bucket::default());
        }
        let lifted = Bucket {
            last: now,
            ..Bucket::default()
        };
        buckets.write(hash(realm, &folded, LIFTED), lifted);
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In the place of a network: the longest wait of any address.
const WAITING: &str = "waiting";
/// In the place of a network: when an administrator lifted the waits.
const LIFTED: &str = "lifted";

impl Buckets {
    fn read(&self, key: &[u8; 32]) -> Bucket {
        self.young
            .get(key)
            .or_else(|| self.old.get(key))
            .copied()
            .unwrap_or_default()
    }

    fn write(&mut self, key: [u8; 32], bucket: Bucket) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, bucket);
    }
}

impl Bucket {
    fn charged(mut self, rule: &Rule, now: Timestamp) -> Result<Bucket, Span> {
        if now < self.open_at {
            return Err(self.open_at.since(now));
        }
        let forgiven = now.since(self.last).0 / rule.forgiven.0;
        self.charges = self
            .charges
            .saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
            .saturating_add(1);
        self.last = now;
        if let Some(over) = self.charges.checked_sub(rule.free + 1) {
            let wait = Span::secs(1 << over.min(16)).min(rule.longest);
            self.open_at = now.plus(wait);
        }
        Ok(self)
    }
}

fn hash(realm: RealmId, folded: &str, network: &str) -> [u8; 32] {
    crypto::sha256(format!("{}\n{network}\n{folded}", realm.0).as_bytes())
}

/// One household: an IPv4 address, or the /64 that one subscriber has of IPv6.
fn network(ip: &str) -> String {
    match ip.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => ip.to_owned(),
    }
}

#[cfg(test)]
mod tests;
