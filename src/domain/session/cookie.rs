//! The text of the session cookie: the sid and a secret, of which only a hash is kept.

use crate::crypto;
use crate::domain::denial::{self, ActiveSession, Denied, Verdict};
use crate::domain::id::Sid;
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault};

/// A presented cookie, read but not yet believed.
pub struct Presented {
    /// The session it names.
    pub sid: Sid,
    secret: [u8; 32],
}

impl Presented {
    /// The text it was read from.
    pub fn text(&self) -> String {
        text(self.sid, &self.secret)
    }
}

/// Writes the cookie's text.
pub fn text(sid: Sid, secret: &[u8; 32]) -> String {
    let mut bytes = Vec::with_capacity(48);
    bytes.extend_from_slice(sid.bytes());
    bytes.extend_from_slice(secret);
    crypto::b64(&bytes)
}

/// Reads a cookie's text; `None` for anything malformed.
pub fn read(text: &str) -> Option<Presented> {
    if text.len() > 100 {
        return None;
    }
    let bytes = crypto::unb64(text)?;
    let (sid, secret) = bytes.split_at_checked(16)?;
    Some(Presented {
        sid: Sid::from_bytes(sid)?,
        secret: secret.try_into().ok()?,
    })
}

/// Judges the session a cookie names, and that its secret is the session's. A wrong secret is an unknown session: nobody
/// learns from it that the sid exists.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn present(
    ctx: &Context,
    realm: &Realm,
    cookie: &Presented,
) -> Result<Verdict<ActiveSession>, Fault> {
    let verdict = denial::session(ctx, realm, cookie.sid).await?;
    let hash = match &verdict {
        Ok(active) => Some(active.session.secret_hash),
        Err(_) => super::find(ctx, realm, cookie.sid)
            .await?
            .map(|s| s.value.secret_hash),
    };
    match hash {
        Some(hash) if crypto::same(&hash, &crypto::sha256(&cookie.secret)) => Ok(verdict),
        _ => Ok(Err(Denied::Unknown)),
    }
}
