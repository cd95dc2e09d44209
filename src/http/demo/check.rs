//! Does a sign-in still hold? Asked on every page load, as a careful application does; it is the provider who knows.

use openidconnect::core::CoreErrorResponseType;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    Nonce, OAuth2TokenResponse as _, RequestTokenError, SubjectIdentifier, TokenResponse as _,
    UserInfoClaims, UserInfoError,
};
use serde::Deserialize;

use crate::domain::time::{Clock as _, Span, SystemClock, Timestamp};

use super::App;
use super::provider::{Known, SessionClaims, TokenError, TokenResponse};
use super::session::{Session, Tokens};

/// What the provider says about a sign-in.
pub(super) enum Standing {
    /// It holds; this is who it is, and until when the tokens last.
    Holds(Box<Profile>, Lasting),
    /// It is over, in the provider's words.
    Over(String),
    /// The provider does not say.
    Unknown(String),
}

/// The user as userinfo describes them.
pub(super) type Profile = UserInfoClaims<SessionClaims, CoreGenderClaim>;

/// How long the tokens last.
pub(super) struct Lasting {
    /// The access token's end, if the provider told.
    pub(super) access_until: Option<Timestamp>,
    /// Whether there is a refresh token.
    pub(super) refresh: bool,
}

/// What became of an attempt to renew the tokens.
pub(super) enum Renewal {
    /// New tokens are in force.
    Renewed,
    /// The provider refuses, for good.
    Refused(String),
    /// The provider does not say.
    Unknown(String),
}

/// Asks userinfo; when it refuses the access token, tries the refresh token once and asks again.
pub(super) async fn check(app: &App, session: &Session) -> Standing {
    let known = match app.provider.known().await {
        Ok(known) => known,
        Err(error) => return Standing::Unknown(error.to_string()),
    };
    let mut tokens = session.tokens.lock().await;
    let mut renewed = false;
    loop {
        match ask(app, &known, session, &tokens).await {
            Answer::Profile(profile) => {
                let lasting = Lasting {
                    access_until: tokens.access_until,
                    refresh: tokens.refresh.is_some(),
                };
                return Standing::Holds(profile, lasting);
            }
            Answer::Other(words) => return Standing::Unknown(words),
            Answer::Refused(words) if renewed => return Standing::Over(words),
            Answer::Refused(words) => match renew(app, &known, session, &mut tokens).await {
                Renewal::Renewed => renewed = true,
                Renewal::Refused(why) if why.is_empty() => return Standing::Over(words),
                Renewal::Refused(why) => return Standing::Over(why),
                Renewal::Unknown(why) => return Standing::Unknown(why),
            },
        }
    }
}

/// Exchanges the refresh token for new tokens. Refused with no words when there is none.
pub(super) async fn renew(
    app: &App,
    known: &Known,
    session: &Session,
    tokens: &mut Tokens,
) -> Renewal {
    let Some(refresh) = tokens.refresh.clone() else {
        return Renewal::Refused(String::new());
    };
    let request = known.client.exchange_refresh_token(&refresh);
    let response = match request.request_async(app.provider.http()).await {
        Ok(response) => response,
        Err(RequestTokenError::ServerResponse(error))
            if *error.error() == CoreErrorResponseType::InvalidGrant =>
        {
            return Renewal::Refused(error.to_string());
        }
        Err(error) => return Renewal::Unknown(words(&error)),
    };
    // A new ID token must be about the same person (Core 1.0 section 12.2).
    if let Some(id_token) = response.id_token() {
        match id_token.claims(&known.verifier(), |_: Option<&Nonce>| Ok(())) {
            Ok(claims) if claims.subject().as_str() == session.sub => {}
            Ok(_) => {
                return Renewal::Refused("the refreshed tokens are another person's".to_owned());
            }
            Err(error) => return Renewal::Unknown(error.to_string()),
        }
    }
    let next = Tokens::from(&response);
    tokens.access = next.access;
    tokens.access_until = next.access_until;
    // A provider that does not rotate sends none; the old one stays good (RFC 6749 section 6).
    tokens.refresh = next.refresh.or(Some(refresh));
    Renewal::Renewed
}

impl From<&TokenResponse> for Tokens {
    fn from(response: &TokenResponse) -> Tokens {
        let lifetime = response.expires_in().map(|span| Span::secs(span.as_secs()));
        Tokens {
            access: response.access_token().clone(),
            access_until: lifetime.map(|span| SystemClock.now().plus(span)),
            refresh: response.refresh_token().cloned(),
        }
    }
}

/// What to tell people when a request to the token endpoint fails.
pub(super) fn words(error: &TokenError) -> String {
    match error {
        RequestTokenError::ServerResponse(error) => error.to_string(),
        RequestTokenError::Request(_) => "the provider does not answer".to_owned(),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            "the provider's answer cannot be read".to_owned()
        }
    }
}

enum Answer {
    Profile(Box<Profile>),
    Refused(String),
    Other(String),
}

async fn ask(app: &App, known: &Known, session: &Session, tokens: &Tokens) -> Answer {
    // The subject must be the ID token's (Core 1.0 section 5.3.2).
    let subject = SubjectIdentifier::new(session.sub.clone());
    let request = known.client.user_info(tokens.access.clone(), Some(subject));
    let answer: Result<Profile, _> = request.request_async(app.provider.http()).await;
    match answer {
        Ok(profile) => Answer::Profile(Box::new(profile)),
        Err(UserInfoError::Response(status, body, _)) if status.as_u16() == 401 => {
            Answer::Refused(refusal(&body))
        }
        Err(UserInfoError::Response(status, ..)) => {
            Answer::Other(format!("userinfo answers {status}"))
        }
        Err(UserInfoError::Request(_)) => Answer::Other("the provider does not answer".to_owned()),
        Err(error) => Answer::Other(error.to_string()),
    }
}

/// The words of a refusal in the form of RFC 6750, which providers also put in the body.
fn refusal(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        error_description: Option<String>,
    }
    match serde_json::from_slice(body) {
        Ok(Refusal {
            error,
            error_description: Some(more),
        }) => format!("{error}: {more}"),
        Ok(Refusal { error, .. }) => error,
        Err(_) => "invalid_token".to_owned(),
    }
}
