//! A demo application's own sessions: in memory, found by a random cookie of which only the hash is kept.
//!
//! An ended one leaves a note behind, so that the next page load can say what happened instead of showing a stranger's
//! page.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openidconnect::{AccessToken, Nonce, PkceCodeVerifier, RefreshToken};

use crate::crypto::{same, sha256};
use crate::domain::time::{Clock as _, SystemClock, Timestamp};

use super::provider::IdToken;

/// Who is signed in, by the hash of the cookie, and which sign-ins are under way, by `state`.
#[derive(Default)]
pub(super) struct Sessions {
    kept: Mutex<HashMap<Key, (Timestamp, Kept)>>,
    pending: Mutex<HashMap<String, Pending>>,
}

/// The hash of a session cookie.
pub(super) type Key = [u8; 32];

/// What a cookie leads to.
#[derive(Clone)]
pub(super) enum Kept {
    /// Somebody is signed in, as far as this application knows.
    Live(Arc<Session>),
    /// Somebody was.
    Ended(Arc<Ended>),
}

/// One signed-in browser.
pub(super) struct Session {
    /// The user.
    pub(super) sub: String,
    /// The provider's session.
    pub(super) sid: Option<String>,
    /// When the user gave credentials.
    pub(super) auth_time: Option<Timestamp>,
    /// The ID token, the hint of a later sign-out.
    pub(super) id_token: IdToken,
    /// What opens doors. Behind a lock that waits, so that two page loads never use one refresh token twice.
    pub(super) tokens: tokio::sync::Mutex<Tokens>,
    /// The last answer of the protected resource.
    pub(super) call: Mutex<Option<Call>>,
}

/// The tokens in force.
pub(super) struct Tokens {
    /// The bearer token.
    pub(super) access: AccessToken,
    /// When the provider said it ends.
    pub(super) access_until: Option<Timestamp>,
    /// What gets a new one.
    pub(super) refresh: Option<RefreshToken>,
}

/// How a session ended, other than by the user's own wish here.
pub(super) struct Ended {
    /// In the provider's words.
    pub(super) words: String,
    /// The last answer of the protected resource.
    pub(super) call: Option<Call>,
}

/// One answer of the protected resource.
#[derive(Clone)]
pub(super) struct Call {
    /// The HTTP status; 0 for none.
    pub(super) status: u16,
    /// The body.
    pub(super) text: String,
    /// When it came.
    pub(super) at: Timestamp,
}

/// A sign-in that has left for the provider.
pub(super) struct Pending {
    browser: Key,
    since: Timestamp,
    /// Must come back in the ID token.
    pub(super) nonce: Nonce,
    /// The secret half of PKCE (RFC 7636).
    pub(super) verifier: PkceCodeVerifier,
}

/// The key of a cookie.
pub(super) fn key(cookie: &str) -> Key {
    sha256(cookie.as_bytes())
}

impl Session {
    /// Keeps what the protected resource answered.
    pub(super) fn note(&self, call: Call) {
        *lock(&self.call) = Some(call);
    }

    /// What the protected resource answered last.
    pub(super) fn last_call(&self) -> Option<Call> {
        lock(&self.call).clone()
    }
}

impl Sessions {
    /// What the cookie leads to.
    pub(super) fn find(&self, key: &Key) -> Option<Kept> {
        lock(&self.kept).get(key).map(|(_, kept)| kept.clone())
    }

    /// Starts a session.
    pub(super) fn start(&self, key: Key, session: Session) {
        let mut kept = lock(&self.kept);
        if kept.len() >= MOST
            && let Some(oldest) = kept
                .iter()
                .min_by_key(|(_, (since, _))| *since)
                .map(|(key, _)| *key)
        {
            kept.remove(&oldest);
        }
        kept.insert(key, (SystemClock.now(), Kept::Live(Arc::new(session))));
    }

    /// Ends this very session and leaves a note. One that ended already keeps its first note.
    pub(super) fn end(&self, key: &Key, session: &Arc<Session>, words: String) {
        if let Some((_, kept)) = lock(&self.kept).get_mut(key)
            && matches!(kept, Kept::Live(live) if Arc::ptr_eq(live, session))
        {
            *kept = Kept::Ended(Arc::new(Ended {
                words,
                call: session.last_call(),
            }));
        }
    }

    /// Ends what the provider says is over: the sessions with this `sid`, or all of this `sub` when no `sid` is named.
    /// Answers how many.
    pub(super) fn end_all(&self, sub: Option<&str>, sid: Option<&str>, words: &str) -> usize {
        let mut ended = 0;
        for (_, kept) in lock(&self.kept).values_mut() {
            let Kept::Live(session) = kept else { continue };
            let of_sub = sub.is_none_or(|sub| session.sub == sub);
            let of_sid = sid.is_none_or(|sid| session.sid.as_deref() == Some(sid));
            if of_sub && of_sid && (sub.is_some() || sid.is_some()) {
                let call = session.last_call();
                *kept = Kept::Ended(Arc::new(Ended {
                    words: words.to_owned(),
                    call,
                }));
                ended += 1;
            }
        }
        ended
    }

    /// Forgets a session or its note, and answers it.
    pub(super) fn forget(&self, key: &Key) -> Option<Kept> {
        lock(&self.kept).remove(key).map(|(_, kept)| kept)
    }

    /// Remembers that `browser` left with `state`.
    pub(super) fn leave(
        &self,
        state: String,
        browser: Key,
        nonce: Nonce,
        verifier: PkceCodeVerifier,
    ) {
        let mut pending = lock(&self.pending);
        if pending.len() >= MOST
            && let Some(oldest) = pending
                .iter()
                .min_by_key(|(_, one)| one.since)
                .map(|(state, _)| state.clone())
        {
            pending.remove(&oldest);
        }
        pending.insert(
            state,
            Pending {
                browser,
                since: SystemClock.now(),
                nonce,
                verifier,
            },
        );
    }

    /// The sign-in that left with `state`, if it was this browser's. Each comes back once.
    pub(super) fn come_back(&self, state: &str, browser: &Key) -> Option<Pending> {
        let pending = lock(&self.pending).remove(state)?;
        same(&pending.browser, browser).then_some(pending)
    }
}

/// A panic elsewhere leaves a map whole: every change here is one insertion or removal.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// More than a demonstration needs, and not enough to fill a machine's memory.
const MOST: usize = 1000;
