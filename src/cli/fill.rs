//! `realmkeep fill`: people and sessions by the million, written into the data folder of a server that does not run, for
//! demonstrations and measurements.
//!
//! What it writes is what sign-ins would have left behind: the domain itself makes the rows, only many to a commit. The
//! people have no passwords, so nobody can sign in as one of them.

mod people;
mod writer;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use super::settle;
use crate::config::ServeArgs;
use crate::domain::client::{self, Client};
use crate::domain::grant::{Grant, code};
use crate::domain::id::{Ids, Sid, UserId};
use crate::domain::realm::{self, Realm};
use crate::domain::record::Versioned;
use crate::domain::session::{ClientSession, Seen, Session, Start, start};
use crate::domain::time::{Span, SystemClock, Timestamp};
use crate::domain::user::{self, User};
use crate::domain::{Actor, Context, Fault, audit, status};
use crate::store::{Batch, CommitError, Version};
use people::Person;
pub(super) use people::{is_invented, pick};
use writer::Writer;

/// The options of `realmkeep fill`.
#[derive(Args, Clone, Debug)]
pub struct FillArgs {
    /// The data folder of a server that is not running [default: ./data]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// The realm to fill; it exists already
    #[arg(long, value_name = "NAME")]
    pub realm: String,
    /// How many people; those of an earlier run are used again
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    pub users: u32,
    /// How many sessions they hold, all of them new
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    pub sessions: u32,
    /// The most applications of the realm in one session; each session gets one at least, unless this is 0
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub apps: u32,
    /// The sessions started within this many hours
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pub hours: u32,
    /// As in a company: several servers, and most people busy at this moment.
    #[arg(skip)]
    pub company: bool,
}

/// Why a realm was not filled. What was written until then stays.
#[derive(Debug, thiserror::Error)]
pub(super) enum FillError {
    #[error("{0}")]
    Start(#[from] crate::serve::ServeError),
    #[error(
        "there is no realm {0:?} in this data folder; start the server once with a realm file for it"
    )]
    NoRealm(String),
    #[error("--sessions wants --users of at least 1")]
    NoUsers,
    #[error("--apps: the realm has no application that people sign in to")]
    NoApps,
    #[error("the store did not take the rows: {0}")]
    Fault(#[from] Fault),
}

impl From<CommitError> for FillError {
    fn from(error: CommitError) -> FillError {
        FillError::Fault(error.into())
    }
}

/// Fills a realm: exit code 0 when everything was written.
pub(super) fn run(args: FillArgs) -> ExitCode {
    crate::crypto::install();
    let settings = match settle(ServeArgs {
        data: args.data.clone(),
        ..ServeArgs::default()
    }) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let filled = super::serve::block_on(async {
        let ctx = Arc::new(crate::serve::start::context(
            &settings,
            Arc::new(SystemClock),
            false,
        )?);
        crate::serve::start::admit(&ctx, &settings).await?;
        Ok(fill(&ctx, &args).await)
    });
    match filled.map_err(FillError::from).and_then(|done| done) {
        Ok(sentence) => {
            println!("{sentence}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("realmkeep fill: {error}");
            ExitCode::FAILURE
        }
    }
}

pub(super) async fn fill(ctx: &Arc<Context>, args: &FillArgs) -> Result<String, FillError> {
    if args.sessions > 0 && args.users == 0 {
        return Err(FillError::NoUsers);
    }
    let realm = realm::find(ctx, &args.realm)
        .await?
        .ok_or_else(|| FillError::NoRealm(args.realm.clone()))?;
    let apps = apps(ctx, &realm).await?;
    if args.apps > 0 && apps.is_empty() {
        return Err(FillError::NoApps);
    }
    let began = Instant::now();
    let users = users(ctx, &realm, args.users).await?;
    let peopled = began.elapsed();
    let mut writer = Writer::new(ctx);
    let plan = Plan::new(&realm, ctx.now(), args);
    for number in 0..args.sessions {
        let status = status::take(ctx, &realm).await?;
        plan.session(
            ctx,
            (&realm, status),
            &users,
            &apps,
            number,
            &mut writer.batch,
        )?;
        writer.pass().await?;
        if number % 100_000 == 99_999 {
            eprintln!("{} sessions", number + 1);
        }
    }
    let sentence = format!("{} sessions of {} people", args.sessions, args.users);
    let actor = Actor::system("fill");
    let target = sentence.clone();
    let entry = audit::Entry {
        actor: &actor,
        action: "realm.fill",
        target_kind: "realm",
        target,
        detail: None,
    };
    audit::record(&mut writer.batch, ctx, realm.id, &entry)?;
    writer.finish().await?;
    Ok(format!(
        "{sentence} in {:.1} s (people: {:.1} s)",
        began.elapsed().as_secs_f64(),
        peopled.as_secs_f64()
    ))
}

/// The realm's applications that people sign in to.
async fn apps(ctx: &Context, realm: &Realm) -> Result<Vec<Arc<Client>>, Fault> {
    let (clients, _) = client::list(ctx, realm, "", None, 100).await?;
    Ok(clients
        .into_iter()
        .filter(|c| c.settings.enabled && c.allows_grant("authorization_code"))
        .collect())
}

/// Whoever of the first `count` people is missing is written; answers all of their ids.
async fn users(ctx: &Arc<Context>, realm: &Realm, count: u32) -> Result<Vec<UserId>, FillError> {
    let now = ctx.now();
    let mut writer = Writer::new(ctx);
    let mut ids = Vec::new();
    for number in 0..count {
        let person = Person::of(number);
        if let Some(found) = user::find(ctx, realm, &person.username).await? {
            ids.push(found.value.id);
            continue;
        }
        let id = UserId(ctx.new_id());
        ids.push(id);
        user::verbs::rows(realm, &user_of(person, id, now), &mut writer.batch)?;
        writer.pass().await?;
    }
    writer.finish().await?;
    Ok(ids)
}

fn user_of(person: Person, id: UserId, now: Timestamp) -> User {
    let claims = [
        ("name", serde_json::Value::from(person.name)),
        ("given_name", person.given.into()),
        ("family_name", person.family.into()),
        ("email", person.email.into()),
        ("email_verified", true.into()),
        ("organisation", person.organisation.into()),
    ];
    User {
        id,
        username: person.username,
        enabled: true,
        roles: Vec::new(),
        claims: claims
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        created_at: now,
        blocked: None,
    }
}

/// When sessions start and are used.
struct Plan {
    ids: Ids,
    now: Timestamp,
    span: Span,
    idle: Span,
    count: u64,
    users: u32,
    apps: u32,
    company: bool,
}

impl Plan {
    fn new(realm: &Realm, now: Timestamp, args: &FillArgs) -> Plan {
        let policy = &realm.settings.sessions;
        // Nothing that is filled in is over, or nearly.
        let longest = Span(policy.max_lifetime.0 / 2);
        Plan {
            ids: Ids::default(),
            now,
            span: Span::hours(args.hours.into()).min(longest),
            idle: Span(policy.idle_timeout.0 / 2),
            count: args.sessions.into(),
            users: args.users,
            apps: args.apps,
            company: args.company,
        }
    }

    /// The server that a session is at.
    fn node(&self, ctx: &Context, chance: u64) -> String {
        match self.company {
            true => format!("keep-{}", 1 + (chance >> 16) % 3),
            false => ctx.node.clone(),
        }
    }

    /// How long ago a session was last used.
    fn idle(&self, chance: u64) -> Span {
        let part = pick(chance) % 1024;
        // In a company most people are at work: four times the exponent, and half of them have just clicked.
        let part = match self.company {
            true => part * part / 1024 * part / 1024 * part / 1024,
            false => part,
        };
        Span(self.idle.0 / 1024 * part)
    }

    /// An id of the moment: what sorts sessions by their start.
    fn sid(&self, ctx: &Context, at: Timestamp) -> Sid {
        let mut random = [0; 10];
        ctx.entropy.fill(&mut random);
        Sid(self.ids.next(at, random))
    }

    /// Adds session `number` to a batch: in order of their start, as they would have come.
    fn session(
        &self,
        ctx: &Context,
        (realm, status): (&Realm, Option<status::Index>),
        users: &[UserId],
        apps: &[Arc<Client>],
        number: u32,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let chance = pick(u64::from(number));
        let who = u32::try_from(chance % u64::from(self.users)).unwrap_or_default();
        let Some(id) = users.get(who as usize) else {
            return Ok(());
        };
        let left = u128::from(self.span.0) * u128::from(self.count - u64::from(number))
            / u128::from(self.count);
        let started = self
            .now
            .minus(Span(u64::try_from(left).unwrap_or_default()));
        let person = Person::of(who);
        let (ip, user_agent) = (person.address(chance), person.user_agent(chance));
        // The version only guards a commit against a change of the user meanwhile, and this process is alone.
        let user = Versioned {
            value: user_of(person, *id, self.now),
            version: Version(std::num::NonZeroU64::MIN),
        };
        let amr = if chance >> 8 & 3 == 0 {
            vec!["pwd".to_owned(), "otp".to_owned()]
        } else {
            vec!["pwd".to_owned()]
        };
        let remember_me = chance >> 12 & 7 == 0;
        let how = Start {
            user: &user,
            amr,
            remember_me,
            ip: &ip,
            user_agent,
        };
        let (mut session, _) = start::begin(ctx, realm, &how, self.sid(ctx, started), started);
        session.status = status;
        session.node = self.node(ctx, chance);
        let used = self.now.minus(self.idle(chance)).max(started);
        let count = self.apps.min(u32::try_from(apps.len()).unwrap_or(u32::MAX));
        let count = if count == 0 {
            0
        } else {
            chance as u32 % count + 1
        };
        for app in apps
            .iter()
            .cycle()
            .skip(chance as usize % apps.len().max(1))
            .take(count as usize)
        {
            self.app(ctx, realm, app, &mut session, used, batch)?;
        }
        let seen = Seen {
            at: used,
            ip,
            node: session.node.clone(),
            elsewhere: None,
        };
        start::rows(realm, &session, &seen, batch)
    }

    /// Adds a client's part in a session, with its token family.
    fn app(
        &self,
        ctx: &Context,
        realm: &Realm,
        client: &Client,
        session: &mut Session,
        used: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let offline = session.remember_me
            && client
                .settings
                .scope
                .split(' ')
                .any(|s| s == "offline_access");
        let scope = if offline {
            "openid profile email offline_access"
        } else {
            "openid profile email"
        };
        let grant = Grant::given(client, session, scope.to_owned(), "1");
        // No place of its own for what outlives the session: nobody holds a token of it.
        let place = session.status.filter(|_| !code::outlives(client, &grant));
        code::rows(
            realm,
            &code::family_of(ctx, realm, client, (&grant, place), used),
            batch,
        )?;
        session.clients.push(ClientSession {
            client: client.id,
            client_id: grant.client_id,
            name: grant.client_name,
            started_at: session.started_at,
            last_active_at: used,
        });
        Ok(())
    }
}
