//! A company for the demonstration: its applications, people who are signed in to them, sessions that were ended, and a month that
//! was counted.

use std::sync::Arc;

use crate::cli::fill::{FillArgs, FillError, fill};
use crate::config::RealmFile;
use crate::domain::access::MASTER;
use crate::domain::id::Sid;
use crate::domain::realm::apply::{ApplyError, apply};
use crate::domain::realm::{self, Realm};
use crate::domain::session::Query;
use crate::domain::session::search::{self, Listed};
use crate::domain::signout::{self, EndError, Reason, Request, Selection};
use crate::domain::{Actor, ActorKind, Context, Fault, pulse, user};

use super::past;

/// What is added to the demonstration realm.
const COMPANY: &str = include_str!("company.toml");
/// The realm that is filled.
const REALM: &str = "demo";
/// Who belongs to it without being invented.
const KNOWN: [&str; 4] = ["alice", "bob", "carol", "dana"];
/// How many people of a realm are looked at before it is filled.
const LOOKED_AT: usize = 1000;

/// Why nothing was made up.
#[derive(Debug, thiserror::Error)]
pub(super) enum CrowdError {
    /// The store is somebody's.
    #[error(
        "--sessions fills a demonstration's own data folder, and this one has the realm {0:?}; name a new folder with --data"
    )]
    Realm(String),
    /// The realm is somebody's.
    #[error(
        "--sessions fills a demonstration's own realm, and here the realm demo has people like {0:?}; name a new folder with --data"
    )]
    People(String),
    #[error("the demonstration's own realm file: {0}")]
    File(String),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Fill(#[from] FillError),
    #[error("a session could not be ended: {0}")]
    End(#[from] EndError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Makes up so many sessions and what belongs to them; answers what it did in a sentence.
///
/// # Errors
/// [`CrowdError`]; before anything is written when the data is not a demonstration's.
pub(super) async fn gather(ctx: &Arc<Context>, sessions: u32) -> Result<String, CrowdError> {
    nobody_elses(ctx).await?;
    let file = RealmFile::parse("company.toml".as_ref(), COMPANY).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        CrowdError::File(lines.join("; "))
    })?;
    apply(ctx, REALM, file.settings, file.clients, file.users).await?;
    let said = fill(
        ctx,
        &FillArgs {
            data: None,
            realm: REALM.to_owned(),
            users: (sessions / 2).max(1),
            sessions,
            apps: 4,
            hours: 11,
            company: true,
        },
    )
    .await?;
    let realm = realm::find(ctx, REALM).await?.ok_or(Fault::Busy)?;
    acts(ctx, &realm).await?;
    past::invent(ctx, &realm, u64::from(sessions)).await?;
    // What was invented is not to be taken for the last count.
    pulse::census::round(ctx).await?;
    Ok(said)
}

/// Refuses data that somebody may miss.
async fn nobody_elses(ctx: &Context) -> Result<(), CrowdError> {
    let (realms, _) = realm::list(ctx, None, 10).await?;
    if let Some(other) = realms.iter().find(|r| r.name != REALM && r.name != MASTER) {
        return Err(CrowdError::Realm(other.name.clone()));
    }
    let Some(realm) = realm::find(ctx, REALM).await? else {
        return Ok(());
    };
    let (people, _) = user::list(ctx, &realm, "", None, LOOKED_AT).await?;
    let invented = |organisation: &str| crate::cli::fill::is_invented(organisation);
    let other = people.iter().find(|user| {
        !KNOWN.contains(&user.username.as_str())
            && !user.claim("organisation").is_some_and(invented)
    });
    match other {
        Some(user) => Err(CrowdError::People(user.username.clone())),
        None => Ok(()),
    }
}

/// Ends some of the sessions, as people and rules do; the receipts are real ones.
async fn acts(ctx: &Context, realm: &Realm) -> Result<(), CrowdError> {
    let everybody = Query::default();
    let (state, most) = (Listed::Active, search::MAX_LIMIT);
    let found = search::search(ctx, realm, &everybody, state, None, most);
    let rows = match found.await? {
        Ok(found) => found.rows,
        Err(_) => return Ok(()),
    };
    // At most a part of them: a small demonstration is to have sessions left.
    let mut left: Vec<Sid> = rows.iter().map(|row| row.session.sid).collect();
    left.truncate(left.len() / 2);
    let dana = user::find(ctx, realm, "dana").await?;
    let dana = dana.map(|read| read.value);
    let admin = Actor {
        kind: ActorKind::Admin,
        id: dana.as_ref().map(|d| d.id.to_string()).unwrap_or_default(),
        name: dana.map_or("dana".to_owned(), |d| d.display_name().to_owned()),
        realm: realm.name.clone(),
        sid: None,
        ip: Some("10.20.4.8".to_owned()),
    };
    let plan: [(Reason, usize, Option<&str>); 9] = [
        (Reason::Idle, 9, None),
        (Reason::User, 1, None),
        (Reason::Admin, 2, Some("Lost or stolen device")),
        (Reason::RpLogout, 1, None),
        (Reason::PasswordChanged, 3, None),
        (Reason::Admin, 24, Some("Security incident")),
        (Reason::User, 1, None),
        (Reason::Expired, 6, None),
        (Reason::Admin, 1, Some("Left the company")),
    ];
    for (reason, count, why) in plan {
        let from = left.len().saturating_sub(count);
        let sids: Vec<String> = left.split_off(from).iter().map(Sid::to_string).collect();
        if sids.is_empty() {
            return Ok(());
        }
        let actor = match reason.initiator() {
            signout::reason::Initiator::Admin => admin.clone(),
            signout::reason::Initiator::User => themselves(ctx, realm, &sids).await?,
            _ => Actor::system("sweep"),
        };
        let mut request = Request::new(Selection::Sessions(sids), reason, actor);
        request.why = why.map(str::to_owned);
        signout::end(ctx, realm, &request).await?;
    }
    Ok(())
}

/// Whose the first of these sessions is.
async fn themselves(ctx: &Context, realm: &Realm, sids: &[String]) -> Result<Actor, Fault> {
    let mut actor = Actor::system("sweep");
    let first = sids.first().and_then(|sid| sid.parse::<Sid>().ok());
    if let Some(sid) = first
        && let Some(row) = search::one(ctx, realm, sid).await?
    {
        actor.kind = ActorKind::User;
        actor.id = row.session.user.to_string();
        actor.name = row.session.name;
        actor.realm = realm.name.clone();
        actor.ip = Some(row.session.ip);
    }
    Ok(actor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::overview;
    use crate::domain::pulse::Window;
    use crate::domain::testing;
    use crate::domain::time::Span;

    async fn demo() -> Arc<Context> {
        let (ctx, clock) = testing::context();
        clock.advance(Span::days(400));
        let file = RealmFile::parse("demo.toml".as_ref(), super::super::DEMO_REALM).unwrap();
        apply(&ctx, REALM, file.settings, file.clients, file.users)
            .await
            .unwrap();
        ctx
    }

    #[tokio::test]
    async fn a_company_has_people_receipts_and_a_past() {
        let ctx = demo().await;
        let said = gather(&ctx, 300).await.unwrap();
        assert!(said.contains("300 sessions"), "{said}");
        let realm = realm::find(&ctx, REALM).await.unwrap().unwrap();
        let now = overview::now(&ctx, &realm, false).await.unwrap();
        assert_eq!(now.last.len(), 7, "what the system did is left out");
        assert!(now.waiting > 0 && now.day.sign_ins > 0);
        let month = overview::series(&ctx, &realm, Window::Month).await.unwrap();
        let known = month.iter().filter(|b| b.counts.held.is_some()).count();
        assert!(known > 50, "{known}");
        // Once more adds to it: people of an earlier run are known again.
        gather(&ctx, 10).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_not_a_demonstrations_is_left_alone() {
        let ctx = demo().await;
        let realm = realm::find(&ctx, REALM).await.unwrap().unwrap();
        testing::user(&ctx, &realm, "zoe").await;
        let refused = gather(&ctx, 10).await;
        assert!(matches!(refused, Err(CrowdError::People(who)) if who == "zoe"));
        let ctx = demo().await;
        testing::realm(&ctx, "customers").await;
        let before = testing::position(&ctx).await;
        let refused = gather(&ctx, 10).await;
        assert!(matches!(refused, Err(CrowdError::Realm(name)) if name == "customers"));
        assert_eq!(testing::position(&ctx).await, before, "nothing was written");
    }
}
