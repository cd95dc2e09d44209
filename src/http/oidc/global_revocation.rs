//! Global Token Revocation (draft-parecki-oauth-global-token-revocation-06): somebody who may command it has everything of
//! a user ended, through the one door and with a receipt.
//!
//! Whether a user exists is said only to those who may end their sessions, and each try of theirs is in the audit log or
//! ends nothing.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::Span;
use tracing::field::display;

use crate::domain::client::channels;
use crate::domain::client::command::{CommandError, commander};
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::signout::{self, EndError, Reason, Selection, SignOut};
use crate::domain::{Actor, ActorKind, Fault, user};
use crate::http::answer::no_store;
use crate::http::extract::body::authorization;
use crate::http::extract::{InRealm, Peer};
use crate::http::state::App;
use crate::protocol::discovery::path;
use crate::protocol::global_revocation::{MAX_BODY, Subject};
use crate::protocol::userinfo::{bearer, challenge, refuse_in_query};
use crate::protocol::{ErrorCode, OAuthError};

/// `POST {issuer}/global-token-revocation`
pub(super) async fn revoke(
    State(app): State<App>,
    InRealm(realm): InRealm,
    peer: Peer,
    request: Request,
) -> Response {
    if !realm.settings.logout.global_token_revocation {
        return StatusCode::NOT_FOUND.into_response();
    }
    match answer(&app, &realm, peer, request).await {
        Ok(act) => {
            let mut response = (StatusCode::NO_CONTENT, no_store()).into_response();
            if let Ok(id) = HeaderValue::from_str(&act.id.to_string()) {
                response.headers_mut().insert(SIGN_OUT, id);
            }
            response
        }
        Err(refusal) => refusal.into_answer(&realm),
    }
}

/// Why nothing was ended (§3.4).
enum Refusal {
    /// No token at all.
    NoToken,
    /// In the words of OAuth: 400, 401, 403, and faults.
    Error(OAuthError),
    /// 404.
    NoSuchUser,
    /// 422.
    Unable(&'static str),
}

impl<E: Into<OAuthError>> From<E> for Refusal {
    fn from(error: E) -> Refusal {
        Refusal::Error(error.into())
    }
}

impl Refusal {
    fn into_answer(self, realm: &Realm) -> Response {
        let (error, mut response) = match self {
            Refusal::NoToken => (None, (StatusCode::UNAUTHORIZED, no_store()).into_response()),
            Refusal::Error(error) => (Some(error.clone()), error.into_response()),
            Refusal::NoSuchUser => {
                let text = "the realm has no such user";
                return plain(StatusCode::NOT_FOUND, "user_not_found", text);
            }
            Refusal::Unable(text) => {
                return plain(StatusCode::UNPROCESSABLE_ENTITY, "unable_to_revoke", text);
            }
        };
        if let Some(error) = &error {
            Span::current().record("error", error.code.as_str());
        }
        let needed = error
            .as_ref()
            .filter(|error| error.code == ErrorCode::InsufficientScope)
            .map(|_| channels::REVOKE_SCOPE);
        let asks = matches!(response.status().as_u16(), 401 | 403);
        if asks && let Ok(value) = challenge(&realm.name, error.as_ref(), needed).try_into() {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}

async fn answer(
    app: &App,
    realm: &std::sync::Arc<Realm>,
    peer: Peer,
    request: Request,
) -> Result<SignOut, Refusal> {
    refuse_in_query(request.uri().query())?;
    let token = bearer(authorization(request.headers())?, None)?;
    let Some(token) = token else {
        return Err(Refusal::NoToken);
    };
    let endpoint = app.url(&format!(
        "/realms/{}{}",
        realm.name,
        path::GLOBAL_REVOCATION
    ));
    let caller = match commander(&app.ctx, realm, token.expose(), &endpoint).await? {
        Ok(caller) => caller,
        Err(why) => {
            Span::current().record("why", display(&why));
            return Err(refused(&why).into());
        }
    };
    Span::current().record("client", caller.client_id());
    let body = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| {
        OAuthError::invalid_request(format!("the body has at most {MAX_BODY} bytes"))
    })?;
    let users = whom(app, realm, Subject::parse(&body)?).await?;
    let actor = Actor {
        kind: ActorKind::Client,
        id: caller.client_id().to_owned(),
        name: caller.name().to_owned(),
        realm: realm.name.clone(),
        sid: None,
        ip: Some(peer.ip),
    };
    let request = signout::Request::new(Selection::Users(users), Reason::GlobalRevocation, actor);
    let (ctx, realm) = (app.ctx.clone(), realm.clone());
    // A caller who hangs up must not leave half of it.
    let act = tokio::spawn(async move { signout::end(&ctx, &realm, &request).await });
    match act.await {
        Ok(Ok(act)) => Ok(act),
        Ok(Err(EndError::Fault(fault))) => Err(fault.into()),
        // Answers to selections of named sessions.
        Ok(Err(EndError::OnlyOwn | EndError::Nothing)) => Err(Fault::Record("selection").into()),
        Err(_) => Err(OAuthError::server_error().into()),
    }
}

fn refused(why: &CommandError) -> OAuthError {
    match why {
        CommandError::Scope => OAuthError::new(ErrorCode::InsufficientScope, why.to_string()),
        // What exactly is wrong with a token is in the log: a stranger learns no client and no issuer.
        _ => OAuthError::invalid_token("the token is not one that this realm takes here"),
    }
}

/// The users that a subject names. An address can be several people's: then it names all of them, for leaving one signed in
/// is the greater harm.
async fn whom(app: &App, realm: &Realm, subject: Subject) -> Result<Vec<UserId>, Refusal> {
    let ctx = &*app.ctx;
    let users = match subject {
        Subject::IssSub { iss, sub } if realm.is_issuer(&ctx.public_url, &iss) => {
            by_id(app, realm, &sub).await?
        }
        Subject::IssSub { .. } => {
            let text = "the realm does not know its users by their identifiers at that issuer; \
                        name them by email, or by the realm's own issuer";
            return Err(Refusal::Unable(text));
        }
        Subject::Opaque(id) => by_id(app, realm, &id).await?,
        Subject::Email(email) => {
            let users = user::by_email(ctx, realm, &email, MOST + 1).await?;
            if users.is_empty() {
                // Many realms have the address for the name.
                let named = user::find(ctx, realm, &email).await?;
                named.map(|user| user.value.id).into_iter().collect()
            } else {
                users
            }
        }
    };
    match users.len() {
        0 => Err(Refusal::NoSuchUser),
        n if n > MOST => Err(Refusal::Unable(
            "more users have this address than one command may end",
        )),
        _ => Ok(users),
    }
}

async fn by_id(app: &App, realm: &Realm, id: &str) -> Result<Vec<UserId>, Fault> {
    let Ok(id) = id.parse::<UserId>() else {
        return Ok(Vec::new());
    };
    let found = user::by_id(&app.ctx, realm, id).await?;
    Ok(found.map(|user| user.value.id).into_iter().collect())
}

fn plain(status: StatusCode, error: &str, text: &str) -> Response {
    Span::current().record("error", error);
    let body = json!({ "error": error, "error_description": text });
    (status, no_store(), Json(body)).into_response()
}

/// The most users that one address may name.
const MOST: usize = 20;
/// Names the sign-out, as the admin API does.
const SIGN_OUT: HeaderName = HeaderName::from_static("realmkeep-signout");
