//! Applies a realm file: creates what is missing, changes what differs, deletes nothing. A second run with the same file
//! writes nothing, so that it can be done at every start.

use std::collections::HashSet;

use super::verbs::{self, MASTER, RealmError};
use super::{Realm, RealmSettings, check_name, find};
use crate::crypto::{self, Secret};
use crate::domain::client::verbs::{self as clients, ClientError};
use crate::domain::client::{self, ClientSettings};
use crate::domain::user::verbs::{self as users, UserError};
use crate::domain::user::{self, UserSettings};
use crate::domain::{Actor, Context, Fault};

/// What applying a file did.
#[derive(Debug, Default)]
pub struct Applied {
    /// How many realms, clients and users were created.
    pub created: usize,
    /// How many were changed.
    pub updated: usize,
    /// How many were as the file says.
    pub unchanged: usize,
    /// Secrets that were made for clients whose file gives none, by `client_id`: to be told once.
    pub secrets: Vec<(String, Secret)>,
}

/// Why a file was not applied, or not to its end. Applying it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// What the file says makes no sense; nothing was written.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// The realm was not taken.
    #[error("the realm was not taken: {0}")]
    Realm(#[from] RealmError),
    /// A client was not taken.
    #[error("the client {client_id:?} was not taken: {source}")]
    Client {
        /// Which.
        client_id: String,
        /// Why.
        source: ClientError,
    },
    /// A user was not taken.
    #[error("the user {username:?} was not taken: {source}")]
    User {
        /// Which.
        username: String,
        /// Why.
        source: UserError,
    },
    /// It could not be decided.
    #[error("the file could not be applied")]
    Fault(#[from] Fault),
}

/// Applies a realm with its clients and users. Everything is checked before anything is written.
///
/// A client's secret in the file is the client's secret. A user's password in the file is only their first: once a user
/// has a password, the file's is ignored. Otherwise every start would undo the password that the user chose since and,
/// because a new password ends sessions, sign everybody out.
///
/// # Errors
/// [`ApplyError`].
pub async fn apply(
    ctx: &Context,
    name: &str,
    settings: RealmSettings,
    clients: Vec<ClientSettings>,
    users: Vec<UserSettings>,
) -> Result<Applied, ApplyError> {
    check(name, &settings, &clients, &users)?;
    let actor = Actor::system("realm file");
    let mut applied = Applied::default();
    let realm = match find(ctx, name).await? {
        None => {
            applied.created += 1;
            verbs::create(ctx, &actor, name, settings).await?
        }
        Some(realm) if realm.settings == settings => {
            applied.unchanged += 1;
            realm
        }
        Some(_) => {
            applied.updated += 1;
            verbs::update(ctx, &actor, name, settings).await?.realm
        }
    };
    for settings in clients {
        let client_id = settings.client_id.clone();
        apply_client(ctx, &realm, &actor, settings, &mut applied)
            .await
            .map_err(|source| ApplyError::Client { client_id, source })?;
    }
    for settings in users {
        let username = settings.username.clone();
        apply_user(ctx, &realm, &actor, settings, &mut applied)
            .await
            .map_err(|source| ApplyError::User { username, source })?;
    }
    Ok(applied)
}

/// Makes the realm `master` with the user `admin` when there is nobody in it yet, which is the first start (or one after
/// a first start that did not get that far). The answer is the password when it was generated: to be told once.
///
/// # Errors
/// [`ApplyError`].
pub async fn bootstrap(ctx: &Context, admin_password: Option<Secret>) -> Result<Option<String>, ApplyError> {
    let actor = Actor::system("first start");
    let realm = match find(ctx, MASTER).await? {
        Some(realm) => realm,
        None => match verbs::create(ctx, &actor, MASTER, RealmSettings::default()).await {
            // Another node was faster; it makes the user too.
            Err(RealmError::NameTaken) => return Ok(None),
            created => created?,
        },
    };
    if !user::list(ctx, &realm, "", None, 1).await?.0.is_empty() {
        return Ok(None);
    }
    let (password, generated) = match admin_password {
        Some(given) => (given.expose().to_owned(), None),
        None => {
            let made: Vec<u8> = ctx.random().into_iter().take(GENERATED_BYTES).collect();
            let made = crypto::b64(&made);
            (made.clone(), Some(made))
        }
    };
    let settings = UserSettings {
        username: ADMIN.to_owned(),
        password: Some(password),
        roles: vec![SERVER_ADMIN.to_owned()],
        ..UserSettings::default()
    };
    match users::create(ctx, &realm, &actor, settings).await {
        Ok(_) => Ok(generated),
        Err(UserError::NameTaken) => Ok(None),
        Err(source) => Err(ApplyError::User { username: ADMIN.to_owned(), source }),
    }
}

fn check(
    name: &str,
    settings: &RealmSettings,
    clients: &[ClientSettings],
    users: &[UserSettings],
) -> Result<(), ApplyError> {
    let mut problems = Vec::new();
    problems.extend(check_name(name).err());
    problems.extend(verbs::problems(settings));
    let mut seen = HashSet::new();
    for settings in clients {
        let name = format!("client {:?}", settings.client_id);
        problems.extend(client::check::problems(settings).into_iter().map(|why| format!("{name}: {why}")));
        if !seen.insert(settings.client_id.clone()) {
            problems.push(format!("{name} is there twice"));
        }
    }
    seen.clear();
    for settings in users {
        let name = format!("user {:?}", settings.username);
        problems.extend(users::problems(settings).into_iter().map(|why| format!("{name}: {why}")));
        if !seen.insert(user::fold(&settings.username)) {
            problems.push(format!("{name} is there twice"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(ApplyError::Invalid(problems)) }
}

async fn apply_client(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    mut settings: ClientSettings,
    applied: &mut Applied,
) -> Result<(), ClientError> {
    let client_id = settings.client_id.clone();
    let Some(existing) = client::find(ctx, realm, &client_id).await? else {
        let new = clients::create(ctx, realm, actor, settings).await?;
        applied.created += 1;
        applied.secrets.extend(new.secret.map(|secret| (client_id, secret)));
        return Ok(());
    };
    let given = settings.client_secret.take();
    if existing.settings == settings && given.as_ref().is_none_or(|secret| clients::has_secret(&existing, secret)) {
        applied.unchanged += 1;
        return Ok(());
    }
    settings.client_secret = given;
    let updated = clients::update(ctx, realm, actor, existing.id, settings).await?;
    applied.updated += 1;
    applied.secrets.extend(updated.secret.map(|secret| (client_id, secret)));
    Ok(())
}

async fn apply_user(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    mut settings: UserSettings,
    applied: &mut Applied,
) -> Result<(), UserError> {
    let Some(found) = user::find(ctx, realm, &settings.username).await? else {
        users::create(ctx, realm, actor, settings).await?;
        applied.created += 1;
        return Ok(());
    };
    let existing = found.value;
    if user::has_password(ctx, realm, existing.id).await? {
        settings.password = None;
        settings.password_hash = None;
    }
    let kept = UserSettings {
        username: existing.username,
        password: None,
        password_hash: None,
        enabled: existing.enabled,
        roles: existing.roles,
        claims: existing.claims,
    };
    if kept == settings {
        applied.unchanged += 1;
        return Ok(());
    }
    users::update(ctx, realm, actor, existing.id, settings).await?;
    applied.updated += 1;
    Ok(())
}

const ADMIN: &str = "admin";
const SERVER_ADMIN: &str = "server-admin";
/// 144 bits: as hard to guess as a key, and 24 characters to type.
const GENERATED_BYTES: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing;

    fn clients() -> Vec<ClientSettings> {
        let web = ClientSettings {
            client_id: "web".to_owned(),
            client_secret: Some("secret".to_owned()),
            redirect_uris: vec!["http://127.0.0.1:9090/callback".to_owned()],
            ..ClientSettings::default()
        };
        let made = ClientSettings { client_id: "made".to_owned(), ..ClientSettings::default() };
        vec![web, made]
    }

    fn users() -> Vec<UserSettings> {
        let claims = serde_json::json!({"name": "Alice Adams", "email_verified": true, "height": 1.7, "floor": -2});
        let alice = UserSettings {
            username: "Alice".to_owned(),
            password: Some("first".to_owned()),
            claims: claims.as_object().unwrap().clone(),
            ..UserSettings::default()
        };
        vec![alice]
    }

    async fn lets_in(ctx: &Context, realm: &str, username: &str, password: &str) -> bool {
        let realm = find(ctx, realm).await.unwrap().unwrap();
        let password = Secret::new(password.to_owned());
        user::authenticate(ctx, &realm, username, password).await.unwrap().is_ok()
    }

    fn counts(applied: &Applied) -> (usize, usize, usize) {
        (applied.created, applied.updated, applied.unchanged)
    }

    #[tokio::test]
    async fn the_same_file_again_writes_nothing() {
        let (ctx, _) = testing::context();
        let first = apply(&ctx, "demo", RealmSettings::default(), clients(), users()).await.unwrap();
        assert_eq!(counts(&first), (4, 0, 0));
        assert_eq!(first.secrets.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["made"]);
        assert!(lets_in(&ctx, "demo", "alice", "first").await);
        let before = testing::position(&ctx).await;
        let second = apply(&ctx, "demo", RealmSettings::default(), clients(), users()).await.unwrap();
        assert_eq!(counts(&second), (0, 0, 4));
        assert!(second.secrets.is_empty());
        assert_eq!(testing::position(&ctx).await, before);
    }

    #[tokio::test]
    async fn what_differs_is_changed_and_what_the_file_leaves_out_stays() {
        let (ctx, _) = testing::context();
        apply(&ctx, "demo", RealmSettings::default(), clients(), users()).await.unwrap();
        let mut web = clients().remove(0);
        web.client_secret = Some("other".to_owned());
        let mut alice = users().remove(0);
        alice.roles = vec!["auditor".to_owned()];
        let settings = RealmSettings { display_name: Some("Demo".to_owned()), ..RealmSettings::default() };
        let applied = apply(&ctx, "demo", settings, vec![web], vec![alice]).await.unwrap();
        assert_eq!(counts(&applied), (0, 3, 0));
        let realm = find(&ctx, "demo").await.unwrap().unwrap();
        assert!(client::find(&ctx, &realm, "made").await.unwrap().is_some());
        assert!(clients::has_secret(&client::find(&ctx, &realm, "web").await.unwrap().unwrap(), "other"));
        assert_eq!(user::find(&ctx, &realm, "alice").await.unwrap().unwrap().value.roles, ["auditor"]);
    }

    #[tokio::test]
    async fn a_password_in_the_file_is_only_the_first() {
        let (ctx, _) = testing::context();
        let nobody_yet = vec![UserSettings { password: None, ..users().remove(0) }];
        apply(&ctx, "demo", RealmSettings::default(), Vec::new(), nobody_yet).await.unwrap();
        let given = apply(&ctx, "demo", RealmSettings::default(), Vec::new(), users()).await.unwrap();
        assert_eq!(counts(&given), (0, 1, 1));
        assert!(lets_in(&ctx, "demo", "alice", "first").await);

        let realm = find(&ctx, "demo").await.unwrap().unwrap();
        let alice = user::find(&ctx, &realm, "alice").await.unwrap().unwrap().value;
        let own = Secret::new("her own".to_owned());
        users::set_password(&ctx, &realm, &Actor::system("test"), alice.id, own).await.unwrap();
        let again = apply(&ctx, "demo", RealmSettings::default(), Vec::new(), users()).await.unwrap();
        assert_eq!(counts(&again), (0, 0, 2));
        assert!(lets_in(&ctx, "demo", "alice", "her own").await);
    }

    #[tokio::test]
    async fn a_file_with_a_mistake_writes_nothing_and_names_every_mistake() {
        let (ctx, _) = testing::context();
        let mut twice = clients();
        twice.extend(clients());
        let nameless = vec![UserSettings::default()];
        let refused = apply(&ctx, "demo", RealmSettings::default(), twice, nameless).await.unwrap_err();
        assert!(matches!(&refused, ApplyError::Invalid(all) if all.len() == 3), "{refused:?}");
        assert!(find(&ctx, "demo").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_first_start_makes_an_administrator_and_the_second_does_not() {
        let (ctx, _) = testing::context();
        let password = bootstrap(&ctx, None).await.unwrap().unwrap();
        assert!(password.len() >= 20);
        assert!(lets_in(&ctx, MASTER, ADMIN, &password).await);
        let realm = find(&ctx, MASTER).await.unwrap().unwrap();
        let admin = user::find(&ctx, &realm, ADMIN).await.unwrap().unwrap().value;
        assert_eq!(admin.roles, [SERVER_ADMIN]);
        let before = testing::position(&ctx).await;
        assert!(bootstrap(&ctx, Some(Secret::new("other".to_owned()))).await.unwrap().is_none());
        assert_eq!(testing::position(&ctx).await, before);
        assert!(!lets_in(&ctx, MASTER, ADMIN, "other").await);
    }

    #[tokio::test]
    async fn a_given_first_password_is_not_told_again() {
        let (ctx, _) = testing::context();
        assert!(bootstrap(&ctx, Some(Secret::new("given".to_owned()))).await.unwrap().is_none());
        assert!(lets_in(&ctx, MASTER, ADMIN, "given").await);
    }

    #[tokio::test]
    async fn a_first_start_that_stopped_half_way_is_finished_by_the_next() {
        let (ctx, _) = testing::context();
        testing::realm(&ctx, MASTER).await;
        assert!(bootstrap(&ctx, None).await.unwrap().is_some());
    }
}
