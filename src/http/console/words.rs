//! Moments and spans as people read them. Always UTC, always said so; the exact moment travels beside the words.

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::pages::Moment;
use crate::domain::time::{Span, Timestamp};

/// "40 ms", "1.2 s", "28 min": for what is mostly short.
pub fn brief(length: Span) -> String {
    match length.0 {
        ms @ 0..1000 => format!("{ms} ms"),
        ms @ 1000..60_000 => match (ms / 1000, ms % 1000 / 100) {
            (s, 0) => format!("{s} s"),
            (s, tenth) => format!("{s}.{tenth} s"),
        },
        _ => span(length),
    }
}

/// "14:00".
pub fn hour(at: Timestamp) -> String {
    form(at, "%H:%M")
}

/// "Sat 14:00".
pub fn weekday(at: Timestamp) -> String {
    form(at, "%a %H:%M")
}

/// "21 Nov".
pub fn day(at: Timestamp) -> String {
    form(at, "%-d %b")
}

/// "40 s", "28 min", "2 h 41 m", "3 d 4 h".
pub fn span(length: Span) -> String {
    match length.whole_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..86_400 => both((s / 3600, "h"), (s % 3600 / 60, "m")),
        s => both((s / 86_400, "d"), (s % 86_400 / 3600, "h")),
    }
}

/// The two highest units; the lower one only where there is some of it.
fn both(high: (u64, &str), low: (u64, &str)) -> String {
    match (high, low) {
        ((n, unit), (0, _)) => format!("{n} {unit}"),
        ((n, unit), (rest, part)) => format!("{n} {unit} {rest} {part}"),
    }
}

/// The same to the second: "4 min 12 s". For a bound that somebody will wait for.
pub fn exact_span(length: Span) -> String {
    match length.whole_secs() {
        s @ 60..3600 if s % 60 > 0 => format!("{} min {} s", s / 60, s % 60),
        _ => span(length),
    }
}

/// "now", "2 min ago".
pub fn ago(now: Timestamp, at: Timestamp) -> Moment {
    let since = now.since(at);
    let text = if since < Span::secs(45) {
        "now".to_owned()
    } else {
        format!("{} ago", span(since))
    };
    Moment {
        text,
        datetime: at.rfc3339(),
    }
}

/// "28 min", "due".
pub fn left(now: Timestamp, at: Timestamp) -> Moment {
    let text = if at > now {
        span(at.since(now))
    } else {
        "due".to_owned()
    };
    Moment {
        text,
        datetime: at.rfc3339(),
    }
}

/// "since 11:51 UTC", "since 20 Nov, 11:51 UTC".
pub fn since(now: Timestamp, at: Timestamp) -> Moment {
    Moment {
        text: format!("since {}", short(now, at)),
        datetime: at.rfc3339(),
    }
}

/// "22:00 UTC", "22 Nov, 22:00 UTC".
pub fn moment(now: Timestamp, at: Timestamp) -> Moment {
    Moment {
        text: short(now, at),
        datetime: at.rfc3339(),
    }
}

/// "today at 09:14 UTC", "on 20 Nov 2026 at 09:14 UTC".
pub fn in_sentence(now: Timestamp, at: Timestamp) -> String {
    if same_day(now, at) {
        form(at, "today at %H:%M UTC")
    } else {
        form(at, "on %-d %b %Y at %H:%M UTC")
    }
}

/// "14:32:07".
pub fn clock(at: Timestamp) -> Moment {
    Moment {
        text: form(at, "%H:%M:%S"),
        datetime: at.rfc3339(),
    }
}

/// "21 Nov 2026, 14:32:07 UTC".
pub fn full(at: Timestamp) -> Moment {
    Moment {
        text: form(at, "%-d %b %Y, %H:%M:%S UTC"),
        datetime: at.rfc3339(),
    }
}

fn short(now: Timestamp, at: Timestamp) -> String {
    if same_day(now, at) {
        form(at, "%H:%M UTC")
    } else {
        form(at, "%-d %b, %H:%M UTC")
    }
}

fn same_day(one: Timestamp, other: Timestamp) -> bool {
    one.0 / DAY == other.0 / DAY
}

fn form(at: Timestamp, how: &str) -> String {
    zoned(at).map_or_else(|| at.rfc3339(), |at| at.strftime(how).to_string())
}

fn zoned(at: Timestamp) -> Option<Zoned> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
    Some(at.to_zoned(TimeZone::UTC))
}

const DAY: u64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_the_script_writes_them() {
        let cases = [
            (40, "40 s"),
            (60, "1 min"),
            (1680, "28 min"),
            (9660, "2 h 41 m"),
            (14_400, "4 h"),
            (172_800, "2 d"),
            (273_600, "3 d 4 h"),
        ];
        for (secs, words) in cases {
            assert_eq!(span(Span::secs(secs)), words);
        }
        assert_eq!(exact_span(Span::secs(252)), "4 min 12 s");
        assert_eq!(exact_span(Span::secs(240)), "4 min");
    }

    #[test]
    fn a_moment_of_another_day_says_which() {
        let at = |text| Timestamp::parse(text).unwrap();
        let (now, today, before) = (
            at("2026-11-21T14:32:07Z"),
            at("2026-11-21T09:14:00Z"),
            at("2026-11-20T22:00:00Z"),
        );
        assert_eq!(since(now, today).text, "since 09:14 UTC");
        assert_eq!(since(now, before).text, "since 20 Nov, 22:00 UTC");
        assert_eq!(in_sentence(now, before), "on 20 Nov 2026 at 22:00 UTC");
        assert_eq!(full(now).text, "21 Nov 2026, 14:32:07 UTC");
        assert_eq!(ago(now, today).datetime, "2026-11-21T09:14:00.000Z");
        assert_eq!(left(now, today).text, "due");
    }
}
