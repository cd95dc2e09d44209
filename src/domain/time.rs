//! Time as the domain sees it: milliseconds, a clock that tests can move, and durations that people write as "30m".

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Whole seconds since the epoch: the NumericDate of RFC 7519 §2.
    pub fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// The moment `span` later, at most the end of time.
    pub fn plus(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }

    /// The moment `span` earlier, at least the epoch.
    pub fn minus(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Timestamp) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 with milliseconds, in UTC.
    pub fn rfc3339(self) -> String {
        i64::try_from(self.0)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .map_or_else(|| self.0.to_string(), |t| format!("{t:.3}"))
    }

    /// Reads RFC 3339, or a plain date meaning its first moment in UTC.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let at = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let date = text.parse::<jiff::civil::Date>().ok()?;
            Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        })?;
        u64::try_from(at.as_millisecond()).ok().map(Timestamp)
    }
}

/// A length of time in milliseconds. In files and REST bodies it is text such as `"30m"`, `"10h"` or `"1h 30m"`, or
/// `"off"` for zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Span {
    /// Nothing: where a policy allows it, "off".
    pub const ZERO: Span = Span(0);

    /// A span of whole seconds.
    pub const fn secs(secs: u64) -> Span {
        Span(secs * 1000)
    }

    /// A span of whole minutes.
    pub const fn mins(mins: u64) -> Span {
        Span::secs(mins * 60)
    }

    /// A span of whole hours.
    pub const fn hours(hours: u64) -> Span {
        Span::mins(hours * 60)
    }

    /// A span of whole days.
    pub const fn days(days: u64) -> Span {
        Span::hours(days * 24)
    }

    /// Whole seconds, rounded down: what `expires_in` says.
    pub fn whole_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The same length for timers.
    pub fn std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }

    /// Whether this is "off".
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("off");
        }
        let mut left = self.0;
        let mut first = true;
        for (unit, size) in UNITS {
            if left >= size {
                if !first {
                    f.write_str(" ")?;
                }
                write!(f, "{}{unit}", left / size)?;
                left %= size;
                first = false;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a duration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a duration such as \"30s\", \"5m\", \"10h\", \"30d\" or \"1h 30m\", found {0:?}")]
pub struct SpanError(String);

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Span, SpanError> {
        let refuse = || SpanError(text.chars().take(40).collect());
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if compact == "off" {
            return Ok(Span::ZERO);
        }
        let mut rest = compact.as_str();
        let mut total: u64 = 0;
        if rest.is_empty() {
            return Err(refuse());
        }
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .ok_or_else(refuse)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let size = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(refuse)?
                .1;
            let count: u64 = number.parse().map_err(|_| refuse())?;
            total = count
                .checked_mul(size)
                .and_then(|ms| total.checked_add(ms))
                .ok_or_else(refuse)?;
            rest = tail;
        }
        Ok(Span(total))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?
                .parse()
                .map_err(serde::de::Error::custom)
        } else {
            u64::deserialize(deserializer).map(Span)
        }
    }
}

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// The present moment where the store has a clock that all nodes share: what it tells is believed, whatever the
    /// machine's clock says. A clock that tests move carries it on.
    fn told(&self, by_store: Timestamp) -> Timestamp {
        by_store
    }
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the wall clock is read"
    )]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The machine's clock, moved forward by hand: for tests that must see a lifetime pass.
#[derive(Debug, Default)]
pub struct ManualClock {
    ahead: AtomicU64,
}

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, span: Span) {
        self.ahead.fetch_add(span.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.told(SystemClock.now())
    }

    fn told(&self, by_store: Timestamp) -> Timestamp {
        Timestamp(by_store.0 + self.ahead.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_back_as_it_was_written() {
        for (text, ms) in [
            ("30m", 1_800_000),
            ("1h 30m", 5_400_000),
            ("1s", 1000),
            ("off", 0),
            ("10h", 36_000_000),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.0, ms, "{text}");
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn a_bad_duration_says_what_was_expected() {
        for text in ["", "30", "m", "5 parsecs", "-3m", "99999999999999999999d"] {
            let error = text.parse::<Span>().unwrap_err().to_string();
            assert!(
                error.starts_with("expected a duration such as"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_plain_date_is_its_first_moment() {
        assert_eq!(
            Timestamp::parse("2026-11-20"),
            Timestamp::parse("2026-11-20T00:00:00Z")
        );
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
