//! When to try again: twice as long after each attempt, with jitter, until a day has passed.

use crate::domain::time::{Span, Timestamp};

/// How long a delivery is tried.
pub const GIVE_UP_AFTER: Span = Span::hours(24);
/// The longest pause between two attempts.
pub const LONGEST: Span = Span::hours(1);
/// The pause after the first attempt.
const FIRST: Span = Span::secs(1);

/// The pause after this many attempts, between half of it and the whole: apps that failed together are not tried together.
/// `chance` is any random byte.
pub fn pause(attempts: u32, chance: u8) -> Span {
    let doubled = FIRST.0.saturating_mul(
        1u64.checked_shl(attempts.saturating_sub(1))
            .unwrap_or(u64::MAX),
    );
    let whole = doubled.min(LONGEST.0);
    Span(whole / 2 + whole / 2 * u64::from(chance) / 255)
}

/// When a delivery is tried next: never before the app's own `Retry-After`, and a last time when the day is over. `None`
/// when it is.
pub fn next(
    created_at: Timestamp,
    now: Timestamp,
    attempts: u32,
    retry_after: Option<u64>,
    chance: u8,
) -> Option<Timestamp> {
    let end = created_at.plus(GIVE_UP_AFTER);
    if now >= end {
        return None;
    }
    let asked = Span::secs(retry_after.unwrap_or(0)).min(LONGEST);
    Some(now.plus(pause(attempts, chance).max(asked)).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let whole = |n| pause(n, 255);
        assert_eq!(whole(1), Span::secs(1));
        assert_eq!(whole(2), Span::secs(2));
        assert_eq!(whole(5), Span::secs(16));
        assert_eq!(whole(13), LONGEST);
        assert_eq!(whole(1000), LONGEST);
        assert_eq!(pause(5, 0), Span::secs(8));
    }

    #[test]
    fn a_day_has_a_last_attempt_and_then_an_end() {
        let start = Timestamp(1_000_000);
        let (mut now, mut attempts) = (start, 1);
        while let Some(at) = next(start, now, attempts, None, 128) {
            assert!(at > now);
            (now, attempts) = (at, attempts + 1);
        }
        assert_eq!(now, start.plus(GIVE_UP_AFTER));
        assert!(attempts > 30 && attempts < 70, "{attempts}");
    }

    #[test]
    fn retry_after_is_honoured_within_reason() {
        let start = Timestamp(0);
        assert_eq!(next(start, start, 1, Some(90), 0), Some(Timestamp(90_000)));
        assert_eq!(
            next(start, start, 1, Some(1_000_000), 0),
            Some(start.plus(LONGEST))
        );
    }
}
