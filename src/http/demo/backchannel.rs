//! `POST /backchannel-logout`: the provider says, server to server, that sessions are over (Back-Channel Logout 1.0).

use std::sync::Arc;

use axum::Form;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::crypto::jws::{self, JwsError, TokenKind};
use crate::crypto::{Alg, VerifyingKey};
use crate::domain::time::{Clock as _, SystemClock};

use super::App;

/// The body of the notice.
#[derive(Deserialize)]
pub(super) struct Notice {
    logout_token: String,
}

/// Who is signed out.
#[derive(Debug, Deserialize)]
pub(super) struct LogoutClaims {
    iss: String,
    aud: Audience,
    sub: Option<String>,
    sid: Option<String>,
    events: Map<String, Value>,
    /// Forbidden, so that an ID token is never taken for a logout token; `null` is there too.
    #[serde(default, deserialize_with = "present")]
    nonce: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Why a logout token is refused (section 2.6).
#[derive(Debug, Error)]
pub(super) enum NoticeError {
    /// Form, type, signature, or times.
    #[error(transparent)]
    Token(#[from] JwsError),
    /// No key of the provider has the token's `kid`.
    #[error("the token's key is not one of the provider's")]
    UnknownKey,
    /// `iss` is not the provider.
    #[error("the token is another issuer's")]
    OtherIssuer,
    /// `aud` does not hold this client.
    #[error("the token is for another client")]
    OtherAudience,
    /// `events` lacks the back-channel logout event, or it is not an object.
    #[error("the token tells of no logout")]
    NoEvent,
    /// There is a `nonce`.
    #[error("a logout token has no nonce")]
    Nonce,
    /// Neither `sub` nor `sid`.
    #[error("the token names neither a user nor a session")]
    Nobody,
}

/// Ends the named sessions: 200 when they are over, also when they were before; 400 when the token is refused.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    form: Result<Form<Notice>, FormRejection>,
) -> Response {
    let Ok(Form(notice)) = form else {
        return refuse("there is no logout_token");
    };
    match accept(&app, &notice.logout_token).await {
        Ok(ended) => {
            tracing::info!(
                app = app.about.client_id,
                ended,
                "the provider ended sessions"
            );
            StatusCode::OK.into_response()
        }
        Err(error) => refuse(&error.to_string()),
    }
}

async fn accept(app: &App, token: &str) -> Result<usize, NoticeError> {
    let no_key = |_| NoticeError::UnknownKey;
    let now = SystemClock.now().secs();
    let known = app.provider.known().await.map_err(no_key)?;
    let judged = match judge(
        token,
        &known.keys,
        &app.about.issuer,
        &app.about.client_id,
        now,
    ) {
        // The provider may have new keys.
        Err(NoticeError::UnknownKey) => {
            let known = app.provider.anew().await.map_err(no_key)?;
            judge(
                token,
                &known.keys,
                &app.about.issuer,
                &app.about.client_id,
                now,
            )
        }
        other => other,
    };
    let claims = judged?;
    Ok(app
        .sessions
        .end_all(claims.sub.as_deref(), claims.sid.as_deref(), WORDS))
}

/// Validates a logout token as section 2.6 demands.
pub(super) fn judge(
    token: &str,
    keys: &[VerifyingKey],
    issuer: &str,
    client_id: &str,
    now_secs: u64,
) -> Result<LogoutClaims, NoticeError> {
    let header = jws::header(token)?;
    let key = keys
        .iter()
        .find(|key| {
            key.alg() == header.alg && (header.kid.is_none() || key.kid() == header.kid.as_deref())
        })
        .ok_or(NoticeError::UnknownKey)?;
    let claims = jws::verify::<LogoutToken>(token, key, &Alg::ALL, now_secs)?;
    let ours = match &claims.aud {
        Audience::One(one) => one == client_id,
        Audience::Several(all) => all.iter().any(|one| one == client_id),
    };
    if claims.iss != issuer {
        Err(NoticeError::OtherIssuer)
    } else if !ours {
        Err(NoticeError::OtherAudience)
    } else if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        Err(NoticeError::NoEvent)
    } else if claims.nonce {
        Err(NoticeError::Nonce)
    } else if claims.sub.is_none() && claims.sid.is_none() {
        Err(NoticeError::Nobody)
    } else {
        Ok(claims)
    }
}

/// Section 2.8: 400, and why.
fn refuse(why: &str) -> Response {
    let body = json!({ "error": "invalid_request", "error_description": why });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

struct LogoutToken;

impl TokenKind for LogoutToken {
    const TYP: &'static [&'static str] = &["logout+jwt"];
    const TYP_REQUIRED: bool = true;
    type Claims = LogoutClaims;
    const REQUIRED: &'static [&'static str] = &["iss", "aud", "iat", "exp", "jti", "events"];
    const LEEWAY_SECS: u64 = 5;
    const CHECK_EXPIRY: bool = true;
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const WORDS: &str = "The provider told this application that your session has ended.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey;
    use crate::crypto::keys::generate;

    const NOW: u64 = 1_800_000_000;

    fn signing() -> SigningKey {
        crate::crypto::install();
        SigningKey::parse(Alg::Es256, &generate(Alg::Es256).unwrap()).unwrap()
    }

    fn good() -> Value {
        json!({
            "iss": "https://op.example", "aud": "demo-web", "iat": NOW, "exp": NOW + 120, "jti": "one",
            "sub": "u1", "sid": "s1", "events": { EVENT: {} },
        })
    }

    fn judged(key: &SigningKey, typ: &str, claims: &Value) -> Result<LogoutClaims, NoticeError> {
        let token = key.sign(typ, claims).unwrap();
        judge(
            &token,
            &[key.verifying_key().clone()],
            "https://op.example",
            "demo-web",
            NOW,
        )
    }

    #[test]
    fn a_logout_token_of_the_provider_names_the_session() {
        let claims = judged(&signing(), "logout+jwt", &good()).unwrap();
        assert_eq!(claims.sid.as_deref(), Some("s1"));
        assert_eq!(claims.sub.as_deref(), Some("u1"));
    }

    #[test]
    fn an_audience_may_be_a_list() {
        let mut claims = good();
        claims["aud"] = json!(["other", "demo-web"]);
        assert!(judged(&signing(), "logout+jwt", &claims).is_ok());
    }

    #[test]
    fn a_token_of_another_type_is_no_logout_token() {
        let key = signing();
        for typ in ["JWT", "at+jwt", "secevent+jwt"] {
            let error = judged(&key, typ, &good()).unwrap_err();
            assert!(
                matches!(error, NoticeError::Token(JwsError::WrongType)),
                "{typ}: {error}"
            );
        }
    }

    #[test]
    fn each_wrong_claim_is_refused() {
        let key = signing();
        let wrong = [
            ("iss", json!("https://other.example")),
            ("aud", json!("demo-notes")),
            ("events", json!({})),
            ("events", json!({ EVENT: true })),
            ("nonce", json!("n")),
            ("nonce", Value::Null),
            ("exp", json!(NOW - 60)),
            ("iat", json!(NOW + 60)),
            ("jti", Value::Null),
        ];
        for (name, value) in wrong {
            let mut claims = good();
            claims[name] = value.clone();
            assert!(
                judged(&key, "logout+jwt", &claims).is_err(),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn a_token_that_names_nobody_is_refused() {
        let mut claims = good();
        claims
            .as_object_mut()
            .unwrap()
            .retain(|name, _| name != "sub" && name != "sid");
        assert!(matches!(
            judged(&signing(), "logout+jwt", &claims),
            Err(NoticeError::Nobody)
        ));
    }

    #[test]
    fn a_token_signed_by_another_key_is_refused() {
        let key = signing();
        let token = signing().sign("logout+jwt", &good()).unwrap();
        let keys = [key.verifying_key().clone()];
        let judged = judge(&token, &keys, "https://op.example", "demo-web", NOW);
        assert!(matches!(judged, Err(NoticeError::UnknownKey)));
    }
}
