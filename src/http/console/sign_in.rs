//! How an administrator's browser signs in: as a client of the realm itself, by the code flow with PKCE, `state`, `nonce`
//! and `iss`, like every other app. Only the code is redeemed in process, since both ends are here.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::address::{Address, inside};
use super::app;
use super::frame::{self, Answer, Stop};
use super::gate::Form;
use super::visitor::{HANDLE, Handle, Visitor};
use crate::crypto;
use crate::domain::access::MASTER;
use crate::domain::client::CONSOLE;
use crate::domain::client::verbs::ClientError;
use crate::domain::grant::code::{self, Redeem};
use crate::domain::realm::{self, Realm};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault};

/// A sign-in that this browser has begun. Several can be under way: one a tab.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pending {
    state: String,
    verifier: String,
    nonce: String,
    realm: String,
    back: String,
    at: Timestamp,
}

const PENDING: &str = "console-sign-ins";
const MOST_PENDING: usize = 5;
const PATIENCE: Span = Span::hours(1);

/// `GET /admin/{realm}/sign-in?return=…`: off to the realm's own authorization endpoint.
pub async fn start(Path(name): Path<String>, visitor: Visitor) -> Answer {
    let ctx = &visitor.app.ctx;
    let Some(realm) = realm::find(ctx, &name).await? else {
        return Err(no_realm(&visitor));
    };
    let client = app::ensure(ctx, &realm).await.map_err(fault)?;
    let fresh = || crypto::b64(&ctx.random());
    let query = Form::read(visitor.query().as_bytes());
    let pending = Pending {
        state: fresh(),
        verifier: fresh(),
        nonce: fresh(),
        realm: realm.name.clone(),
        back: inside(query.one("return")).map_or_else(|| first_page(&realm), str::to_owned),
        at: ctx.now(),
    };
    let challenge = crypto::b64(&crypto::sha256(pending.verifier.as_bytes()));
    let mut asked = vec![
        ("client_id", client.client_id().to_owned()),
        ("response_type", "code".to_owned()),
        ("scope", app::SCOPE.to_owned()),
        ("redirect_uri", app::callback(ctx, &realm)),
        ("state", pending.state.clone()),
        ("nonce", pending.nonce.clone()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
    ];
    // Before a large act: credentials again, whatever the session says.
    if query.one("fresh") == "1" {
        asked.push(("prompt", "login".to_owned()));
        if let Ok(admin) = &visitor.admin {
            asked.push(("login_hint", admin.user.username.clone()));
        }
    }
    let asked = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(asked)
        .finish();
    let mut kept = under_way(&visitor, ctx.now()).await?;
    kept.push(pending);
    let surplus = kept.len().saturating_sub(MOST_PENDING);
    kept.drain(..surplus);
    visitor.browser.set(PENDING, &kept).await?;
    let to = format!(
        "{}/protocol/openid-connect/auth?{asked}",
        realm.issuer(&ctx.public_url)
    );
    Ok(Redirect::to(&to).into_response())
}

/// `GET /admin/{realm}/callback`: the authorization answer.
pub async fn callback(Path(name): Path<String>, visitor: Visitor) -> Answer {
    let ctx = &visitor.app.ctx;
    let Some(realm) = realm::find(ctx, &name).await? else {
        return Err(no_realm(&visitor));
    };
    let query = Form::read(visitor.query().as_bytes());
    let mut kept = under_way(&visitor, ctx.now()).await?;
    let state = query.one("state");
    let Some(place) = kept
        .iter()
        .position(|p| crypto::same(p.state.as_bytes(), state.as_bytes()))
    else {
        return Err(refused(
            &visitor,
            &realm,
            "This sign-in was not begun in this browser, or it took too long.",
        ));
    };
    let pending = kept.swap_remove(place);
    visitor.browser.set(PENDING, &kept).await?;
    // RFC 9207 §2.4: the answer of another issuer is not an answer to this request.
    if pending.realm != realm.name || query.one("iss") != realm.issuer(&ctx.public_url) {
        return Err(refused(
            &visitor,
            &realm,
            "The answer is not of the realm that was asked.",
        ));
    }
    if !query.one("error").is_empty() {
        let text = match query.one("error") {
            "access_denied" => "The sign-in was cancelled.",
            "temporarily_unavailable" => "The server is busy. Try again in a moment.",
            _ => "The realm did not let the console sign you in.",
        };
        return Err(refused(&visitor, &realm, text));
    }
    match redeem(ctx, &realm, query.one("code"), &pending).await? {
        None => Err(refused(
            &visitor,
            &realm,
            "The answer was used before, is too old, or does not fit the request.",
        )),
        Some(handle) => {
            visitor.browser.renew(ctx).await?;
            visitor.browser.set(HANDLE, &handle).await?;
            Ok(Redirect::to(&pending.back).into_response())
        }
    }
}

async fn redeem(
    ctx: &Context,
    realm: &Realm,
    text: &str,
    pending: &Pending,
) -> Result<Option<Handle>, Stop> {
    let client = app::ensure(ctx, realm).await.map_err(fault)?;
    let address = app::callback(ctx, realm);
    let redeem = Redeem {
        code: text,
        redirect_uri: Some(&address),
        code_verifier: Some(&pending.verifier),
        resources: &[],
    };
    let family = match code::redeem(ctx, realm, &client, redeem).await? {
        Ok(family) => family,
        Err(refused) => {
            tracing::info!(realm = %realm.name, client = CONSOLE, %refused, "a code was refused");
            return Ok(None);
        }
    };
    if family.grant.nonce.as_deref() != Some(pending.nonce.as_str()) {
        return Ok(None);
    }
    Ok(Some(Handle {
        realm: realm.name.clone(),
        sid: family.grant.sid,
        at: ctx.now(),
    }))
}

async fn under_way(visitor: &Visitor, now: Timestamp) -> Result<Vec<Pending>, Fault> {
    let mut kept: Vec<Pending> = visitor.browser.get(PENDING).await?.unwrap_or_default();
    kept.retain(|pending| now.since(pending.at) < PATIENCE);
    Ok(kept)
}

fn first_page(realm: &Realm) -> String {
    if realm.name == MASTER {
        "/admin".to_owned()
    } else {
        Address::new(&realm.name, "/sessions").to_string()
    }
}

fn no_realm(visitor: &Visitor) -> Stop {
    let text = "The address names a realm that does not exist on this server.";
    frame::bare(
        StatusCode::NOT_FOUND,
        "There is no such realm",
        text,
        visitor.id.clone(),
        None,
    )
    .into()
}

fn refused(visitor: &Visitor, realm: &Realm, text: &str) -> Stop {
    let onward = Some(("Sign in again", Address::new(&realm.name, "/sign-in")));
    frame::bare(
        StatusCode::BAD_REQUEST,
        "You are not signed in",
        text,
        visitor.id.clone(),
        onward,
    )
    .into()
}

fn fault(error: ClientError) -> Stop {
    match error {
        ClientError::Fault(fault) => fault.into(),
        other => {
            tracing::error!(error = %other, "the console's own client cannot be kept");
            Stop::Fault(Fault::Record("client of the console"))
        }
    }
}
