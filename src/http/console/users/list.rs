//! `GET /admin/{realm}/users`: everybody, or whom a search finds. With `X-Fragment: list` the list alone.

use axum::http::StatusCode;

use super::{at, done, standing};
use crate::domain::Fault;
use crate::domain::access::{self, Right};
use crate::domain::session::of_user;
use crate::domain::user::{self, User};
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::people::{PeopleList, PeoplePage, PersonRow};
use crate::http::console::pages::{Person, Section, counted};
use crate::http::console::words;

/// Answers the page or its list.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ViewUsers)?;
    let query = Form::read(gate.query.as_bytes());
    let q = query.one("q").trim().to_owned();
    let after = Some(query.one("after")).filter(|after| !after.is_empty());
    let list = list(&gate, &q, after).await?;
    if gate.fragment.as_deref() == Some("list") {
        return Ok(frame::html(StatusCode::OK, &list));
    }
    let manages = gate.may(Right::ManageUsers);
    let page = PeoplePage {
        shell: gate.shell(Section::Users),
        new_url: manages.then(|| gate.at("/users/new").to_string()),
        import_url: manages.then(|| gate.at("/users/import").to_string()),
        done: done(query.one("done")).to_owned(),
        q,
        list,
    };
    Ok(frame::html(StatusCode::OK, &page))
}

async fn list(gate: &Gate, q: &str, after: Option<&str>) -> Result<PeopleList, Fault> {
    let found = user::search(&gate.ctx, &gate.realm, q, after, ON_A_PAGE).await?;
    let mut rows = Vec::with_capacity(found.users.len());
    for user in &found.users {
        rows.push(row(gate, user).await?);
    }
    let here = gate.at("/users").with("q", q);
    let count = counted(rows.len() as u64, "user", "users");
    let more = if found.next.is_some() {
        " and more"
    } else {
        ""
    };
    let fits = if q.is_empty() {
        String::new()
    } else {
        format!(" that match “{q}”")
    };
    Ok(PeopleList {
        base: gate.base(),
        q: q.to_owned(),
        cut: rows.is_empty() && found.next.is_some(),
        sessions: gate.may(Right::ViewSessions),
        results: format!("Showing {count}{fits}{more}"),
        first_url: after.map(|_| here.to_string()),
        next_url: found.next.map(|next| here.with("after", &next).to_string()),
        rows,
    })
}

async fn row(gate: &Gate, user: &User) -> Result<PersonRow, Fault> {
    let sessions = match gate.may(Right::ViewSessions) {
        true => of_user::count(&gate.ctx, &gate.realm, user.id, COUNTED + 1).await?,
        false => 0,
    };
    Ok(PersonRow {
        id: user.id.to_string(),
        url: at(gate, user.id, "").to_string(),
        person: Person::new(user.display_name(), &user.username),
        yours: gate.admin.owns(&gate.realm, user.id),
        admin: access::is_administrator(&gate.realm.name, &user.roles),
        email: user.claim("email").unwrap_or_default().to_owned(),
        organisation: user.claim("organisation").unwrap_or_default().to_owned(),
        standing: standing(gate, user),
        sessions: match sessions {
            n if n > COUNTED => format!("{COUNTED}+"),
            n => n.to_string(),
        },
        created: words::ago(gate.now, user.created_at),
    })
}

const ON_A_PAGE: usize = 25;
/// Sessions counted for one row.
const COUNTED: usize = 20;
