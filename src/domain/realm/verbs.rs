//! Creates, changes and deletes realms. What a disabled or deleted realm ends goes through the door in the same commit.

use std::sync::Arc;

use super::store::read;
use super::{Realm, RealmSettings, check_name};
use crate::domain::audit::{self, Entry};
use crate::domain::change::{self, Outrun};
use crate::domain::id::RealmId;
use crate::domain::record::{encode, encode_json, versioned};
use crate::domain::signout::{Reason, Request, Selection, SignOut};
use crate::domain::time::Span;
use crate::domain::{Actor, Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// The realm that holds the server's administrators. It can be neither disabled nor deleted.
pub const MASTER: &str = "master";

/// Why a realm was not created, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum RealmError {
    /// What was asked makes no sense; the text says what was expected.
    #[error("{0}")]
    Invalid(String),
    /// Another realm has this name.
    #[error("a realm of this name exists already")]
    NameTaken,
    /// There is no such realm.
    #[error("there is no such realm")]
    NotFound,
    /// It could not be decided.
    #[error("the realm could not be changed")]
    Fault(#[from] Fault),
}

/// A realm after a change.
#[derive(Debug)]
pub struct Updated {
    /// The realm.
    pub realm: Arc<Realm>,
    /// The act of signing out, when the change disabled the realm.
    pub sign_out: Option<SignOut>,
}

/// Creates a realm.
///
/// # Errors
/// [`RealmError`].
pub async fn create(
    ctx: &Context,
    actor: &Actor,
    name: &str,
    settings: RealmSettings,
) -> Result<Arc<Realm>, RealmError> {
    check_name(name).map_err(RealmError::Invalid)?;
    check(name, &settings)?;
    for _ in 0..TRIES {
        if ctx.store.get(&key::realm_name(name)).await.map_err(Fault::from)?.is_some() {
            return Err(RealmError::NameTaken);
        }
        let counter = versioned::<u32>(ctx.store.get(&key::realm_counter()).await.map_err(Fault::from)?, "counter")?;
        let number = counter.as_ref().map_or(1, |c| c.value.saturating_add(1));
        let realm = Realm {
            id: RealmId(number),
            name: name.to_owned(),
            created_at: ctx.now(),
            settings: settings.clone(),
        };
        let mut batch = Batch::new();
        match counter {
            Some(counter) => batch.replace(key::realm_counter(), counter.version, encode(&number)?),
            None => batch.create(key::realm_counter(), encode(&number)?),
        };
        batch.create(key::realm_name(name), encode(&realm.id)?);
        batch.create(key::realm(realm.id), encode_json(&realm)?);
        record(&mut batch, ctx, &realm, actor, "realm.create", None)?;
        match ctx.commit(batch).await {
            Ok(_) => {
                evict(ctx, &realm);
                return Ok(Arc::new(realm));
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
    Err(Fault::Busy.into())
}

/// Changes a realm's settings; all of them are given. Disabling it ends every session in the same commit.
///
/// # Errors
/// [`RealmError`].
pub async fn update(
    ctx: &Context,
    actor: &Actor,
    name: &str,
    settings: RealmSettings,
) -> Result<Updated, RealmError> {
    check(name, &settings)?;
    for _ in 0..TRIES {
        let found = read(ctx, name).await?.ok_or(RealmError::NotFound)?;
        let before = found.value;
        let Some(detail) = change::changed(&before.settings, &settings) else {
            return Ok(Updated { realm: Arc::new(before), sign_out: None });
        };
        let after = Realm { settings: settings.clone(), ..before.clone() };
        let mut batch = Batch::new();
        batch.replace(key::realm(after.id), found.version, encode_json(&after)?);
        record(&mut batch, ctx, &after, actor, "realm.update", Some(detail))?;
        let ends = (before.settings.enabled && !after.settings.enabled).then(|| everybody(actor));
        match change::commit(ctx, &before, batch, ends.as_ref()).await? {
            Ok(sign_out) => {
                evict(ctx, &after);
                return Ok(Updated { realm: Arc::new(after), sign_out });
            }
            Err(Outrun) => {}
        }
    }
    Err(Fault::Busy.into())
}

/// Deletes a realm: its name becomes free, and every session ends in the same commit. The record stays, disabled, so
/// that what must still be told can be; retention forgets the rest.
///
/// # Errors
/// [`RealmError`].
pub async fn delete(ctx: &Context, actor: &Actor, name: &str) -> Result<SignOut, RealmError> {
    if name == MASTER {
        return Err(RealmError::Invalid("the realm \"master\" cannot be deleted: it holds the administrators".to_owned()));
    }
    for _ in 0..TRIES {
        let found = read(ctx, name).await?.ok_or(RealmError::NotFound)?;
        let named = ctx.store.get(&key::realm_name(name)).await.map_err(Fault::from)?.ok_or(RealmError::NotFound)?;
        let before = found.value;
        let mut after = before.clone();
        after.settings.enabled = false;
        let mut batch = Batch::new();
        batch.take(key::realm_name(name), named.version);
        batch.replace(key::realm(after.id), found.version, encode_json(&after)?);
        record(&mut batch, ctx, &after, actor, "realm.delete", None)?;
        let done = change::commit(ctx, &before, batch, Some(&everybody(actor))).await?;
        if let Ok(sign_out) = done {
            evict(ctx, &after);
            return sign_out.ok_or(RealmError::Fault(Fault::Record("act of signing out")));
        }
    }
    Err(Fault::Busy.into())
}

/// What is wrong with these settings, as sentences; empty when nothing is.
pub fn problems(settings: &RealmSettings) -> Vec<String> {
    let (sessions, tokens) = (&settings.sessions, &settings.tokens);
    let mut problems = Vec::new();
    let lifetimes = [
        ("sessions.idle_timeout", sessions.idle_timeout),
        ("sessions.max_lifetime", sessions.max_lifetime),
        ("sessions.remember_me_idle_timeout", sessions.remember_me_idle_timeout),
        ("sessions.remember_me_max_lifetime", sessions.remember_me_max_lifetime),
        ("tokens.access_token_lifetime", tokens.access_token_lifetime),
        ("tokens.id_token_lifetime", tokens.id_token_lifetime),
        ("tokens.authorization_code_lifetime", tokens.authorization_code_lifetime),
        ("tokens.refresh_idle_timeout", tokens.refresh_idle_timeout),
        ("tokens.offline_idle_timeout", tokens.offline_idle_timeout),
    ];
    for (name, span) in lifetimes {
        if span < SHORTEST || span > LONGEST {
            problems.push(format!("{name} must be between 1s and 3650d, found {span}"));
        }
    }
    if tokens.authorization_code_lifetime > LONGEST_CODE {
        problems.push(format!(
            "tokens.authorization_code_lifetime must be at most 10m (RFC 6749 §4.1.2), found {}",
            tokens.authorization_code_lifetime
        ));
    }
    if settings.display_name.as_ref().is_some_and(|n| n.chars().count() > 200 || n.chars().any(char::is_control)) {
        problems.push("display_name has at most 200 characters and no control characters".to_owned());
    }
    problems
}

fn check(name: &str, settings: &RealmSettings) -> Result<(), RealmError> {
    let mut problems = problems(settings);
    if name == MASTER && !settings.enabled {
        problems.push("the realm \"master\" cannot be disabled: it holds the administrators".to_owned());
    }
    if problems.is_empty() { Ok(()) } else { Err(RealmError::Invalid(problems.join("; "))) }
}

fn everybody(actor: &Actor) -> Request {
    Request::new(Selection::All, Reason::RealmDisabled, actor.clone())
}

fn record(
    batch: &mut Batch,
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    action: &str,
    detail: Option<String>,
) -> Result<(), Fault> {
    let entry = Entry { actor, action, target_kind: "realm", target: realm.name.clone(), detail };
    audit::record(batch, ctx, realm.id, &entry)
}

fn evict(ctx: &Context, realm: &Realm) {
    ctx.catalog.evict(&key::realm(realm.id));
    ctx.catalog.evict(&key::realm_name(&realm.name));
}

const SHORTEST: Span = Span::secs(1);
const LONGEST: Span = Span::days(3650);
/// "A maximum authorization code lifetime of 10 minutes is RECOMMENDED."
const LONGEST_CODE: Span = Span::mins(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::denial::{self, Denied};
    use crate::domain::realm::{by_id, find, list};
    use crate::domain::{testing, user};

    fn admin() -> Actor {
        Actor::system("test")
    }

    #[tokio::test]
    async fn a_realm_is_found_by_name_and_number_and_its_name_is_taken() {
        let (ctx, _) = testing::context();
        let (a, b) = (testing::realm(&ctx, "a").await, testing::realm(&ctx, "b").await);
        assert_ne!(a.id, b.id);
        assert_eq!(find(&ctx, "a").await.unwrap().unwrap().id, a.id);
        assert_eq!(by_id(&ctx, b.id).await.unwrap().unwrap().name, "b");
        let again = create(&ctx, &admin(), "a", RealmSettings::default()).await;
        assert!(matches!(again, Err(RealmError::NameTaken)));
        let bad = create(&ctx, &admin(), "A b", RealmSettings::default()).await;
        assert!(matches!(bad, Err(RealmError::Invalid(_))));
    }

    #[tokio::test]
    async fn realms_made_at_once_get_numbers_of_their_own() {
        let (ctx, _) = testing::context();
        let made = ["a", "b", "c", "d", "e"].map(|name| {
            let ctx = Arc::clone(&ctx);
            tokio::spawn(async move { create(&ctx, &admin(), name, RealmSettings::default()).await.unwrap().id })
        });
        let mut numbers = std::collections::HashSet::new();
        for task in made {
            numbers.insert(task.await.unwrap());
        }
        assert_eq!(numbers.len(), 5);
    }

    #[tokio::test]
    async fn pages_of_realms_go_on_where_the_last_ended() {
        let (ctx, _) = testing::context();
        for name in ["c", "a", "b"] {
            testing::realm(&ctx, name).await;
        }
        let (first, next) = list(&ctx, None, 2).await.unwrap();
        assert_eq!(first.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let (last, _) = list(&ctx, next.as_deref(), 2).await.unwrap();
        assert_eq!(last.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["c"]);
    }

    #[tokio::test]
    async fn the_same_settings_write_nothing_and_others_are_seen_at_once() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "a").await;
        let before = testing::position(&ctx).await;
        update(&ctx, &admin(), "a", realm.settings.clone()).await.unwrap();
        assert_eq!(testing::position(&ctx).await, before);
        let mut settings = realm.settings.clone();
        settings.display_name = Some("Acme".to_owned());
        assert!(update(&ctx, &admin(), "a", settings).await.unwrap().sign_out.is_none());
        assert_eq!(find(&ctx, "a").await.unwrap().unwrap().display_name(), "Acme");
        let newest = audit::newest(&ctx, realm.id, 1).await.unwrap();
        assert_eq!(newest[0].detail.as_deref(), Some("changed: display_name"));
    }

    #[tokio::test]
    async fn disabling_a_realm_ends_its_sessions_in_the_same_commit() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "a").await;
        let alice = testing::user(&ctx, &realm, "alice").await;
        let sid = testing::session(&ctx, &realm, alice.id).await;
        let off = RealmSettings { enabled: false, ..realm.settings.clone() };
        let act = update(&ctx, &admin(), "a", off).await.unwrap().sign_out.unwrap();
        assert_eq!((act.reason, act.sessions), (Reason::RealmDisabled, 1));
        // Judged with the realm as it was: it is the session that is over, not only the realm that is closed.
        assert!(matches!(denial::session(&ctx, &realm, sid).await.unwrap(), Err(Denied::Ended(_))));
    }

    #[tokio::test]
    async fn a_deleted_realm_is_gone_by_name_and_its_name_is_free() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "a").await;
        let alice = testing::user(&ctx, &realm, "alice").await;
        let sid = testing::session(&ctx, &realm, alice.id).await;
        delete(&ctx, &admin(), "a").await.unwrap();
        assert!(matches!(denial::session(&ctx, &realm, sid).await.unwrap(), Err(Denied::Ended(_))));
        assert!(!by_id(&ctx, realm.id).await.unwrap().unwrap().settings.enabled);
        assert!(find(&ctx, "a").await.unwrap().is_none());
        assert!(matches!(delete(&ctx, &admin(), "a").await, Err(RealmError::NotFound)));
        let next = testing::realm(&ctx, "a").await;
        assert_ne!(next.id, realm.id);
        assert!(user::find(&ctx, &next, "alice").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_administrators_realm_stays_open() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, MASTER).await;
        let off = RealmSettings { enabled: false, ..realm.settings.clone() };
        assert!(matches!(update(&ctx, &admin(), MASTER, off).await, Err(RealmError::Invalid(_))));
        assert!(matches!(delete(&ctx, &admin(), MASTER).await, Err(RealmError::Invalid(_))));
    }

    #[test]
    fn a_lifetime_of_nothing_is_a_problem_where_off_makes_no_sense() {
        let mut settings = RealmSettings::default();
        assert_eq!(problems(&settings), Vec::<String>::new());
        settings.sessions.sign_in_frequency = Span::ZERO;
        settings.tokens.refresh_reuse_window = Span::ZERO;
        assert_eq!(problems(&settings), Vec::<String>::new());
        settings.sessions.idle_timeout = Span::ZERO;
        settings.tokens.authorization_code_lifetime = Span::hours(1);
        assert_eq!(problems(&settings).len(), 2);
    }
}
