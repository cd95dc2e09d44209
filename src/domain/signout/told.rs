//! Told: how every app of an act stands, from its deliveries or, where they are too many to look at each, from tallies.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{SignOut, State, browser};
use crate::domain::id::{ClientId, Sid, SignOutId};
use crate::domain::outbox::settle::Tally;
use crate::domain::outbox::{Attempt, Channel, Delivery, DeliveryState};
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode};
use crate::domain::time::Timestamp;
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};
use crate::store::Batch;

/// What an act means for one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its record.
    pub client: ClientId,
    /// Its public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// The channel it is told through; the first of them when it has several.
    pub channel: Channel,
    /// How it stands, all channels together: the worst of them.
    pub state: AppState,
    /// In how many of the sessions it took part.
    pub sessions: u64,
    /// Until when a self-contained token can still be used where nobody asks; `None` when there is none.
    pub bound_until: Option<Timestamp>,
    /// Each channel by itself.
    pub channels: Vec<Told>,
    /// When a browser was given the app's front-channel address: best effort, and never a confirmation.
    pub browser_at: Option<Timestamp>,
}

/// What was told through one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The channel.
    pub channel: Channel,
    /// Notices there are.
    pub notices: u64,
    /// Of these, confirmed.
    pub acknowledged: u64,
    /// Refused for good.
    pub rejected: u64,
    /// Given up.
    pub gave_up: u64,
    /// Attempts in all.
    pub attempts: u64,
    /// The last attempt.
    pub last: Option<Attempt>,
    /// When the next one is.
    pub next_at: Option<Timestamp>,
    /// A session that one of the notices is about, one that was not confirmed if there is such; `None` where the notices
    /// were only counted.
    pub sid: Option<Sid>,
}

/// How an app stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppState {
    /// It holds no token that is still good, and it cannot be told: its own session ends when it next asks.
    NotCapable,
    /// It holds tokens that an API which never introspects accepts until the bound, and it cannot be told.
    Bounded,
    /// It confirmed everything.
    Acknowledged,
    /// It has not yet confirmed everything; it is told again until it does.
    Retrying,
    /// It refused something for good.
    Rejected,
    /// It could not be told within a day.
    GaveUp,
}

impl AppState {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            AppState::NotCapable => "not_capable",
            AppState::Bounded => "bounded",
            AppState::Acknowledged => "acknowledged",
            AppState::Retrying => "retrying",
            AppState::Rejected => "rejected",
            AppState::GaveUp => "gave_up",
        }
    }
}

impl Told {
    fn new(channel: Channel) -> Told {
        Told {
            channel,
            notices: 0,
            acknowledged: 0,
            rejected: 0,
            gave_up: 0,
            attempts: 0,
            last: None,
            next_at: None,
            sid: None,
        }
    }

    /// Notices that wait for their next attempt.
    pub fn pending(&self) -> u64 {
        if self.channel == Channel::None {
            return 0;
        }
        let settled = self.acknowledged + self.rejected + self.gave_up;
        self.notices.saturating_sub(settled)
    }

    /// How the app stands as far as this channel goes; `None` for no channel.
    pub fn state(&self) -> Option<AppState> {
        if self.channel == Channel::None {
            None
        } else if self.gave_up > 0 {
            Some(AppState::GaveUp)
        } else if self.rejected > 0 {
            Some(AppState::Rejected)
        } else if self.pending() > 0 {
            Some(AppState::Retrying)
        } else {
            Some(AppState::Acknowledged)
        }
    }

    fn count(&mut self, delivery: &Delivery) {
        self.notices += 1;
        match delivery.state {
            DeliveryState::Acknowledged => self.acknowledged += 1,
            DeliveryState::Rejected => self.rejected += 1,
            DeliveryState::GaveUp => self.gave_up += 1,
            DeliveryState::Pending | DeliveryState::NoChannel => {}
        }
        if self.sid.is_none() || delivery.state != DeliveryState::Acknowledged {
            self.sid = Some(delivery.sid);
        }
        self.attempts += u64::from(delivery.attempts);
        if let Some(last) = delivery.tries.last()
            && self.last.as_ref().is_none_or(|l| l.at <= last.at)
        {
            self.last = Some(last.clone());
        }
        self.next_at = match (self.next_at, delivery.next_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

impl App {
    fn new(client: ClientId, client_id: String, name: String) -> App {
        App {
            client,
            client_id,
            name,
            channel: Channel::None,
            state: AppState::NotCapable,
            sessions: 0,
            bound_until: None,
            channels: Vec::new(),
            browser_at: None,
        }
    }

    /// An app that an act would tell through these channels.
    pub fn planned(client: ClientId, client_id: String, name: String, channels: &[Channel]) -> App {
        let mut app = App::new(client, client_id, name);
        app.channels = channels.iter().map(|c| Told::new(*c)).collect();
        app.channel = channels.first().copied().unwrap_or(Channel::None);
        app
    }

    /// Notices that wait for their next attempt.
    pub fn pending(&self) -> u64 {
        self.channels.iter().map(Told::pending).sum()
    }

    /// Notes until when a token can still be used.
    pub fn bound(&mut self, until: Timestamp, now: Timestamp) {
        if until > now {
            self.bound_until = self.bound_until.max(Some(until));
            self.state = self.state.max(AppState::Bounded);
        }
    }

    fn close(&mut self) {
        self.channels.sort_by_key(|told| told.channel);
        let real = |told: &&Told| told.channel != Channel::None;
        self.channel = self
            .channels
            .iter()
            .find(real)
            .map_or(Channel::None, |t| t.channel);
        self.sessions = self.channels.iter().map(|t| t.notices).max().unwrap_or(0);
        let told = self.channels.iter().filter_map(Told::state).max();
        self.state = told.unwrap_or(self.state);
    }
}

/// The most deliveries looked at one by one for a receipt: more than any act has that is not large.
const ROWS: usize = 20_000;
/// The same while a large act is being written out: whoever watches it reads them every half second.
const ROWS_SO_FAR: usize = 2_000;

/// The apps of an act, each with how it stands; and whether that is all of them, with all their notices, which it is not
/// while a large act is being written out.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn apps(ctx: &Context, realm: &Realm, act: &SignOut) -> Result<(Vec<App>, bool), Fault> {
    let mut apps = BTreeMap::new();
    let expanding = act.state == State::Expanding;
    let seen = if act.large && !expanding {
        tallied(ctx, realm, act, &mut apps).await?;
        true
    } else {
        let most = if expanding { ROWS_SO_FAR } else { ROWS };
        one_by_one(ctx, realm, act, most, &mut apps).await?
    };
    browser::mark(ctx, realm, act, &mut apps).await?;
    let close = |mut app: App| {
        app.close();
        app
    };
    let complete = seen && !expanding;
    Ok((apps.into_values().map(close).collect(), complete))
}

/// Answers whether that was all.
async fn one_by_one(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    most: usize,
    apps: &mut BTreeMap<ClientId, App>,
) -> Result<bool, Fault> {
    let range = key::deliveries(realm.id, act.id);
    let mut walk = Walk::records(ctx, range).by(1000);
    let mut rows = 0;
    while rows < most
        && let Some(page) = walk.next().await?
    {
        rows += page.len();
        for record in &page {
            let Some(client) = key::delivery_client(&record.key) else {
                continue;
            };
            let delivery: Delivery = decode(&record.value, "delivery")?;
            let app = apps.entry(client).or_insert_with(|| {
                App::new(client, delivery.client_id.clone(), delivery.name.clone())
            });
            app.bound(delivery.bound_until, act.at);
            app.told(delivery.channel).count(&delivery);
        }
    }
    Ok(walk.place().is_none())
}

impl App {
    fn told(&mut self, channel: Channel) -> &mut Told {
        let at = match self.channels.iter().position(|t| t.channel == channel) {
            Some(at) => at,
            None => {
                self.channels.push(Told::new(channel));
                self.channels.len() - 1
            }
        };
        &mut self.channels[at]
    }
}

/// What a large act has to tell one app on one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Totals {
    client_id: String,
    name: String,
    channel: Channel,
    notices: u64,
    bound_until: Timestamp,
}

async fn tallied(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    apps: &mut BTreeMap<ClientId, App>,
) -> Result<(), Fault> {
    let range = key::totals_of(realm.id, act.id);
    let mut walk = Walk::records(ctx, range).by(500);
    while let Some(page) = walk.next().await? {
        for record in &page {
            let Some(client) = key::delivery_client(&record.key) else {
                continue;
            };
            let totals: Totals = decode(&record.value, "totals")?;
            let at = key::tally(realm.id, act.id, client, totals.channel.byte());
            let tally: Tally = match ctx.store.get(&at).await? {
                Some(kept) => decode(&kept.value, "tally")?,
                None => Tally::default(),
            };
            let app = apps
                .entry(client)
                .or_insert_with(|| App::new(client, totals.client_id.clone(), totals.name.clone()));
            app.bound(totals.bound_until, act.at);
            *app.told(totals.channel) = Told {
                channel: totals.channel,
                notices: totals.notices,
                acknowledged: tally.acknowledged,
                rejected: tally.rejected,
                gave_up: tally.gave_up,
                attempts: tally.attempts,
                last: tally.last,
                next_at: tally.next_at,
                sid: None,
            };
        }
    }
    Ok(())
}

/// Counts what a large act has to tell, once it is written out, from the deliveries themselves: they survive a crash.
/// Answers whether there is anything.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn total(
    ctx: &Context,
    realm: &Realm,
    act: SignOutId,
    batch: &mut Batch,
) -> Result<State, Fault> {
    let mut totals: BTreeMap<(ClientId, u8), Totals> = BTreeMap::new();
    let range = key::deliveries(realm.id, act);
    let mut channels = BTreeSet::new();
    let mut walk = Walk::records(ctx, range).by(1000);
    while let Some(page) = walk.next().await? {
        for record in &page {
            let Some(client) = key::delivery_client(&record.key) else {
                continue;
            };
            let delivery: Delivery = decode(&record.value, "delivery")?;
            channels.insert(delivery.channel);
            let of = totals
                .entry((client, delivery.channel.byte()))
                .or_insert_with(|| Totals {
                    client_id: delivery.client_id.clone(),
                    name: delivery.name.clone(),
                    channel: delivery.channel,
                    notices: 0,
                    bound_until: delivery.bound_until,
                });
            of.notices += 1;
            of.bound_until = of.bound_until.max(delivery.bound_until);
        }
    }
    let mut rows = Batch::essential();
    for ((client, channel), of) in &totals {
        rows.put(key::totals(realm.id, act, *client, *channel), encode(of)?);
        if rows.len() >= 500 {
            ctx.commit(std::mem::take(&mut rows)).await?;
        }
    }
    batch.merge(rows);
    channels.remove(&Channel::None);
    Ok(if channels.is_empty() {
        State::Settled
    } else {
        State::Delivering
    })
}
