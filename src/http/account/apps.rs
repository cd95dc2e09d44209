//! What apps may see and do, and how it is taken back.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::me::{Entered, Me, not_yours};
use super::pages::{AppCard, AppsPage, RemovePage, Section};
use crate::domain::Fault;
use crate::domain::grant::held::{self, Held};
use crate::http::signin::consent::scope_line;
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::When;
use crate::protocol::Params;

/// GET: the apps.
pub async fn show(visit: Visit) -> Response {
    match Me::enter(visit, "/apps").await {
        Entered::Me(me) => me.visit.answer(shown(&me).await),
        Entered::Instead(response) => response,
    }
}

async fn shown(me: &Me) -> Result<Response, Refusal> {
    let (held, _) = held::of_user(me.ctx(), me.realm(), me.user.value.id).await?;
    let page = AppsPage {
        shell: me.shell(Section::Apps, "/apps").await?,
        apps: held.iter().map(|app| card(me, app)).collect(),
    };
    me.page(StatusCode::OK, &page)
}

fn card(me: &Me, held: &Held) -> AppCard {
    let words = me.words();
    AppCard {
        client_id: held.client_id.clone(),
        name: held.name.clone(),
        scopes: held
            .scopes()
            .iter()
            .map(|scope| scope_line(words, scope))
            .collect(),
        since: held.since().map(|at| When::of(words, at)),
        last_used: held.last_used().map(|at| When::of(words, at)),
        away: held.offline() > 0,
        remove_url: me.at(&format!("/apps/{}/remove", held.client)),
    }
}

async fn find(me: &Me, client: &str) -> Result<Held, Refusal> {
    let (held, _) = held::of_user(me.ctx(), me.realm(), me.user.value.id).await?;
    held.into_iter()
        .find(|held| held.client.to_string() == client)
        .ok_or_else(not_yours)
}

/// GET: asks whether an app's access goes.
pub async fn ask(visit: Visit, Path((_, client)): Path<(String, String)>) -> Response {
    match Me::enter(visit, "/apps").await {
        Entered::Me(me) => {
            let outcome = asked(&me, &client).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

async fn asked(me: &Me, client: &str) -> Result<Response, Refusal> {
    let held = find(me, client).await?;
    let page = RemovePage {
        shell: me
            .shell(Section::Apps, &format!("/apps/{client}/remove"))
            .await?,
        title: (me.words().mine.remove_question)(&held.name),
        app: card(me, &held),
        back_url: me.at("/apps"),
    };
    me.page(StatusCode::OK, &page)
}

/// POST: an app's access goes.
pub async fn remove(
    visit: Visit,
    Path((_, client)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    match Me::enter(visit, "/apps").await {
        Entered::Me(me) => {
            let outcome = removed(&me, &client, &body).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

async fn removed(me: &Me, client: &str, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(body)?;
    me.posted(&params, me.at(&format!("/apps/{client}/remove")))
        .await?;
    let held = find(me, client).await?;
    let (app, realm, actor) = (me.visit.app.clone(), me.realm().clone(), me.actor());
    let user = me.user.value.clone();
    // The act survives a browser that hangs up.
    let done = tokio::spawn(async move {
        held::take_back(
            &app.ctx,
            &realm,
            &actor,
            &user,
            (held.client, &held.client_id),
        )
        .await
    });
    let act = done.await.map_err(|_| Fault::Busy)??;
    me.visit.go(&me.at(&format!("/done/{}", act.id)))
}
