//! `GET /admin/{realm}/keys`: what the realm signs with, what comes next and what is still published; `…/keys/rotate` turns
//! one over.

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;

use super::frame::{self, Answer, Stop};
use super::gate::{Form, Gate};
use super::pages::{AskPage, Effect, Fact, KeyRow, KeysPage, Line, Section, counted};
use super::words;
use crate::crypto::Alg;
use crate::domain::access::Right;
use crate::domain::keys::{self, KeyState, StoredKey, rotate};
use crate::domain::{ActorKind, Fault, sealing};
use crate::http::state::App;

/// Their addresses.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/{realm}/keys", get(page))
        .route("/admin/{realm}/keys/rotate", get(ask).post(turn))
}

/// Answers the list.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ManageRealm)?;
    let mut stored = keys::list(&gate.ctx, &gate.realm).await?;
    stored.sort_by_key(|key| {
        (
            key.alg != usual(&gate),
            key.alg,
            order(key),
            std::cmp::Reverse(key.created_at),
        )
    });
    let query = Form::read(gate.query.as_bytes());
    let mut notes = Vec::new();
    if query.one("done") == "rotated" {
        notes.push(Line::new(
            "ok",
            "The next key signs from now on. What the old one signed stays good until it expires.",
        ));
    }
    let page = KeysPage {
        shell: gate.shell(Section::Keys),
        notes,
        rows: stored.iter().map(|key| row(&gate, key)).collect(),
        jwks_url: format!(
            "{}/protocol/openid-connect/certs",
            gate.realm.issuer(&gate.ctx.public_url)
        ),
        master: master(&gate).await?,
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn usual(gate: &Gate) -> Alg {
    gate.realm.settings.tokens.signing_algorithm
}

fn order(key: &StoredKey) -> u8 {
    match key.state {
        KeyState::Active => 0,
        KeyState::Next => 1,
        KeyState::Retired { .. } => 2,
    }
}

fn row(gate: &Gate, key: &StoredKey) -> KeyRow {
    let (state, label, tone, about) = match key.state {
        KeyState::Active => ("active", "Signs", "ok", String::new()),
        KeyState::Next => (
            "next",
            "Next",
            "info",
            "Published already, so that everybody knows it before it signs".to_owned(),
        ),
        KeyState::Retired { until } => (
            "retired",
            "Retired",
            "",
            format!("Published until {}", words::full(until).text),
        ),
    };
    let active = key.state == KeyState::Active;
    let rotate = active.then(|| {
        gate.at("/keys/rotate")
            .with("alg", key.alg.name())
            .to_string()
    });
    KeyRow {
        kid: key.kid.clone(),
        alg: key.alg.name().to_owned(),
        usual: key.alg == usual(gate),
        state: state.to_owned(),
        words: label.to_owned(),
        tone: tone.to_owned(),
        about,
        made: words::ago(gate.now, key.created_at),
        rotate_url: rotate,
    }
}

/// How the keys themselves are sealed.
async fn master(gate: &Gate) -> Result<Vec<Fact>, Fault> {
    let fact = |label: &str, value: String| Fact {
        label: label.to_owned(),
        value,
        ..Fact::default()
    };
    let Some(masters) = sealing::masters(&*gate.ctx.store).await? else {
        return Ok(Vec::new());
    };
    let mut facts = vec![Fact {
        code: true,
        ..fact("Master key", masters.current.to_string())
    }];
    let current = masters.keys.iter().find(|key| key.id == masters.current);
    if let Some(current) = current {
        facts.push(fact("Since", words::full(current.since).text));
    }
    let old = masters
        .keys
        .iter()
        .filter(|key| key.id != masters.current && key.is_needed())
        .count();
    let state = match (&masters.walk, old) {
        (Some(_), _) => {
            "A new master key takes over: what is sealed is sealed anew at this moment".to_owned()
        }
        (None, 0) => "Current: everything is sealed with it".to_owned(),
        (None, n) => format!(
            "{} still needed beside it",
            counted(n as u64, "earlier key is", "earlier keys are")
        ),
    };
    facts.push(fact("State", state));
    if let Some(at) = masters.walked_at {
        facts.push(fact("Last checked", words::full(at).text));
    }
    Ok(facts)
}

fn asked(gate: &Gate, form: &Form) -> Result<Alg, Stop> {
    let name = form.one("alg");
    let known = [Alg::Es256, Alg::Rs256, Alg::EdDSA];
    known.into_iter().find(|alg| alg.name() == name).ok_or_else(|| {
        let text = "The address names no signature algorithm of this server: it is ES256, RS256 or EdDSA.";
        gate.message(StatusCode::NOT_FOUND, "There is no such key", text, Vec::new())
    })
}

/// `GET …/rotate`: what turning the key over does.
pub async fn ask(gate: Gate) -> Answer {
    gate.need(Right::ManageRealm)?;
    let alg = asked(&gate, &Form::read(gate.query.as_bytes()))?;
    let tokens = &gate.realm.settings.tokens;
    let longest = tokens
        .access_token_lifetime
        .max(tokens.id_token_lifetime)
        .max(tokens.status_list_ttl);
    let page = AskPage {
        title: format!("Rotate the {} key?", alg.name()),
        lead: "Nobody is signed out.".to_owned(),
        effects: vec![
            Effect::new(
                "cut",
                "key-round",
                "The next key signs from now on",
                "It is published already: applications that fetch the keys know it.",
            ),
            Effect::new(
                "safe",
                "shield-check",
                "Tokens that exist stay good",
                format!(
                    "The old key is published until the last of them has expired: for {} and a little longer.",
                    words::span(longest)
                ),
            ),
            Effect::new(
                "",
                "circle-dashed",
                "A new next key is made and published",
                "It waits for the next rotation.",
            ),
            Effect::new(
                "gap",
                "triangle-alert",
                "If the old key is in wrong hands, this is not enough",
                "Its signatures are taken until it is forgotten. End every session as well, so that nothing that it signed is good any more.",
            ),
        ],
        hidden: vec![("alg".to_owned(), alg.name().to_owned())],
        button: format!("Rotate the {} key", alg.name()),
        danger: false,
        ..AskPage::new(
            gate.shell(Section::Keys),
            gate.at("/keys/rotate").to_string(),
            gate.at("/keys").to_string(),
        )
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// `POST …/rotate`.
pub async fn turn(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageRealm)?;
    let alg = asked(&gate, &form)?;
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let done = tokio::spawn(async move { rotate::rotate(&ctx, &realm, &actor, alg).await });
    done.await.map_err(|_| Fault::Busy)??;
    let to = gate.at("/keys").with("done", "rotated");
    Ok(Redirect::to(&to.to_string()).into_response())
}
