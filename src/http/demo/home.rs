//! `GET /`: who is signed in, if the provider agrees that they still are; and the page for what went wrong.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use crate::domain::time::{Clock as _, SystemClock, Timestamp};

use super::App;
use super::check::{Lasting, Profile, Standing, check};
use super::session::{Call, Kept, Session, key};

/// What comes back after a sign-out at the provider.
#[derive(Deserialize)]
pub(super) struct Returned {
    state: Option<String>,
}

/// Shows the application's only page.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Query(returned): Query<Returned>,
    jar: CookieJar,
) -> Response {
    let mut page = Home::of(&app);
    let farewell = jar
        .get(&app.cookie_name("logout"))
        .map(|cookie| cookie.value().to_owned());
    page.goodbye = farewell.is_some() && farewell == returned.state;
    if let Some(cookie) = jar.get(&app.cookie_name("session")) {
        let key = key(cookie.value());
        if let Some(Kept::Live(session)) = app.sessions.find(&key) {
            match check(&app, &session).await {
                Standing::Holds(profile, lasting) => {
                    page.who = Some(Who::new(&session, &profile, &lasting));
                    page.call = session.last_call().map(Answer::from);
                }
                Standing::Over(words) => app.sessions.end(&key, &session, words),
                Standing::Unknown(words) => page.trouble = Some(words),
            }
        }
        // Looked up again: the provider may have told us in the meantime that it is over.
        if let Some(Kept::Ended(ended)) = app.sessions.find(&key) {
            page.who = None;
            page.trouble = None;
            page.goodbye = false;
            page.ended = Some(ended.words.clone());
            page.call = ended.call.clone().map(Answer::from);
        }
    }
    let status = if page.trouble.is_some() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    show(status, &page)
}

/// The page for a sign-in that failed.
pub(super) fn problem(app: &App, status: StatusCode, words: &str) -> Response {
    show(
        status,
        &Problem {
            name: &app.about.name,
            slug: &app.about.client_id,
            words,
        },
    )
}

fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of a demo application could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "demo/home.html")]
struct Home<'a> {
    name: &'a str,
    slug: &'a str,
    issuer: &'a str,
    offline: bool,
    who: Option<Who>,
    call: Option<Answer>,
    ended: Option<String>,
    trouble: Option<String>,
    goodbye: bool,
}

#[derive(Template)]
#[template(path = "demo/problem.html")]
struct Problem<'a> {
    name: &'a str,
    slug: &'a str,
    words: &'a str,
}

impl Home<'_> {
    fn of(app: &App) -> Home<'_> {
        Home {
            name: &app.about.name,
            slug: &app.about.client_id,
            issuer: &app.about.issuer,
            offline: app.about.offline,
            who: None,
            call: None,
            ended: None,
            trouble: None,
            goodbye: false,
        }
    }
}

/// The signed-in user, as text.
struct Who {
    initial: char,
    display: String,
    username: String,
    email: String,
    sub: String,
    sid: String,
    auth_time: String,
    access_until: String,
    refresh: bool,
    checked: String,
}

impl Who {
    fn new(session: &Session, profile: &Profile, lasting: &Lasting) -> Who {
        let name = profile
            .name()
            .and_then(|name| name.get(None))
            .map(|name| name.to_string());
        let username = profile.preferred_username().map(|name| name.to_string());
        let display = name
            .or_else(|| username.clone())
            .unwrap_or_else(|| session.sub.clone());
        Who {
            initial: display.chars().next().unwrap_or('?').to_ascii_uppercase(),
            display,
            username: username.unwrap_or_else(absent),
            email: profile
                .email()
                .map_or_else(absent, |email| email.to_string()),
            sub: session.sub.clone(),
            sid: session.sid.clone().unwrap_or_else(absent),
            auth_time: session.auth_time.map_or_else(absent, moment),
            access_until: lasting.access_until.map_or_else(absent, moment),
            refresh: lasting.refresh,
            checked: moment(SystemClock.now()),
        }
    }
}

/// An answer of the protected resource, as text.
struct Answer {
    status: u16,
    good: bool,
    text: String,
    at: String,
}

impl From<Call> for Answer {
    fn from(call: Call) -> Answer {
        Answer {
            status: call.status,
            good: call.status == 200,
            text: call.text,
            at: moment(call.at),
        }
    }
}

fn absent() -> String {
    "not told".to_owned()
}

/// A moment to the second, in UTC: "2026-11-20 14:32:05 UTC".
fn moment(at: Timestamp) -> String {
    let text = at.rfc3339();
    match (text.get(..10), text.get(11..19)) {
        (Some(date), Some(time)) => format!("{date} {time} UTC"),
        _ => text,
    }
}
