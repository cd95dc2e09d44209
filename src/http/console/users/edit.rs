//! `/admin/{realm}/users/new` and `/users/{uid}/edit`: the form of a person.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::ask::crumbs;
use super::fields::Typed;
use super::{at, refused, sentence, somebody, to_its_end, touch};
use crate::domain::ActorKind;
use crate::domain::access::Right;
use crate::domain::user::verbs::{self, UserError};
use crate::domain::user::{User, UserSettings};
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::Gate;
use crate::http::console::pages::people::{FormPage, Problem};
use crate::http::console::pages::{Link, Section};

/// The form of somebody new.
pub async fn new(gate: Gate) -> Answer {
    gate.need(Right::ManageUsers)?;
    Ok(show(&gate, None, &Typed::nobody(), Vec::new()))
}

/// Makes them.
pub async fn create(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageUsers)?;
    let typed = Typed::read(&form, true);
    let mut problems = typed.problems();
    let settings = typed.settings(None);
    if problems.is_empty() {
        problems = of_settings(&settings);
    }
    if !problems.is_empty() {
        return Ok(show(&gate, None, &typed, problems));
    }
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let work = async move { verbs::create(&ctx, &realm, &actor, settings).await };
    match to_its_end(work).await? {
        Ok(user) => {
            let done = if typed.can_sign_in() {
                "ready"
            } else {
                "created"
            };
            let rest = if typed.can_sign_in() {
                ""
            } else {
                "/credentials"
            };
            let to = at(&gate, user.id, rest).with("done", done);
            Ok(Redirect::to(&to.to_string()).into_response())
        }
        Err(UserError::NameTaken) => Ok(show(&gate, None, &typed, vec![taken()])),
        Err(UserError::Invalid(why)) => Ok(show(&gate, None, &typed, vec![general(&why)])),
        Err(error) => Err(refused(&gate, error)),
    }
}

/// The form of somebody.
pub async fn edit(gate: Gate, Path((_, uid)): Path<(String, String)>) -> Answer {
    let user = somebody(&gate, &uid).await?;
    touch(&gate, &user.roles)?;
    Ok(show(&gate, Some(&user), &Typed::of(&user), Vec::new()))
}

/// Saves it.
pub async fn save(gate: Gate, Path((_, uid)): Path<(String, String)>, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    let user = somebody(&gate, &uid).await?;
    touch(&gate, &user.roles)?;
    let typed = Typed::read(&form, false);
    let mut problems = typed.problems();
    if problems.is_empty() {
        problems = of_settings(&typed.settings(Some(&user)));
    }
    if !problems.is_empty() {
        return Ok(show(&gate, Some(&user), &typed, problems));
    }
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let (id, form) = (user.id, form);
    let work = async move {
        let typed = Typed::read(&form, false);
        let change = |before: &User| Ok::<_, UserError>(typed.settings(Some(before)));
        verbs::revise(&ctx, &realm, &actor, id, change).await
    };
    match to_its_end(work).await? {
        Ok(_) => {
            let to = at(&gate, id, "/details").with("done", "saved");
            Ok(Redirect::to(&to.to_string()).into_response())
        }
        Err(UserError::NameTaken) => Ok(show(&gate, Some(&user), &typed, vec![taken()])),
        Err(UserError::Invalid(why)) => Ok(show(&gate, Some(&user), &typed, vec![general(&why)])),
        Err(error) => Err(refused(&gate, error)),
    }
}

/// What the domain says of it; a sentence about a field stands beside it.
fn of_settings(settings: &UserSettings) -> Vec<Problem> {
    let problem = |text: String| Problem {
        field: ["username", "password"]
            .into_iter()
            .find(|name| text.starts_with(&format!("a {name} ")))
            .unwrap_or_default()
            .to_owned(),
        text: sentence(&text),
    };
    verbs::problems(settings).into_iter().map(problem).collect()
}

fn taken() -> Problem {
    Problem {
        field: "username".to_owned(),
        text: "Another user of this realm has this name. Choose another.".to_owned(),
    }
}

fn general(why: &str) -> Problem {
    Problem {
        field: String::new(),
        text: sentence(why),
    }
}

fn show(
    gate: &Gate,
    user: Option<&User>,
    typed: &Typed,
    problems: Vec<Problem>,
) -> axum::response::Response {
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let (here, back) = match user {
        Some(user) => (at(gate, user.id, "/edit"), at(gate, user.id, "/details")),
        None => (gate.at("/users/new"), gate.at("/users")),
    };
    let page = FormPage {
        shell: gate.shell(Section::Users),
        crumbs: match user {
            Some(user) => crumbs(gate, user),
            None => vec![Link {
                label: "Users".to_owned(),
                url: gate.at("/users").to_string(),
            }],
        },
        title: user.map_or_else(
            || "New user".to_owned(),
            |user| format!("Edit {}", user.display_name()),
        ),
        action: here.to_string(),
        fields: typed.fields(),
        boxes: typed.boxes(),
        more: typed.more(),
        more_boxes: typed.more_boxes(),
        problems,
        button: if user.is_some() {
            "Save"
        } else {
            "Create user"
        },
        cancel_url: back.to_string(),
    };
    frame::html(status, &page)
}
