//! The dry run: what an act would do, without doing it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::end::EndError;
use super::receipt::App;
use super::select::{Resolved, resolve};
use super::write;
use super::{Request, Scope, loose};
use crate::domain::client::Client;
use crate::domain::grant::Held;
use crate::domain::id::{ClientId, Sid};
use crate::domain::outbox::Channel;
use crate::domain::realm::Realm;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::domain::{Context, client, denial, key, ssf};

/// What an act would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many sessions would end.
    pub sessions: u64,
    /// Whether all of them were counted.
    pub counted: bool,
    /// Of how many people; exact when `exact` is.
    pub people: u64,
    /// How many families would be revoked.
    pub families: u64,
    /// How many of those are offline.
    pub offline: u64,
    /// Whether everything was looked at: of a large selection people, families and apps are those of its first
    /// [`LOOKED_AT`] sessions.
    pub exact: bool,
    /// What it would mean for each app.
    pub apps: Vec<App>,
    /// The first sessions, for names.
    pub shown: Vec<Session>,
    /// The sids, for freezing the selection.
    pub sids: Vec<Sid>,
    /// The asker's own session, when it was selected.
    pub protected: Vec<Sid>,
    /// Ids that no session of this realm has.
    pub not_found: Vec<String>,
    /// Sessions that are over already.
    pub already_ended: Vec<Sid>,
}

/// Sessions that a plan looks into.
pub const LOOKED_AT: usize = 2000;

/// Works out what a request would do.
///
/// # Errors
/// [`EndError`] as the act itself would answer.
pub async fn plan(ctx: &Context, realm: &Realm, request: &Request) -> Result<Plan, EndError> {
    plan_some(ctx, realm, request, usize::MAX).await
}

/// The same; of the whole realm, at most about `most` sessions are counted.
///
/// # Errors
/// [`EndError`] as the act itself would answer.
pub async fn plan_some(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
    most: usize,
) -> Result<Plan, EndError> {
    let resolved = resolve(ctx, realm, request, most).await?;
    resolved.check(&request.select)?;
    let Resolved {
        sids,
        protected,
        mut not_found,
        already_ended,
    } = resolved;
    not_found.extend(request.unknown.iter().cloned());
    let mut plan = Plan {
        sessions: sids.len() as u64,
        // Without one's own they may just be less.
        counted: sids.len() + protected.len() < most,
        people: 0,
        families: 0,
        offline: 0,
        exact: sids.len() <= LOOKED_AT,
        apps: Vec::new(),
        shown: Vec::new(),
        sids,
        protected,
        not_found,
        already_ended,
    };
    look(ctx, realm, request, &mut plan).await?;
    Ok(plan)
}

async fn look(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
    plan: &mut Plan,
) -> Result<(), EndError> {
    let mut people = HashSet::new();
    let mut apps: BTreeMap<ClientId, Looked> = BTreeMap::new();
    let everything = request.reason.scope() == Scope::Everything;
    let now = ctx.now();
    let looked: Vec<Sid> = plan.sids.iter().take(LOOKED_AT).copied().collect();
    for chunk in looked.chunks(400) {
        for (read, _) in denial::sessions(ctx, realm, chunk).await? {
            let Some(session) = read.map(|r| r.value) else {
                continue;
            };
            people.insert(session.user);
            for part in &session.clients {
                app(
                    ctx,
                    realm,
                    &mut apps,
                    request,
                    part.client,
                    (&part.client_id, &part.name),
                )
                .await?
                .app
                .sessions += 1;
            }
            for family in
                write::families(ctx, realm, &key::families_by_session(realm.id, session.sid))
                    .await?
            {
                let family = family.value;
                if family.offline && !everything {
                    continue;
                }
                plan.families += 1;
                plan.offline += u64::from(family.offline);
                let grant = &family.grant;
                let app = app(
                    ctx,
                    realm,
                    &mut apps,
                    request,
                    grant.client,
                    (&grant.client_id, &grant.client_name),
                )
                .await?;
                app.holds(family.held);
            }
            if plan.shown.len() < 100 {
                plan.shown.push(session);
            }
        }
    }
    let (reason, protected) = (request.reason, &plan.protected);
    for family in loose::loose_families(ctx, realm, reason, now, &request.select, protected).await?
    {
        let family = family.value;
        if looked.contains(&family.grant.sid) {
            continue;
        }
        people.insert(family.grant.user);
        plan.families += 1;
        plan.offline += u64::from(family.offline);
        let grant = &family.grant;
        let app = app(
            ctx,
            realm,
            &mut apps,
            request,
            grant.client,
            (&grant.client_id, &grant.client_name),
        )
        .await?;
        app.holds(loose::loose_held(reason, &family));
    }
    plan.people = people.len() as u64;
    plan.apps = apps
        .into_values()
        .map(|looked| looked.bounded(realm, now))
        .filter(|app| app.client_id != client::CONSOLE)
        .collect();
    Ok(())
}

/// An app, and what is still to be known of it when everything was looked at.
struct Looked {
    app: App,
    client: Option<Arc<Client>>,
    held: Held,
}

impl Looked {
    fn holds(&mut self, held: Held) {
        self.held = self.held.max(held);
    }

    fn bounded(self, realm: &Realm, now: Timestamp) -> App {
        let until = write::bound(realm, self.client.as_deref(), self.held, now);
        let mut app = self.app;
        app.bound(until, now);
        app
    }
}

async fn app<'a>(
    ctx: &Context,
    realm: &Realm,
    apps: &'a mut BTreeMap<ClientId, Looked>,
    request: &Request,
    id: ClientId,
    named: (&str, &str),
) -> Result<&'a mut Looked, EndError> {
    let client = client::by_id(ctx, realm, id).await?;
    let ends_sessions = matches!(
        request.reason.scope(),
        Scope::Everything | Scope::SessionOnly
    );
    let hears = match ends_sessions {
        true => ssf::channel_of(ctx, realm, id).await?,
        false => None,
    };
    Ok(apps.entry(id).or_insert_with(|| {
        let mut channels = client
            .as_ref()
            .map(|c| Channel::of(&c.settings, request.reason, request.is_whole()))
            .unwrap_or_default();
        channels.extend(hears);
        let name = client.as_ref().map_or(named.1, |c| c.name()).to_owned();
        Looked {
            app: App::planned(id, named.0.to_owned(), name, &channels),
            client,
            held: Held::default(),
        }
    }))
}
