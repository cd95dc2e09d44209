//! Rows of a proof: what was tried how often, by whom, from where; so many of an act and no more.

use serde::{Deserialize, Serialize};

use super::{Kind, Use};
use crate::domain::time::Timestamp;

/// One kind of refused use: by one app's credential, from one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What was tried.
    pub kind: Kind,
    /// The `client_id` of the app that it was issued to.
    pub client_id: Option<String>,
    /// From which address.
    pub ip: Option<String>,
    /// When first.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// How often.
    pub count: u64,
}

impl Refused {
    /// A use that just happened.
    pub(super) fn first(tried: Use<'_>, at: Timestamp) -> Refused {
        let short = |text: &str| text.chars().take(LONGEST).collect::<String>();
        Refused {
            kind: tried.kind,
            client_id: tried.client_id.map(short),
            ip: Some(short(tried.ip)).filter(|ip| !ip.is_empty()),
            first_at: at,
            last_at: at,
            count: 1,
        }
    }

    fn is_like(&self, other: &Refused) -> bool {
        self.kind == other.kind && self.client_id == other.client_id && self.ip == other.ip
    }

    fn add(&mut self, other: &Refused) {
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
        self.count = self.count.saturating_add(other.count);
    }
}

/// Every refused use of what one act ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses(Vec<Refused>);

impl Uses {
    /// So many kinds, apps and addresses of an act are told apart; the rest is one row of others.
    pub const APART: usize = 64;

    /// The rows, in the order in which they were first counted; others last.
    pub fn rows(&self) -> &[Refused] {
        &self.0
    }

    /// How many uses there were.
    pub fn count(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum, row| row.count.saturating_add(sum))
    }

    /// Counts a row, as one of its own while there is room.
    pub(super) fn note(&mut self, row: &Refused) {
        let apart = self.0.iter().filter(|r| r.kind != Kind::Others).count();
        if row.kind != Kind::Others && apart < Self::APART && !self.has(row) {
            let others = |r: &Refused| r.kind == Kind::Others;
            let end = self.0.iter().position(others).unwrap_or(self.0.len());
            self.0.insert(end, row.clone());
        } else {
            self.note_known(row);
        }
    }

    /// Counts a row with one that is there, or among the others.
    pub(super) fn note_known(&mut self, row: &Refused) {
        if let Some(known) = self.0.iter_mut().find(|known| known.is_like(row)) {
            return known.add(row);
        }
        let other = Refused {
            kind: Kind::Others,
            client_id: None,
            ip: None,
            ..row.clone()
        };
        match self.0.iter_mut().find(|known| known.kind == Kind::Others) {
            Some(others) => others.add(&other),
            None => self.0.push(other),
        }
    }

    /// Adds all of another's.
    pub(super) fn merge(&mut self, more: &Uses) {
        for row in &more.0 {
            self.note(row);
        }
    }

    fn has(&self, row: &Refused) -> bool {
        self.0.iter().any(|known| known.is_like(row))
    }
}

/// The most characters kept of a text that came from outside.
const LONGEST: usize = 128;
