//! `GET /admin/{realm}/users/{uid}/apps`: what applications hold of somebody, and how it is taken back.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::ask::{crumbs, plan};
use super::{Shown, at, head, may_touch, somebody, to_its_end, touch};
use crate::domain::access::Right;
use crate::domain::grant::held::{self, Held};
use crate::domain::id::ClientId;
use crate::domain::signout::{Reason, Request, Selection};
use crate::domain::user::User;
use crate::domain::{ActorKind, client};
use crate::http::console::effects::of_plan;
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::Gate;
use crate::http::console::pages::people::{AccessRow, ActPage, AppsTab, Effect, Tone};
use crate::http::console::pages::{Link, Section, grouped};
use crate::http::console::words;

/// Answers the tab.
pub async fn page(gate: Gate, Path((_, uid)): Path<(String, String)>) -> Answer {
    let user = somebody(&gate, &uid).await?;
    let (held, complete) = held::of_user(&gate.ctx, &gate.realm, user.id).await?;
    let may = may_remove(&gate, &user);
    let page = AppsTab {
        shell: gate.shell(Section::Users),
        head: head(&gate, &user, Shown::Apps).await?,
        rows: held.iter().map(|one| row(&gate, &user, one, may)).collect(),
        complete,
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// Whoever may end their sessions may end less than that; so may whoever may change the account.
fn may_remove(gate: &Gate, user: &User) -> bool {
    gate.may(Right::EndSessions) || may_touch(gate, user)
}

fn row(gate: &Gate, user: &User, held: &Held, may: bool) -> AccessRow {
    let ago = |at| words::ago(gate.now, at);
    AccessRow {
        client_id: held.client_id.clone(),
        name: held.name.clone(),
        means: means(&held.scopes()),
        scopes: held.scopes(),
        allowed: held.consent.as_ref().map(|consent| ago(consent.at)),
        since: held.since().map(ago),
        last_used: held.last_used().map(ago),
        grants: held.grants.len() as u64,
        offline: held.offline() as u64,
        remove_url: may.then(|| {
            let rest = format!("/apps/{}/remove", held.client);
            at(gate, user.id, &rest).to_string()
        }),
    }
}

/// What scopes let an app do, in a sentence; those that nobody here knows are left to their names.
fn means(scopes: &[String]) -> String {
    let words = scopes.iter().filter_map(|scope| match scope.as_str() {
        "openid" => Some("who they are"),
        "profile" => Some("their name and profile"),
        "email" => Some("their email address"),
        "phone" => Some("their phone number"),
        "address" => Some("their address"),
        "roles" => Some("their roles"),
        _ => None,
    });
    let known: Vec<&str> = words.collect();
    let away = scopes.iter().any(|scope| scope == "offline_access");
    match (known.is_empty(), away) {
        (true, false) => String::new(),
        (true, true) => "Works while they are away.".to_owned(),
        (false, false) => format!("Learns {}.", known.join(", ")),
        (false, true) => format!(
            "Learns {}, and works while they are away.",
            known.join(", ")
        ),
    }
}

/// What an app holds, for somebody who may take it back.
async fn held_of(gate: &Gate, uid: &str, cid: &str) -> Result<(User, Held), Stop> {
    let user = somebody(gate, uid).await?;
    if !gate.may(Right::EndSessions) {
        touch(gate, &user.roles)?;
    }
    let (all, _) = held::of_user(&gate.ctx, &gate.realm, user.id).await?;
    let id = cid.parse::<ClientId>().ok();
    if let Some(held) = all.into_iter().find(|held| Some(held.client) == id) {
        return Ok((user, held));
    }
    let back = Link {
        label: "Applications of this user".to_owned(),
        url: at(gate, user.id, "/apps").to_string(),
    };
    let text = "The application holds nothing of this user, or not any more. Nothing was changed.";
    let title = "There is nothing to remove";
    Err(gate.message(StatusCode::NOT_FOUND, title, text, vec![back]))
}

/// `GET …/apps/{cid}/remove`: what it would end.
pub async fn ask(gate: Gate, Path((_, uid, cid)): Path<(String, String, String)>) -> Answer {
    let (user, held) = held_of(&gate, &uid, &cid).await?;
    let select = Selection::Access(user.id, held.client);
    let actor = gate.admin.actor(ActorKind::Admin);
    let request = Request::new(select, Reason::AccessRemoved, actor);
    let plan = plan(&gate.ctx, &gate, &request).await?;
    let mut effects = of_plan(&gate, &plan);
    // The line about sessions: none ends.
    if let Some(first) = effects.first_mut() {
        *first = Effect::new(
            Tone::Safe,
            "lock",
            "Sessions go on",
            "Where they are signed in they stay signed in, in every other application too.",
        );
    }
    if held.consent.is_some() {
        let effect = Effect::new(
            Tone::Cut,
            "file-json",
            "What they allowed is forgotten",
            format!("{} has to ask them again.", held.name),
        );
        effects.insert(0, effect);
    }
    let grants = plan.families;
    let page = ActPage {
        shell: gate.shell(Section::Users),
        crumbs: crumbs(&gate, &user),
        title: format!("Remove the access of {}?", held.name),
        sentence: format!(
            "What {} can do in the name of {} is over, also while they are away.",
            held.name,
            user.display_name()
        ),
        action: at(&gate, user.id, &format!("/apps/{}/remove", held.client)).to_string(),
        hidden: Vec::new(),
        effects,
        until: None,
        words: None,
        typed: None,
        problems: Vec::new(),
        button: match grants {
            0 => "Remove access".to_owned(),
            1 => "Remove access and revoke 1 grant".to_owned(),
            n => format!("Remove access and revoke {} grants", grouped(n)),
        },
        icon: "ban",
        danger: true,
        hint: "This cannot be undone.",
        cancel_url: at(&gate, user.id, "/apps").to_string(),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// `POST …/apps/{cid}/remove`: takes it back.
pub async fn remove(
    gate: Gate,
    Path((_, uid, cid)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    gate.posted(&body).await?;
    let (user, held) = held_of(&gate, &uid, &cid).await?;
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let id = user.id;
    let work = async move {
        // Its record says its name, should it have been changed since the grant.
        let client = client::by_id(&ctx, &realm, held.client).await?;
        let name = client
            .as_ref()
            .map_or(held.client_id.as_str(), |c| c.client_id());
        held::take_back(&ctx, &realm, &actor, &user, (held.client, name)).await
    };
    let act = to_its_end(work).await??;
    let to = match gate.may(Right::ViewSessions) && act.families > 0 {
        true => gate.at(&format!("/signouts/{}", act.id)),
        false => at(&gate, id, "/apps").with("done", "removed"),
    };
    Ok(Redirect::to(&to.to_string()).into_response())
}
