//! The profile: what apps may learn of somebody, as far as the realm lets them change it.

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::me::{Entered, Me};
use super::pages::{Field, ProfilePage, Section};
use crate::domain::Fault;
use crate::domain::user::verbs::{self, UserError};
use crate::domain::user::{Blocking, User, UserSettings};
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::Words;
use crate::protocol::Params;

/// GET: the form.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    match Me::enter(visit, "/profile").await {
        Entered::Me(me) => {
            let is_saved = query.as_deref() == Some("saved=1");
            let outcome = page(&me, StatusCode::OK, &Form::of(&me), is_saved).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

/// POST: what was changed.
pub async fn save(visit: Visit, body: Bytes) -> Response {
    match Me::enter(visit, "/profile").await {
        Entered::Me(me) => {
            let outcome = saved(&me, &body).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

/// Claims that are one line of text, each with its `autocomplete`.
const TEXTS: [(&str, &str); 3] = [
    ("name", "name"),
    ("given_name", "given-name"),
    ("family_name", "family-name"),
];
const EMAIL: &str = "email";
const LOCALE: &str = "locale";
/// The most characters of a text.
const LONGEST: usize = 200;

/// What was typed, or is kept.
struct Form {
    values: Vec<(&'static str, String)>,
    wrong: Vec<(&'static str, &'static str)>,
}

impl Form {
    fn names() -> impl Iterator<Item = &'static str> {
        TEXTS
            .into_iter()
            .map(|(name, _)| name)
            .chain([EMAIL, LOCALE])
    }

    fn of(me: &Me) -> Form {
        let kept = |name| {
            (
                name,
                me.user.value.claim(name).unwrap_or_default().to_owned(),
            )
        };
        Form {
            values: Form::names().map(kept).collect(),
            wrong: Vec::new(),
        }
    }

    /// What was sent, of what may be changed; the rest is as it was.
    fn sent(me: &Me, params: &Params) -> Form {
        let words = &me.words().mine;
        let mut form = Form::of(me);
        for (name, value) in &mut form.values {
            if !may_change(me, name) {
                continue;
            }
            let sent = params.one(name).unwrap_or_default().trim();
            if sent.chars().count() > LONGEST || sent.chars().any(char::is_control) {
                form.wrong.push((name, words.too_long));
            } else if *name == EMAIL && !sent.is_empty() && !is_email(sent) {
                form.wrong.push((name, words.bad_email));
            }
            sent.clone_into(value);
        }
        form
    }

    fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    fn wrong(&self, name: &str) -> Option<&'static str> {
        let found = self.wrong.iter().find(|(known, _)| *known == name);
        found.map(|(_, why)| *why)
    }
}

fn may_change(me: &Me, name: &str) -> bool {
    let policy = &me.realm().settings.account;
    if name == EMAIL {
        policy.edit_email
    } else {
        policy.edit_profile
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.contains('@') && !text.contains(' ')
    })
}

async fn saved(me: &Me, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(body)?;
    me.posted(&params, me.at("/profile")).await?;
    let form = Form::sent(me, &params);
    if !form.wrong.is_empty() {
        return page(me, StatusCode::UNPROCESSABLE_ENTITY, &form, false).await;
    }
    let (app, realm, actor) = (me.visit.app.clone(), me.realm().clone(), me.actor());
    let (id, values) = (me.user.value.id, form.values.clone());
    // The change survives a browser that hangs up.
    let done = tokio::spawn(async move {
        let change = |user: &User| Ok::<_, UserError>(settings(user, &values));
        verbs::revise(&app.ctx, &realm, &actor, id, change).await
    });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(_) => me.visit.go(&me.at("/profile?saved=1")),
        Err(UserError::Fault(fault)) => Err(fault.into()),
        Err(UserError::Invalid(_)) => {
            let mut form = form;
            form.wrong.push(("name", me.words().mine.too_long));
            page(me, StatusCode::UNPROCESSABLE_ENTITY, &form, false).await
        }
        Err(UserError::TooBusy | UserError::NameTaken | UserError::NotFound) => {
            Err(Fault::Busy.into())
        }
    }
}

/// Somebody as they are, with these claims. An empty one goes; a new address is not verified.
fn settings(user: &User, values: &[(&'static str, String)]) -> UserSettings {
    let mut claims: Map<String, Value> = user.claims.clone();
    for (name, value) in values {
        if user.claim(name).unwrap_or_default() == value {
            continue;
        }
        if value.is_empty() {
            claims.remove(*name);
        } else {
            claims.insert((*name).to_owned(), Value::String(value.clone()));
        }
        if *name == EMAIL {
            claims.insert("email_verified".to_owned(), Value::Bool(false));
        }
    }
    UserSettings {
        username: user.username.clone(),
        password: None,
        password_hash: None,
        enabled: user.enabled,
        roles: user.roles.clone(),
        claims,
        blocking: Blocking::Keep,
    }
}

async fn page(
    me: &Me,
    status: StatusCode,
    form: &Form,
    is_saved: bool,
) -> Result<Response, Refusal> {
    let words = me.words();
    let policy = &me.realm().settings.account;
    let mut fields: Vec<Field> = TEXTS
        .into_iter()
        .map(|(name, autocomplete)| field(me, form, name, autocomplete))
        .collect();
    fields.push(field(me, form, EMAIL, "email"));
    let verified = me.user.value.claims.get("email_verified") == Some(&Value::Bool(true));
    let page = ProfilePage {
        shell: me.shell(Section::Profile, "/profile").await?,
        action: me.at("/profile"),
        username: me.user.value.username.clone(),
        fields,
        verified: (!form.value(EMAIL).is_empty()).then_some(verified),
        locale: form.value(LOCALE).to_owned(),
        locales: locales(form.value(LOCALE)),
        may_change: policy.edit_profile,
        may_save: policy.edit_profile || policy.edit_email,
        has_errors: !form.wrong.is_empty(),
        is_saved,
    };
    debug_assert_eq!(words.tag, page.shell.gate.words.tag, "one language a page");
    me.page(status, &page)
}

fn field(me: &Me, form: &Form, name: &'static str, autocomplete: &'static str) -> Field {
    Field {
        name,
        label: label(me.words(), name),
        value: form.value(name).to_owned(),
        autocomplete,
        kind: if name == EMAIL { "email" } else { "text" },
        may_change: may_change(me, name),
        error: form.wrong(name),
    }
}

fn label(words: &'static Words, name: &str) -> &'static str {
    match name {
        "name" => words.mine.full_name,
        "given_name" => words.mine.given_name,
        "family_name" => words.mine.family_name,
        _ => words.mine.email,
    }
}

/// The languages to choose from: ours, and whatever is kept.
fn locales(kept: &str) -> Vec<(String, String)> {
    let ours = crate::http::words::ALL.into_iter();
    let mut all: Vec<(String, String)> = ours
        .map(|words| (words.tag.to_owned(), words.name.to_owned()))
        .collect();
    if !kept.is_empty() && !all.iter().any(|(tag, _)| tag == kept) {
        all.push((kept.to_owned(), kept.to_owned()));
    }
    all
}
