//! A moment as people read it: in UTC, to the minute. Scripts show it in the reader's own zone.

use super::Words;
use crate::domain::time::Timestamp;

/// A date and a time of day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The year.
    pub year: i16,
    /// The month, from 0.
    pub month: usize,
    /// The day of the month.
    pub day: i8,
    /// The hour.
    pub hour: i8,
    /// The minute.
    pub minute: i8,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Moment {
        let at = i64::try_from(at.0)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .unwrap_or(jiff::Timestamp::MAX)
            .to_zoned(jiff::tz::TimeZone::UTC);
        Moment {
            year: at.year(),
            month: usize::try_from(at.month() - 1).unwrap_or_default(),
            day: at.day(),
            hour: at.hour(),
            minute: at.minute(),
        }
    }
}

impl Moment {
    /// "14:05".
    pub fn clock(&self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }

    /// The month's name out of twelve.
    pub fn month_of(&self, names: &[&'static str; 12]) -> &'static str {
        names.get(self.month).copied().unwrap_or_default()
    }
}

/// A moment on a page: for scripts and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// RFC 3339.
    pub datetime: String,
    /// In words.
    pub text: String,
}

impl When {
    /// A moment in the words of a language.
    pub fn of(words: &Words, at: Timestamp) -> When {
        When {
            datetime: at.rfc3339(),
            text: (words.frame.date)(Moment::from(at)),
        }
    }
}
