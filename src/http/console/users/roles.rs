//! `/admin/{realm}/users/{uid}/roles`: what somebody may. A change of administrators' roles is shown before it is made.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::ask::crumbs;
use super::{Shown, at, head, may_touch, refused, sentence, somebody, to_its_end, touch};
use crate::domain::access::{self, Right, Role, SERVER_ADMIN};
use crate::domain::user::verbs::{self, UserError};
use crate::domain::user::{self, User, UserSettings};
use crate::domain::{ActorKind, Fault};
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::Section;
use crate::http::console::pages::people::{
    ActPage, Effect, Hidden, Problem, RoleBox, RolesTab, Tone,
};

/// Answers the tab.
pub async fn page(gate: Gate, Path((_, uid)): Path<(String, String)>) -> Answer {
    let user = somebody(&gate, &uid).await?;
    show(&gate, &user, &user.roles, Vec::new()).await
}

fn is_admins(gate: &Gate, name: &str) -> bool {
    access::roles_of(&gate.realm.name).any(|role| role.name == name)
}

/// The roles that whoever asks may give and take here.
fn offered(gate: &Gate, user: &User) -> Vec<&'static Role> {
    access::roles_of(&gate.realm.name)
        .filter(|role| {
            let has = user.roles.iter().any(|own| own == role.name);
            role.name != SERVER_ADMIN || has || gate.may(Right::ManageServer)
        })
        .collect()
}

async fn show(gate: &Gate, user: &User, roles: &[String], problems: Vec<Problem>) -> Answer {
    let may_change = may_touch(gate, user);
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let others: Vec<&str> = roles
        .iter()
        .map(String::as_str)
        .filter(|role| !is_admins(gate, role))
        .collect();
    let page = RolesTab {
        shell: gate.shell(Section::Users),
        head: head(gate, user, Shown::Roles).await?,
        roles: offered(gate, user)
            .into_iter()
            .map(|role| RoleBox {
                name: role.name,
                label: role.label,
                may: role.may,
                ticked: roles.iter().any(|own| own == role.name),
            })
            .collect(),
        others: others.join("\n"),
        may_admin: may_change && gate.may(Right::ManageRealm),
        may_change,
        problems,
    };
    Ok(frame::html(status, &page))
}

/// The roles that a form asks for: whoever may not say who is an administrator leaves that as it is.
fn wanted(gate: &Gate, user: &User, form: &Form) -> Vec<String> {
    let ticked = form.all("role");
    let may = gate.may(Right::ManageRealm);
    let offered = offered(gate, user);
    let mut roles: Vec<String> = access::roles_of(&gate.realm.name)
        .filter(|role| {
            let has = user.roles.iter().any(|own| own == role.name);
            match may && offered.contains(role) {
                true => ticked.iter().any(|one| one == role.name),
                false => has,
            }
        })
        .map(|role| role.name.to_owned())
        .collect();
    for other in form.one("others").lines().map(str::trim) {
        if !other.is_empty() && !roles.iter().any(|role| role == other) {
            roles.push(other.to_owned());
        }
    }
    roles
}

/// Saves them, once a change of administrators' roles was seen.
pub async fn save(gate: Gate, Path((_, uid)): Path<(String, String)>, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    let user = somebody(&gate, &uid).await?;
    touch(&gate, &user.roles)?;
    let roles = wanted(&gate, &user, &form);
    touch(&gate, &roles)?;
    let settings = UserSettings {
        roles: roles.clone(),
        ..user.settings()
    };
    let problems = verbs::problems(&settings);
    if !problems.is_empty() {
        let problem = |text: String| Problem {
            field: "others".to_owned(),
            text: sentence(&text),
        };
        let problems = problems.into_iter().map(problem).collect();
        return show(&gate, &user, &roles, problems).await;
    }
    let difference = Difference::of(&gate, &user, &roles);
    if !difference.is_empty() && form.one("confirmed") != "1" {
        return ask(&gate, &user, &form, difference).await;
    }
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let id = user.id;
    // As they were seen: somebody else may have made them an administrator since.
    let seen = user.roles.clone();
    let change = move |before: &User| -> Result<UserSettings, UserError> {
        if before.roles != seen {
            return Err(Fault::Busy.into());
        }
        Ok(UserSettings {
            roles: roles.clone(),
            ..before.settings()
        })
    };
    let work = async move { verbs::revise(&ctx, &realm, &actor, id, change).await };
    to_its_end(work)
        .await?
        .map_err(|error| refused(&gate, error))?;
    let to = at(&gate, id, "/roles").with("done", "roles");
    Ok(Redirect::to(&to.to_string()).into_response())
}

/// What changes for an administrator.
struct Difference {
    gained: Vec<&'static Role>,
    lost: Vec<&'static Role>,
}

impl Difference {
    fn of(gate: &Gate, user: &User, roles: &[String]) -> Difference {
        let has = |roles: &[String], role: &Role| roles.iter().any(|own| own == role.name);
        let of = |before: &[String], after: &[String]| {
            access::roles_of(&gate.realm.name)
                .filter(|role| has(after, role) && !has(before, role))
                .collect()
        };
        Difference {
            gained: of(&user.roles, roles),
            lost: of(roles, &user.roles),
        }
    }

    fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty()
    }

    fn loses(&self, name: &str) -> bool {
        self.lost.iter().any(|role| role.name == name)
    }
}

async fn ask(gate: &Gate, user: &User, form: &Form, difference: Difference) -> Answer {
    let mut effects = Vec::new();
    for role in &difference.gained {
        effects.push(Effect::new(
            Tone::Plain,
            "shield-check",
            format!("Becomes {}", role.label),
            role.may,
        ));
    }
    for role in &difference.lost {
        effects.push(Effect::new(
            Tone::Cut,
            "shield-alert",
            format!("Is no longer {}", role.label),
            role.may,
        ));
    }
    let yours = gate.admin.owns(&gate.realm, user.id);
    if yours && !difference.lost.is_empty() {
        let left = wanted(gate, user, form);
        let what = match access::is_administrator(&gate.realm.name, &left) {
            true => "You take this from yourself",
            false => "You lose the console at once",
        };
        let more = "You cannot give it back to yourself; another administrator has to.";
        effects.push(Effect::new(Tone::Gap, "triangle-alert", what, more));
    }
    if difference.loses("realm-admin") && !another_admin(gate, user).await? {
        effects.push(Effect::new(
            Tone::Gap,
            "triangle-alert",
            "Nobody else is realm administrator here",
            "Only an administrator of the whole server could then make somebody one.",
        ));
    }
    let mut hidden: Vec<Hidden> = form
        .all("role")
        .into_iter()
        .map(|value| Hidden {
            name: "role",
            value,
        })
        .collect();
    let mut add = |name, value: &str| {
        hidden.push(Hidden {
            name,
            value: value.to_owned(),
        });
    };
    add("others", form.one("others"));
    add("confirmed", "1");
    let name = user.display_name();
    let page = ActPage {
        shell: gate.shell(Section::Users),
        crumbs: crumbs(gate, user),
        title: format!("Change what {name} may do?"),
        sentence: "It holds from their next request on, also where they are signed in already."
            .to_owned(),
        action: at(gate, user.id, "/roles").to_string(),
        hidden,
        effects,
        until: None,
        words: None,
        typed: None,
        problems: Vec::new(),
        button: "Change roles".to_owned(),
        icon: "shield",
        danger: !difference.lost.is_empty(),
        hint: "",
        cancel_url: at(gate, user.id, "/roles").to_string(),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// Whether anybody but this user is a realm administrator who can sign in.
async fn another_admin(gate: &Gate, user: &User) -> Result<bool, Fault> {
    let (admins, _) = user::administrators(&gate.ctx, &gate.realm, None, LOOKED_AT).await?;
    Ok(admins.iter().any(|other| {
        other.id != user.id
            && other.enabled
            && other.blocked(gate.now).is_none()
            && other.roles.iter().any(|role| role == "realm-admin")
    }))
}

/// Administrators looked at to find another.
const LOOKED_AT: usize = 500;
