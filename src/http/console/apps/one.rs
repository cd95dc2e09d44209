//! `GET /admin/{realm}/apps/{id}`: one application: what it is, what it has to know, and whether it would learn of a
//! sign-out, with the last answer of each of its channels.

use axum::extract::Path;
use axum::http::StatusCode;

use super::{crumbs, find, may_test, problem, row, tabs};
use crate::domain::Fault;
use crate::domain::access::Right;
use crate::domain::client::{AuthMethod, Client};
use crate::domain::outbox::readiness::{self, Readiness, Way};
use crate::domain::outbox::trial::{self, Trial, Verdict};
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::{AppPage, AppWay, Fact, Line, Link, Moment, Section, counted};
use crate::http::console::words;

/// Answers the page.
pub async fn page(gate: Gate, Path((_, id)): Path<(String, String)>) -> Answer {
    if !gate.may(Right::ViewClients) {
        gate.need(Right::ViewSessions)?;
    }
    let client = find(&gate, &id).await?;
    let query = Form::read(gate.query.as_bytes());
    let readiness = readiness::of(&gate.ctx, &gate.realm, &client).await?;
    let ways = ways(&gate, &client, &readiness).await?;
    let mut row = row(&gate, &client, readiness, query.one("tried"));
    row.test_url = may_test(&gate).then(|| format!("{}/test", row.url));
    let page = AppPage {
        shell: gate.shell(Section::Apps),
        crumbs: crumbs(&gate, None),
        tabs: tabs(&gate, &client, "Overview").await?,
        notes: notes(&gate, &client, &query),
        row,
        ways,
        copies: copies(&gate, &client),
        facts: facts(&client),
        may_change: gate.may(Right::ManageClients),
        may_end: gate.may(Right::EndSessions),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn notes(gate: &Gate, client: &Client, query: &Form) -> Vec<Line> {
    let mut notes = Vec::new();
    match query.one("done") {
        "made" => notes.push(Line::new("ok", "The application is registered.")),
        "saved" => notes.push(Line::new("ok", "The settings are saved.")),
        "same" => notes.push(Line::new(
            "info",
            "Nothing was changed: the settings are what they were.",
        )),
        "enabled" => notes.push(Line::new(
            "ok",
            "The application is on again. What was granted before stays over.",
        )),
        _ => {}
    }
    let problem = problem(query.one("problem"));
    if !problem.is_empty() {
        notes.push(Line::new("danger", problem));
    }
    if gate.web.names_client(&gate.realm.name, client.client_id()) {
        notes.push(Line::new("warn", IN_FILE));
    }
    notes
}

/// What is said of an application that a realm file names.
pub const IN_FILE: &str = "A realm file of this server names this application: at the next start it gets the file’s values again. Change it there too.";

/// What an app has to be told.
fn copies(gate: &Gate, client: &Client) -> Vec<Link> {
    let issuer = gate.realm.issuer(&gate.ctx.public_url);
    let protocol = format!("{issuer}/protocol/openid-connect");
    let all = [
        ("client_id", client.client_id().to_owned()),
        ("Issuer", issuer.clone()),
        (
            "Discovery",
            format!("{issuer}/.well-known/openid-configuration"),
        ),
        ("Sign-in", format!("{protocol}/auth")),
        ("Tokens", format!("{protocol}/token")),
        ("Token check", format!("{protocol}/token/introspect")),
        ("Sign-out", format!("{protocol}/logout")),
        ("Keys", format!("{protocol}/certs")),
    ];
    let pair = |(label, url): (&str, String)| Link {
        label: label.to_owned(),
        url,
    };
    all.into_iter().map(pair).collect()
}

pub(super) fn fact(label: &str, value: impl Into<String>) -> Fact {
    Fact {
        label: label.to_owned(),
        value: value.into(),
        ..Fact::default()
    }
}

pub(super) fn time(label: &str, moment: Moment) -> Fact {
    Fact {
        label: label.to_owned(),
        value: moment.text,
        datetime: moment.datetime,
        code: false,
    }
}

/// How it proves who it is, in words.
pub fn method(client: &Client) -> &'static str {
    match client.settings.token_endpoint_auth_method {
        AuthMethod::ClientSecretBasic => "A secret, in a header",
        AuthMethod::ClientSecretPost => "A secret, in the body",
        AuthMethod::ClientSecretJwt => "A token signed with the secret",
        AuthMethod::PrivateKeyJwt => "A token signed with its own key",
        AuthMethod::None => "Nothing: a public app",
    }
}

fn facts(client: &Client) -> Vec<Fact> {
    let settings = &client.settings;
    let list = |list: &[String]| match list.is_empty() {
        true => "none".to_owned(),
        false => list.join(", "),
    };
    let mut facts = vec![
        time("Registered", words::full(client.created_at)),
        fact("Proof", method(client)),
        fact("Ways to a token", list(&settings.grant_types)),
        fact(
            "Scopes",
            if settings.scope.is_empty() {
                "none"
            } else {
                &settings.scope
            },
        ),
        fact("After sign-in", list(&settings.redirect_uris)),
        fact(
            "PKCE",
            if settings.require_pkce {
                "required"
            } else {
                "not required"
            },
        ),
    ];
    if !settings.service_account_roles.is_empty() {
        facts.push(fact(
            "Roles of its account",
            list(&settings.service_account_roles),
        ));
    }
    facts.push(Fact {
        code: true,
        ..fact("Record", client.id.to_string())
    });
    facts
}

async fn ways(gate: &Gate, client: &Client, readiness: &Readiness) -> Result<Vec<AppWay>, Fault> {
    let mut ways = Vec::with_capacity(readiness.channels.len());
    for way in &readiness.channels {
        let trial = match way.triable {
            true => trial::last(&gate.ctx, &gate.realm, client, way.channel).await?,
            false => None,
        };
        let (verdict, tone) = said(way, trial.as_ref());
        ways.push(AppWay {
            channel: super::channel(gate, way),
            name: way.channel.as_str().to_owned(),
            triable: way.triable,
            verdict,
            tone: tone.to_owned(),
            answer: answer(gate, way),
        });
    }
    Ok(ways)
}

/// What the last answer means.
fn said(way: &Way, trial: Option<&Trial>) -> (String, &'static str) {
    if way.last_was_trial
        && let Some(verdict) = trial.and_then(|trial| trial.verdict)
    {
        let tone = match verdict {
            Verdict::Acknowledged => "ok",
            Verdict::Rejected => "danger",
            Verdict::Retried => "warn",
        };
        return (verdict.words().to_owned(), tone);
    }
    match (&way.last, way.last_good) {
        (None, None) => (String::new(), ""),
        (Some(last), good) if good.is_none_or(|good| good < last.at) => (
            "It did not confirm what it was last told.".to_owned(),
            "danger",
        ),
        _ => ("It confirmed what it was last told.".to_owned(), "ok"),
    }
}

/// The last answer, decoded.
fn answer(gate: &Gate, way: &Way) -> Vec<Fact> {
    let mut facts = Vec::new();
    if way.queued > 0 {
        facts.push(fact(
            "Waiting",
            counted(way.queued as u64, "notice", "notices"),
        ));
    }
    let Some(last) = &way.last else { return facts };
    let label = if way.last_was_trial {
        "Last test"
    } else {
        "Last notice"
    };
    facts.push(time(label, words::ago(gate.now, last.at)));
    match last.status {
        Some(status) => {
            let name = StatusCode::from_u16(status)
                .ok()
                .and_then(|s| s.canonical_reason());
            facts.push(fact(
                "Status",
                format!("{status} {}", name.unwrap_or_default()),
            ));
            facts.push(fact("Took", format!("{} ms", last.took)));
            let text = match last.text.as_str() {
                "" => "nothing, as it should be",
                text => text,
            };
            facts.push(fact("It said", text));
        }
        None if !last.text.is_empty() => facts.push(fact("No answer", last.text.clone())),
        None => {}
    }
    facts
}
