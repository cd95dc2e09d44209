//! Epoch: "everything of this realm, user or client that started up to T is over, except these sids". One record that
//! the judge reads, so that a sign-out of a million sessions is one commit.

use serde::{Deserialize, Serialize};

use super::Reason;
use crate::domain::id::{Sid, SignOutId};
use crate::domain::session::Ended;
use crate::domain::time::Timestamp;

/// A cut through everything that started up to a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// What started at or before this is over.
    pub at: Timestamp,
    /// But not these sessions and what hangs on them.
    pub except: Vec<Sid>,
    /// Nor what this client was issued for itself.
    pub except_client: Option<String>,
    /// Whether families with `offline_access` are over too.
    pub offline: bool,
    /// Why.
    pub reason: Reason,
    /// By which act.
    pub sign_out: SignOutId,
}

impl Epoch {
    /// Whether it ends a session that started then.
    pub fn ends_session(&self, sid: Sid, started_at: Timestamp) -> bool {
        started_at <= self.at && !self.except.contains(&sid)
    }

    /// Whether it ends a family that started then.
    pub fn ends_family(&self, sid: Sid, started_at: Timestamp, offline: bool) -> bool {
        self.ends_session(sid, started_at) && (self.offline || !offline)
    }

    /// What an ended record says of it.
    pub fn ended(&self) -> Ended {
        Ended {
            at: self.at,
            reason: self.reason,
            sign_out: self.sign_out,
        }
    }
}
