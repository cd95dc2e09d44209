//! What somebody ends: one device, all others, one that they do not recognise. Each after a page that says what it means,
//! and through the door.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::me::{Entered, Me};
use super::pages::{ActPage, Effect, Gap, Section};
use super::prove;
use super::sessions::device;
use crate::domain::denial::ActiveSession;
use crate::domain::outbox::Channel;
use crate::domain::signout::{self, EndError, Reason, Request, Selection, SignOut, plan};
use crate::domain::user::own;
use crate::domain::{Context, Fault};
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::{Moment, Words};
use crate::protocol::Params;

/// What is to end.
#[derive(Clone)]
enum Act {
    One(Box<ActiveSession>),
    NotMine(Box<ActiveSession>),
    Others { away: bool },
}

/// GET: one device, asked about.
pub async fn ask_one(visit: Visit, Path((_, sid)): Path<(String, String)>) -> Response {
    ask(visit, Wanted::One(sid)).await
}

/// POST: one device.
pub async fn end_one(
    visit: Visit,
    Path((_, sid)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    end(visit, Wanted::One(sid), body).await
}

/// GET: a device that is not theirs, asked about.
pub async fn ask_not_mine(visit: Visit, Path((_, sid)): Path<(String, String)>) -> Response {
    ask(visit, Wanted::NotMine(sid)).await
}

/// POST: a device that is not theirs.
pub async fn end_not_mine(
    visit: Visit,
    Path((_, sid)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    end(visit, Wanted::NotMine(sid), body).await
}

/// GET: all others, asked about.
pub async fn ask_others(visit: Visit) -> Response {
    ask(visit, Wanted::Others).await
}

/// POST: all others.
pub async fn end_others(visit: Visit, body: Bytes) -> Response {
    end(visit, Wanted::Others, body).await
}

enum Wanted {
    One(String),
    NotMine(String),
    Others,
}

impl Wanted {
    fn page(&self) -> String {
        match self {
            Wanted::One(sid) => format!("/sessions/{sid}/sign-out"),
            Wanted::NotMine(sid) => format!("/sessions/{sid}/not-mine"),
            Wanted::Others => "/sign-out-others".to_owned(),
        }
    }

    /// What it means for whoever asks. Their own session is ended on the page that every sign-out ends on.
    async fn act(&self, me: &Me, away: bool) -> Result<Act, Refusal> {
        let other = async |sid: &str| {
            let found = me.session(sid).await?;
            if found.session.sid == me.active.session.sid {
                return Err(super::me::not_yours());
            }
            Ok(Box::new(found))
        };
        Ok(match self {
            Wanted::One(sid) => Act::One(other(sid).await?),
            Wanted::NotMine(sid) => Act::NotMine(other(sid).await?),
            Wanted::Others => Act::Others { away },
        })
    }
}

async fn ask(visit: Visit, wanted: Wanted) -> Response {
    match Me::enter(visit, "/sessions").await {
        Entered::Me(me) => {
            let outcome = asked(&me, &wanted).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

async fn asked(me: &Me, wanted: &Wanted) -> Result<Response, Refusal> {
    let act = wanted.act(me, false).await?;
    page(me, wanted, &act, StatusCode::OK, None).await
}

async fn end(visit: Visit, wanted: Wanted, body: Bytes) -> Response {
    match Me::enter(visit, "/sessions").await {
        Entered::Me(me) => {
            let outcome = ended(&me, &wanted, &body).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

async fn ended(me: &Me, wanted: &Wanted, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(body)?;
    me.posted(&params, me.at(&wanted.page())).await?;
    let act = wanted.act(me, params.one("away").is_some()).await?;
    if let Act::Others { .. } = act
        && let Err(why) = prove::check(me, &params).await?
    {
        return page(me, wanted, &act, StatusCode::FORBIDDEN, Some(why)).await;
    }
    // The act survives a browser that hangs up.
    let (app, realm, actor) = (me.visit.app.clone(), me.realm().clone(), me.actor());
    let request = request(me, &act).await?;
    if matches!(&request.select, Selection::Sessions(ids) if ids.is_empty()) {
        return me.visit.go(&me.at("/sessions"));
    }
    let unknown = match &act {
        Act::NotMine(active) => Some(active.session.clone()),
        Act::One(_) | Act::Others { .. } => None,
    };
    let done = tokio::spawn(async move {
        match unknown {
            Some(session) => own::not_recognised(&app.ctx, &realm, &actor, &session).await,
            None => through(&app.ctx, &realm, &request).await,
        }
    });
    let act = done.await.map_err(|_| Fault::Busy)??;
    me.visit.go(&me.at(&format!("/done/{}", act.id)))
}

async fn through(
    ctx: &Context,
    realm: &crate::domain::realm::Realm,
    request: &Request,
) -> Result<SignOut, Fault> {
    match signout::end(ctx, realm, request).await {
        Ok(act) => Ok(act),
        Err(EndError::Fault(fault)) => Err(fault),
        Err(EndError::OnlyOwn | EndError::Nothing) => Err(Fault::Record("selection")),
    }
}

/// What the door is asked. A sign-out of one's own leaves what apps may do in one's absence (Back-Channel Logout 1.0
/// §2.7), unless that is what they asked for.
async fn request(me: &Me, act: &Act) -> Result<Request, Fault> {
    let one = |active: &ActiveSession| Selection::Sessions(vec![active.session.sid.to_string()]);
    let (select, reason) = match act {
        Act::One(active) => (one(active), Reason::User),
        Act::NotMine(active) => (one(active), Reason::NotRecognised),
        Act::Others { away: true } => (
            Selection::Users(vec![me.user.value.id]),
            Reason::SignedOutElsewhere,
        ),
        Act::Others { away: false } => {
            let (others, _) = me.others().await?;
            let sids = others.iter().map(|active| active.session.sid.to_string());
            (Selection::Sessions(sids.collect()), Reason::User)
        }
    };
    Ok(Request::new(select, reason, me.actor()))
}

async fn page(
    me: &Me,
    wanted: &Wanted,
    act: &Act,
    status: StatusCode,
    error: Option<String>,
) -> Result<Response, Refusal> {
    let words = me.words();
    let (others, _) = match act {
        Act::Others { .. } => me.others().await?,
        Act::One(active) | Act::NotMine(active) => (vec![(**active).clone()], true),
    };
    let is_empty = others.is_empty();
    let (mut told, mut untold) = (Vec::new(), Vec::new());
    if !is_empty {
        let looked = plan(me.ctx(), me.realm(), &request(me, act).await?).await;
        let looked = looked.map_err(|error| match error {
            EndError::Fault(fault) => fault,
            EndError::OnlyOwn | EndError::Nothing => Fault::Record("selection"),
        })?;
        for app in looked.apps {
            if app.channel == Channel::None {
                let until = app
                    .bound_until
                    .map(|at| (words.acts.until)(&(words.frame.date)(Moment::from(at))));
                untold.push(Gap {
                    name: app.name,
                    until,
                });
            } else {
                told.push(app.name);
            }
        }
    }
    let (title, button, effects) = effects(words, act, is_empty);
    let page = ActPage {
        shell: me.shell(Section::Sessions, &wanted.page()).await?,
        action: me.at(&wanted.page()),
        title,
        button,
        devices: others
            .iter()
            .take(SHOWN)
            .map(|active| device(me, active, false))
            .collect(),
        effects,
        told,
        untold,
        offers_away: matches!(act, Act::Others { .. }) && !is_empty,
        prove: matches!(act, Act::Others { .. }) && !is_empty && prove::is_due(me).await?,
        is_empty,
        error,
        back_url: me.at("/sessions"),
    };
    me.page(status, &page)
}

fn effects(
    words: &'static Words,
    act: &Act,
    is_empty: bool,
) -> (&'static str, &'static str, Vec<Effect>) {
    let t = &words.acts;
    let stays = Effect::new("shield-check", "safe", t.this_stays);
    let away = Effect::new("clock", "", t.away_stays);
    match act {
        Act::One(_) => (
            t.one_title,
            words.way.sign_out,
            vec![Effect::new("log-out", "cut", t.one_ends), away, stays],
        ),
        Act::NotMine(_) => (
            t.not_mine_title,
            t.end_it,
            vec![
                Effect::new("log-out", "cut", t.not_mine_ends),
                Effect::new("shield-alert", "", t.admins_hear),
                Effect::new("key-round", "", t.password_next),
                stays,
            ],
        ),
        Act::Others { .. } if is_empty => (
            t.others_title,
            words.account.sign_out_others,
            vec![Effect::new("info", "", t.no_others)],
        ),
        Act::Others { .. } => (
            t.others_title,
            words.account.sign_out_others,
            vec![away, stays],
        ),
    }
}

/// The most devices on the page that asks.
const SHOWN: usize = 20;
