//! A provider of the smallest kind, whose mood the tests change.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::crypto::keys::generate;
use crate::crypto::{Alg, SigningKey, b64, sha256};
use crate::domain::time::{Clock as _, SystemClock};

/// How the provider feels about the one session it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// Everything it issued is good.
    Kind,
    /// Access tokens are over, refresh tokens are good; a refresh makes it kind.
    Forgetful,
    /// The session is over.
    Refusing,
    /// It answers 500.
    Broken,
    /// It answers with another issuer's name.
    Impersonated,
}

pub(super) struct Fake {
    pub(super) issuer: String,
    pub(super) key: SigningKey,
    pub(super) refreshes: AtomicUsize,
    mood: Mutex<Mood>,
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
}

type Fields = HashMap<String, String>;

impl Fake {
    /// Starts one on `listener`.
    pub(super) fn start(listener: TcpListener) -> Arc<Fake> {
        let fake = Arc::new(Fake {
            issuer: format!("http://{}/realms/demo", listener.local_addr().unwrap()),
            key: SigningKey::parse(Alg::Es256, &generate(Alg::Es256).unwrap()).unwrap(),
            refreshes: AtomicUsize::new(0),
            mood: Mutex::new(Mood::Kind),
            codes: Mutex::default(),
        });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/certs", get(certs))
            .route("/auth", get(auth))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/introspect", post(introspect))
            .route("/logout", get(logout));
        let router = Router::new()
            .nest("/realms/demo", routes)
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    pub(super) fn feel(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    fn tokens(&self, nonce: Option<&str>) -> Value {
        let now = SystemClock.now().secs();
        let hash = sha256(b"access-1");
        let mut claims = json!({
            "iss": self.issuer, "aud": "demo-web", "sub": "u1", "sid": "s1", "iat": now, "exp": now + 60,
            "auth_time": now, "at_hash": b64(&hash[..16]),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        json!({
            "access_token": "access-1", "token_type": "Bearer", "expires_in": 300, "refresh_token": "refresh-1",
            "id_token": self.key.sign("JWT", &claims).unwrap(),
        })
    }
}

async fn discovery(State(fake): State<Arc<Fake>>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", fake.issuer);
    Json(json!({
        "issuer": fake.issuer, "authorization_endpoint": at("auth"), "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"), "jwks_uri": at("certs"), "introspection_endpoint": at("introspect"),
        "end_session_endpoint": at("logout"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"], "authorization_response_iss_parameter_supported": true,
    }))
}

async fn certs(State(fake): State<Arc<Fake>>) -> Json<Value> {
    Json(json!({ "keys": [fake.key.public_jwk()] }))
}

async fn auth(State(fake): State<Arc<Fake>>, Query(asked): Query<Fields>) -> Redirect {
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
    let iss = match fake.mood() {
        Mood::Impersonated => "https://other.example",
        _ => &fake.issuer,
    };
    let mut back = url::Url::parse(&asked["redirect_uri"]).unwrap();
    let answer = [
        ("code", "c1"),
        ("state", asked["state"].as_str()),
        ("iss", iss),
    ];
    back.query_pairs_mut().extend_pairs(answer);
    fake.codes.lock().unwrap().insert("c1".to_owned(), asked);
    Redirect::to(back.as_str())
}

async fn token(
    State(fake): State<Arc<Fake>>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    assert!(is_the_client(&headers));
    let over = json!({ "error": "invalid_grant", "error_description": "Session not active" });
    let refused = (StatusCode::BAD_REQUEST, Json(over)).into_response();
    match (form["grant_type"].as_str(), fake.mood()) {
        (_, Mood::Broken) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        ("authorization_code", _) => {
            let Some(asked) = fake.codes.lock().unwrap().remove(&form["code"]) else {
                return refused;
            };
            assert_eq!(
                b64(&sha256(form["code_verifier"].as_bytes())),
                asked["code_challenge"]
            );
            Json(fake.tokens(Some(&asked["nonce"]))).into_response()
        }
        ("refresh_token", Mood::Kind | Mood::Forgetful) => {
            fake.refreshes.fetch_add(1, Ordering::SeqCst);
            fake.feel(Mood::Kind);
            Json(fake.tokens(None)).into_response()
        }
        _ => refused,
    }
}

async fn userinfo(State(fake): State<Arc<Fake>>, headers: HeaderMap) -> Response {
    assert_eq!(headers[AUTHORIZATION], "Bearer access-1");
    match fake.mood() {
        Mood::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Forgetful | Mood::Refusing => {
            (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_token" }))).into_response()
        }
        Mood::Kind | Mood::Impersonated => Json(json!({
            "sub": "u1", "name": "Alice <Adams>", "preferred_username": "alice", "email": "alice@example.com",
        }))
        .into_response(),
    }
}

async fn introspect(
    State(fake): State<Arc<Fake>>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Json<Value> {
    assert!(is_the_client(&headers));
    let active = fake.mood() == Mood::Kind && form["token"] == "access-1";
    Json(if active {
        json!({ "active": true, "sub": "u1", "username": "alice" })
    } else {
        json!({ "active": false })
    })
}

async fn logout(Query(asked): Query<Fields>) -> Redirect {
    assert_eq!(asked["id_token_hint"].split('.').count(), 3);
    Redirect::to(&format!(
        "{}?state={}",
        asked["post_logout_redirect_uri"], asked["state"]
    ))
}

fn is_the_client(headers: &HeaderMap) -> bool {
    let pair = base64::engine::general_purpose::STANDARD.encode("demo-web:demo-web-secret");
    headers[AUTHORIZATION] == format!("Basic {pair}").as_str()
}
