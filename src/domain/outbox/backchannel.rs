//! The notice of OpenID Connect Back-Channel Logout 1.0: a signed logout token, posted as a form.

use std::time::Duration;

use super::send::Outcome;
use super::wire::{Answered, Outgoing};
use crate::domain::client::Client;
use crate::domain::id::{Sid, UserId};
use crate::domain::realm::Realm;
use crate::domain::token::issue;
use crate::domain::{Context, Fault};

/// How long an app may take.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of its answer is read (it should be empty).
pub const MAX_ANSWER: usize = 4096;

/// Makes the request (Back-Channel Logout §2.5), with a token of its own for this attempt: a new `jti`, `iat` and `exp`.
/// Without `sid` it speaks of everything of the user.
///
/// # Errors
/// [`Fault`] when the key cannot sign.
pub async fn outgoing(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    uri: String,
    user: UserId,
    sid: Option<Sid>,
) -> Result<Outgoing, Fault> {
    let token = issue::logout_token(ctx, realm, client, user, sid).await?;
    Ok(Outgoing {
        url: uri,
        headers: vec![
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
            ("cache-control", "no-store".to_owned()),
        ],
        // A compact JWS has no character that a form would have to escape.
        body: format!("logout_token={token}").into(),
        timeout: TIMEOUT,
        max_answer: MAX_ANSWER,
    })
}

/// What an answer means (Back-Channel Logout §2.8): 200 and 204 confirm, 400 refuses for good, all else may pass.
pub fn outcome(answered: &Answered) -> Outcome {
    match answered.status {
        200 | 204 => Outcome::Acknowledged,
        400 => Outcome::Rejected,
        _ => Outcome::Retry {
            after: answered.retry_after,
        },
    }
}
