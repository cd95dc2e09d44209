//! Realm files: `realms/*.toml`, one realm each, with its clients and users.

mod lists;
mod picture;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Problem};
use super::rules::{
    Finding, check_client, check_logout, check_look, check_retention, check_sessions, check_tokens,
    check_user,
};
use super::section::{Env, Reading, keys_of};
use crate::domain::client::{self, ClientSettings};
use crate::domain::realm::verbs::MASTER;
use crate::domain::realm::{
    self, AccountPolicy, LogoutPolicy, Look, RealmSettings, RegistrationPolicy, RetentionPolicy,
    SessionPolicy, SharedSignals, TokenPolicy,
};
use crate::domain::user::{self, UserSettings};
use lists::{Seen, tables};

/// What one file says of its realm, secrets and all.
#[derive(Clone, PartialEq)]
pub struct RealmFile {
    /// The file.
    pub path: PathBuf,
    /// The realm's name.
    pub realm: String,
    /// The realm itself.
    pub settings: RealmSettings,
    /// Its clients, in the file's order.
    pub clients: Vec<ClientSettings>,
    /// Its users, in the file's order.
    pub users: Vec<UserSettings>,
}

impl fmt::Debug for RealmFile {
    // Not derived: clients and users carry secrets here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealmFile")
            .field("path", &self.path)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

impl RealmFile {
    /// Reads one realm file's text; `path` is what problems name.
    ///
    /// # Errors
    /// Every problem of the text.
    pub fn parse(path: &Path, text: &str) -> Result<RealmFile, Vec<Problem>> {
        let (file, _, problems) = read_text(path, text, &|name| std::env::var(name).ok());
        if problems.is_empty() {
            Ok(file)
        } else {
            Err(problems)
        }
    }
}

/// Reads every `*.toml` of a folder, in the order of their names. A folder that is not there has no files.
///
/// # Errors
/// Every problem of every file.
pub fn load_all(dir: &Path) -> Result<Vec<RealmFile>, Vec<Problem>> {
    load_with(dir, &|name| std::env::var(name).ok())
}

fn load_with(dir: &Path, env: Env<'_>) -> Result<Vec<RealmFile>, Vec<Problem>> {
    let paths = list(dir).map_err(|error| {
        vec![Problem::of_file(
            dir,
            format!("cannot read the folder: {error}"),
        )]
    })?;
    let mut files = Vec::new();
    let mut problems = Vec::new();
    let mut names: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in paths {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                problems.push(Problem::of_file(
                    &path,
                    format!("cannot read the file: {error}"),
                ));
                continue;
            }
        };
        let (file, place, mut found) = read_text(&path, &text, env);
        if let Some(other) = names.get(&file.realm) {
            let message = format!(
                "realm `{}` is already described by {}",
                file.realm,
                other.display()
            );
            found.push(Problem::at(&path, place, message));
        } else if !file.realm.is_empty() {
            names.insert(file.realm.clone(), path.clone());
        }
        found.sort_by_key(|problem| (problem.line, problem.column));
        problems.append(&mut found);
        files.push(file);
    }
    if problems.is_empty() {
        Ok(files)
    } else {
        Err(problems)
    }
}

fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        // Editors leave hidden files behind.
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden
            && path
                .extension()
                .is_some_and(|extension| extension == "toml")
            && path.is_file()
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Reads one file's text: what could be read, where its name is written, and all that is wrong with it.
fn read_text(path: &Path, text: &str, env: Env<'_>) -> (RealmFile, Place, Vec<Problem>) {
    let mut reading = Reading::new(path, text, env);
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut file = RealmFile {
        path: path.to_owned(),
        realm: String::new(),
        settings: RealmSettings::default(),
        clients: Vec::new(),
        users: Vec::new(),
    };
    for error in &errors {
        let at = error.span().map_or(text.len(), |span| span.start);
        reading.refuse(at, error.message(), None);
    }
    // What was recovered around a syntax error would only be complained about twice.
    if !errors.is_empty() {
        return (file, Place { line: 1, column: 1 }, reading.problems);
    }

    let mut own = document.get_ref().clone();
    let name = own.remove("realm");
    let clients = own.remove("clients");
    let users = own.remove("users");
    let at = name.as_ref().map_or(0, |value| value.span().start);
    file.realm = read_name(&mut reading, name.as_ref());
    let before = reading.problems.len();
    file.settings = settings(&mut reading, own.clone());
    if reading.problems.len() == before {
        let mut refused = realm::verbs::problems(&file.settings);
        if file.realm == MASTER && !file.settings.enabled {
            refused.push("enabled cannot be false: this realm holds the administrators".to_owned());
        }
        reading.sentences(&own, 0, "the realm", refused);
    }
    file.clients = read_clients(&mut reading, clients.as_ref());
    file.users = read_users(&mut reading, users.as_ref());
    (file, reading.place(at), reading.problems)
}

fn read_name(reading: &mut Reading<'_>, value: Option<&Spanned<DeValue<'_>>>) -> String {
    let Some(value) = value else {
        reading.refuse(
            0,
            "`realm` is missing: the name of the realm, such as realm = \"demo\"",
            None,
        );
        return String::new();
    };
    let Some(name) = value.get_ref().as_str() else {
        let found = value.get_ref().type_str();
        reading.refuse(
            value.span().start,
            format!("`realm`: expected text in quotes, found {found}"),
            None,
        );
        return String::new();
    };
    if let Err(message) = realm::check_name(name) {
        reading.refuse(value.span().start, format!("`realm`: {message}"), None);
    }
    name.to_owned()
}

fn settings(reading: &mut Reading<'_>, mut own: DeTable<'_>) -> RealmSettings {
    let sessions = own.remove("sessions");
    let tokens = own.remove("tokens");
    let registration = own.remove("registration");
    let shared_signals = own.remove("shared_signals");
    let logout = own.remove("logout");
    let retention = own.remove("retention");
    let look = own.remove("look");
    let account = own.remove("account");
    // Unknown keys are looked for here, where all of the file's own keys can be suggested.
    let known: Vec<&str> = keys_of::<RealmSettings>()
        .iter()
        .copied()
        .chain(["realm", "clients", "users"])
        .collect();
    let (own, unknown): (Vec<_>, Vec<_>) = own
        .into_iter()
        .partition(|(key, _)| known.contains(&key.get_ref().as_ref()));
    for (key, _) in &unknown {
        reading.unknown_key(key, "the realm", &known);
    }
    let own: DeTable<'_> = own.into_iter().collect();
    let mut settings: RealmSettings = reading.section(&own, "the realm", 0..0, &[]).value;
    settings.sessions =
        policy::<SessionPolicy>(reading, sessions.as_ref(), "[sessions]", check_sessions);
    settings.tokens = policy::<TokenPolicy>(reading, tokens.as_ref(), "[tokens]", check_tokens);
    settings.registration =
        policy::<RegistrationPolicy>(reading, registration.as_ref(), "[registration]", |_| {
            Vec::new()
        });
    settings.shared_signals =
        policy::<SharedSignals>(reading, shared_signals.as_ref(), "[shared_signals]", |_| {
            Vec::new()
        });
    settings.logout = policy::<LogoutPolicy>(reading, logout.as_ref(), "[logout]", check_logout);
    settings.retention =
        policy::<RetentionPolicy>(reading, retention.as_ref(), "[retention]", check_retention);
    let look = look.map(|look| picture::beside(reading, look));
    settings.look = policy::<Look>(reading, look.as_ref(), "[look]", check_look);
    settings.account =
        policy::<AccountPolicy>(reading, account.as_ref(), "[account]", |_| Vec::new());
    settings
}

fn policy<T: DeserializeOwned + Default>(
    reading: &mut Reading<'_>,
    value: Option<&Spanned<DeValue<'_>>>,
    title: &str,
    rules: impl Fn(&T) -> Vec<Finding>,
) -> T {
    let Some(value) = value else {
        return T::default();
    };
    let Some(table) = value.get_ref().as_table() else {
        let found = value.get_ref().type_str();
        reading.refuse(
            value.span().start,
            format!("expected a table {title}, found {found}"),
            None,
        );
        return T::default();
    };
    let section = reading.section::<T>(table, title, value.span(), &[]);
    let found = rules(&section.value);
    reading.findings(&section, found, Vec::new());
    section.value
}

fn read_clients(
    reading: &mut Reading<'_>,
    value: Option<&Spanned<DeValue<'_>>>,
) -> Vec<ClientSettings> {
    let mut seen = Seen::default();
    let mut clients = Vec::new();
    for (table, header) in tables(reading, value, "[[clients]]") {
        let section = reading.section::<ClientSettings>(
            table,
            "[[clients]]",
            header.clone(),
            &["client_secret", "webhook_secret"],
        );
        let found = check_client(&section.value);
        let refused = client::check::problems(&section.value);
        reading.findings(&section, found, refused);
        let client = section.value;
        let at = table
            .get("client_id")
            .map_or(header.start, |value| value.span().start);
        seen.refuse_second(
            reading,
            &client.client_id,
            &format!("client `{}`", client.client_id),
            at,
        );
        clients.push(client);
    }
    clients
}

fn read_users(
    reading: &mut Reading<'_>,
    value: Option<&Spanned<DeValue<'_>>>,
) -> Vec<UserSettings> {
    let mut seen = Seen::default();
    let mut users = Vec::new();
    for (table, header) in tables(reading, value, "[[users]]") {
        let section = reading.section::<UserSettings>(
            table,
            "[[users]]",
            header.clone(),
            &["password", "password_hash"],
        );
        let found = check_user(&section.value);
        let refused = user::verbs::problems(&section.value);
        reading.findings(&section, found, refused);
        let user = section.value;
        let at = table
            .get("username")
            .map_or(header.start, |value| value.span().start);
        seen.refuse_second(
            reading,
            &user::fold(&user.username),
            &format!("user `{}`", user.username),
            at,
        );
        users.push(user);
    }
    users
}

#[cfg(test)]
mod tests;
