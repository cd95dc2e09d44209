//! Overview: a realm at a glance. What there is now, what is under way, what became of the last sign-outs, and what was counted over
//! time ([`super::pulse`]). Reads alone, each of them bounded.

use super::client;
use super::id::{ClientId, ImportId, SignOutId, UserId};
use super::outbox::{Channel, OPENS_AT, Standing};
use super::pulse::census::{self, Size};
use super::pulse::{self, Bucket, Counts, Window};
use super::realm::Realm;
use super::record::decode;
use super::signout::receipt::{self, App};
use super::signout::told::AppState;
use super::signout::{SignOut, State};
use super::time::{Span, Timestamp};
use super::user::{self, alert, import};
use super::{ActorKind, Context, Fault, key, sealing, ssf};
use crate::store::{Dir, KeysOrRecords};

/// A realm at a glance.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When.
    pub at: Timestamp,
    /// Active sessions.
    pub sessions: Size,
    /// People who have one.
    pub people: Size,
    /// Notices that wait to be told; up to [`WAITING`].
    pub waiting: u64,
    /// Apps that do not answer lately, by a channel of their own or by an event stream: id and name.
    pub failing: Vec<(String, String)>,
    /// Who does not recognise a session and nobody has looked at it, up to [`ALERTS`]: id and name.
    pub alerts: Vec<(UserId, String)>,
    /// What happened in the last day.
    pub day: Counts,
    /// What is under way and takes its time.
    pub long: Vec<Long>,
    /// The last sign-outs that somebody asked for, newest first.
    pub last: Vec<Last>,
}

/// Something that takes its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Long {
    /// A large sign-out is being written out: sessions, of how many if that is known.
    WritingOut(SignOutId, u64, Option<u64>),
    /// Apps are being told of a sign-out: notices settled, of how many.
    Telling(SignOutId, u64, u64),
    /// People are being imported: how many, of how many.
    Importing(ImportId, u64, u64),
    /// Everything sealed is being sealed anew with another master key: parts of the store done, of how many.
    Resealing(u64, u64),
    /// The store is being checked: records, of how many.
    Checking(u64, u64),
}

impl Long {
    /// Its name in the API.
    pub fn as_str(&self) -> &'static str {
        match self {
            Long::WritingOut(..) => "writing_out",
            Long::Telling(..) => "telling",
            Long::Importing(..) => "importing",
            Long::Resealing(..) => "resealing",
            Long::Checking(..) => "checking",
        }
    }

    /// How far it is.
    pub fn progress(&self) -> (u64, Option<u64>) {
        match self {
            Long::WritingOut(_, done, total) => (*done, *total),
            Long::Telling(_, done, total)
            | Long::Importing(_, done, total)
            | Long::Resealing(done, total)
            | Long::Checking(done, total) => (*done, Some(*total)),
        }
    }

    /// The act it belongs to.
    pub fn sign_out(&self) -> Option<SignOutId> {
        match self {
            Long::WritingOut(id, ..) | Long::Telling(id, ..) => Some(*id),
            Long::Importing(..) | Long::Resealing(..) | Long::Checking(..) => None,
        }
    }
}

/// What became of a sign-out.
#[derive(Clone, Debug)]
pub struct Last {
    /// The act.
    pub act: SignOut,
    /// Apps that are told of it.
    pub apps: u64,
    /// Those that confirmed.
    pub confirmed: u64,
    /// Those that refused or were given up.
    pub failed: u64,
    /// How long after the cut the last of them confirmed; `None` while one has not.
    pub after: Option<Span>,
}

/// Notices that wait are counted up to this while somebody waits for the page.
pub const WAITING: u64 = 1000;
/// The most people counted who do not recognise a session.
pub const ALERTS: usize = 20;
/// How many of the last sign-outs are shown.
const LAST: usize = 12;
/// How many acts are looked through for them; most may have run out by themselves.
const LOOKED_THROUGH: usize = 200;
/// How many apps' standings are read.
const STANDINGS: usize = 1000;
/// A sign-out with more notices than this is shown as under way while they are told.
const MANY: u64 = 50;

/// A realm at a glance; what concerns the whole server only for whoever runs it.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn now(ctx: &Context, realm: &Realm, server: bool) -> Result<Overview, Fault> {
    let (sessions, people) = census::sizes(ctx, realm).await?;
    let most = usize::try_from(WAITING).unwrap_or(usize::MAX);
    let waiting = census::waiting(ctx, realm, most).await?;
    let mut day = Counts::default();
    for bucket in pulse::series(ctx, realm, Window::Day).await? {
        day.add(&bucket.counts);
    }
    let (last, mut long) = last(ctx, realm).await?;
    long.extend(open(ctx, realm, &last).await?);
    for import in import::show::list(ctx, realm, LAST).await? {
        if import.state == import::State::Running {
            long.push(Long::Importing(
                import.id,
                import.counts.done(),
                import.total,
            ));
        }
    }
    if server {
        long.extend(of_the_server(ctx).await?);
    }
    Ok(Overview {
        at: ctx.now(),
        sessions,
        people,
        waiting,
        failing: failing(ctx, realm).await?,
        alerts: alerts(ctx, realm).await?,
        day,
        long,
        last,
    })
}

/// What was counted over time.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn series(ctx: &Context, realm: &Realm, window: Window) -> Result<Vec<Bucket>, Fault> {
    pulse::series(ctx, realm, window).await
}

async fn last(ctx: &Context, realm: &Realm) -> Result<(Vec<Last>, Vec<Long>), Fault> {
    let (mut found, mut long) = (Vec::new(), Vec::new());
    let (acts, _) = receipt::list(ctx, realm, None, LOOKED_THROUGH).await?;
    for act in acts {
        if act.actor.kind == ActorKind::System {
            continue;
        }
        if found.len() == LAST {
            break;
        }
        let (apps, _) = receipt::apps(ctx, realm, &act).await?;
        let told = apps.iter().flat_map(|app| &app.channels);
        let told = told.filter(|told| told.channel != Channel::None);
        let (notices, pending) = told.fold((0, 0), |(all, left), told| {
            (all + told.notices, left + told.pending())
        });
        if act.state == State::Delivering && notices > MANY {
            long.push(Long::Telling(act.id, notices - pending, notices));
        }
        found.push(of(act, &apps));
    }
    Ok((found, long))
}

fn of(act: SignOut, apps: &[App]) -> Last {
    let is = |state: AppState| move |app: &&App| app.state == state;
    let count = |state| apps.iter().filter(is(state)).count() as u64;
    let confirmed = count(AppState::Acknowledged);
    let failed = count(AppState::Rejected) + count(AppState::GaveUp);
    let told = confirmed + failed + count(AppState::Retrying);
    let ends = apps
        .iter()
        .flat_map(|app| &app.channels)
        .filter_map(|told| {
            let last = told.last.as_ref()?;
            Some(last.at.plus(Span(u64::from(last.took))))
        });
    let after = (told > 0 && confirmed == told && act.state == State::Settled)
        .then(|| ends.max())
        .flatten()
        .map(|at| at.since(act.at));
    Last {
        act,
        apps: told,
        confirmed,
        failed,
        after,
    }
}

/// Acts that are being written out, also those that are not among the last.
async fn open(ctx: &Context, realm: &Realm, last: &[Last]) -> Result<Vec<Long>, Fault> {
    let range = key::sign_outs_open_in(realm.id);
    let (dir, what) = (Dir::Forward, KeysOrRecords::KeysOnly);
    let page = ctx.store.scan(&range, None, LAST, dir, what).await?;
    let mut long = Vec::new();
    for record in page.records {
        let Some(id) = key::tail(&record.key).and_then(|t| SignOutId::from_bytes(&t)) else {
            continue;
        };
        let known = last.iter().find(|one| one.act.id == id);
        let act = match known {
            Some(last) => Some(last.act.clone()),
            None => receipt::find(ctx, realm, id).await?,
        };
        if let Some(act) = act.filter(|act| act.state == State::Expanding) {
            long.push(Long::WritingOut(id, act.sessions, act.total));
        }
    }
    Ok(long)
}

async fn of_the_server(ctx: &Context) -> Result<Vec<Long>, Fault> {
    let mut long = Vec::new();
    if let Some(walk) = sealing::masters(&*ctx.store).await?.and_then(|m| m.walk) {
        let (part, parts) = walk.part();
        long.push(Long::Resealing(
            (part as u64).saturating_sub(1),
            parts as u64,
        ));
    }
    if let Some((done, total)) = ctx.store.health().await.checking {
        long.push(Long::Checking(done, total));
    }
    Ok(long)
}

async fn alerts(ctx: &Context, realm: &Realm) -> Result<Vec<(UserId, String)>, Fault> {
    let mut found = Vec::new();
    for id in alert::list(ctx, realm, ALERTS).await? {
        if let Some(user) = user::by_id(ctx, realm, id).await? {
            found.push((id, user.value.display_name().to_owned()));
        }
    }
    Ok(found)
}

async fn failing(ctx: &Context, realm: &Realm) -> Result<Vec<(String, String)>, Fault> {
    let range = key::standings(realm.id);
    let (dir, what) = (Dir::Forward, KeysOrRecords::Records);
    let page = ctx.store.scan(&range, None, STANDINGS, dir, what).await?;
    let mut found: Vec<(String, String)> = Vec::new();
    let mut note = |id: &str, name: &str| {
        let app = (id.to_owned(), name.to_owned());
        if !found.contains(&app) {
            found.push(app);
        }
    };
    for record in page.records {
        let standing: Standing = decode(&record.value, "standing of an app")?;
        let id = record.key.get(5..21).and_then(ClientId::from_bytes);
        let Some(id) = id.filter(|_| standing.is_failing()) else {
            continue;
        };
        if let Some(client) = client::by_id(ctx, realm, id).await? {
            note(client.client_id(), client.name());
        }
    }
    for known in ssf::streams::of(ctx, realm).await?.iter() {
        let stream = &known.stream;
        let marks = ssf::marks::of(ctx, realm.id, stream.id).await?;
        if stream.status != ssf::Status::Enabled || marks.failures < OPENS_AT {
            continue;
        }
        if let Some(client) = client::by_id(ctx, realm, stream.client).await? {
            note(client.client_id(), client.name());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Actor;
    use crate::domain::record::{encode, encode_json};
    use crate::domain::signout::{self, Reason, Request, Selection};
    use crate::domain::testing;
    use crate::store::Batch;

    #[tokio::test]
    async fn what_takes_its_time_is_read_from_what_is_remembered() {
        let (ctx, clock) = testing::context();
        clock.advance(Span::days(400));
        let realm = testing::realm(&ctx, "demo").await;
        let alice = testing::user(&ctx, &realm, "alice").await;
        let sid = testing::session(&ctx, &realm, alice.id).await;
        let select = Selection::Sessions(vec![sid.to_string()]);
        let mut admin = Actor::system("test");
        admin.kind = ActorKind::Admin;
        let request = Request::new(select, Reason::Admin, admin);
        let mut act = signout::end(&ctx, &realm, &request).await.unwrap();
        let quiet = now(&ctx, &realm, true).await.unwrap();
        assert_eq!((quiet.long.len(), quiet.last.len()), (0, 1));

        // As a large act stands that a crash interrupted.
        act.state = State::Expanding;
        act.large = true;
        (act.sessions, act.total) = (1200, Some(5000));
        let mut batch = Batch::new();
        batch.put(key::sign_out(realm.id, act.id), encode_json(&act).unwrap());
        let open = signout::expand::Open::default();
        batch.put(key::sign_out_open(realm.id, act.id), encode(&open).unwrap());
        ctx.commit(batch).await.unwrap();
        let busy = now(&ctx, &realm, false).await.unwrap();
        assert_eq!(busy.long, [Long::WritingOut(act.id, 1200, Some(5000))]);
        assert_eq!(busy.long[0].progress(), (1200, Some(5000)));
        assert_eq!(busy.last[0].after, None);
    }
}
