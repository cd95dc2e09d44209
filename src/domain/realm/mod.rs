//! Realm: a tenant with its own users, clients, keys and policies.
//!
//! Owns the settings and the verbs that create, change and delete a realm. Does not own how a realm file is read
//! (`config`) nor what ends when a realm is disabled (`signout`).

pub mod apply;
pub mod look;
pub mod outlook;
mod retention;
mod store;
pub mod verbs;

use serde::{Deserialize, Serialize};

pub use look::{AccountPolicy, Look};
pub use retention::RetentionPolicy;
pub use store::{Catalog, by_id, find, list};

use crate::crypto::Alg;
use crate::domain::id::RealmId;
use crate::domain::time::{Span, Timestamp};

/// A realm as kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Realm {
    /// Its number in keys.
    pub id: RealmId,
    /// Its name in addresses: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What its administrators chose.
    pub settings: RealmSettings,
}

impl Realm {
    /// The issuer identifier (OIDC Core §2): `{public_url}/realms/{name}`, never with a trailing slash.
    pub fn issuer(&self, public_url: &str) -> String {
        format!("{public_url}/realms/{}", self.name)
    }

    /// Whether this is the realm's issuer identifier: compared as exact text, without building it.
    pub fn is_issuer(&self, public_url: &str, issuer: &str) -> bool {
        issuer
            .strip_prefix(public_url)
            .and_then(|rest| rest.strip_prefix("/realms/"))
            == Some(&self.name)
    }

    /// The name that people see.
    pub fn display_name(&self) -> &str {
        self.settings.display_name.as_deref().unwrap_or(&self.name)
    }
}

/// What a realm file or a REST body may say of a realm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RealmSettings {
    /// The name that people see; the realm's name when absent.
    pub display_name: Option<String>,
    /// Whether anyone may sign in. Disabling ends every session.
    pub enabled: bool,
    /// How long sessions live.
    pub sessions: SessionPolicy,
    /// How long tokens live and how they are signed.
    pub tokens: TokenPolicy,
    /// Whether clients may register themselves.
    pub registration: RegistrationPolicy,
    /// Whether other parties are told of what happens, as it happens (SSF 1.0).
    pub shared_signals: SharedSignals,
    /// What tells apps and takes commands beside the channels that every sign-out has.
    pub logout: LogoutPolicy,
    /// How long what is over is remembered.
    pub retention: RetentionPolicy,
    /// How the pages look that people see.
    pub look: Look,
    /// What people find on their own pages.
    pub account: AccountPolicy,
}

impl Default for RealmSettings {
    fn default() -> Self {
        RealmSettings {
            display_name: None,
            enabled: true,
            sessions: SessionPolicy::default(),
            tokens: TokenPolicy::default(),
            registration: RegistrationPolicy::default(),
            shared_signals: SharedSignals::default(),
            logout: LogoutPolicy::default(),
            retention: RetentionPolicy::default(),
            look: Look::default(),
            account: AccountPolicy::default(),
        }
    }
}

/// How long sessions live, and how many. A shorter lifetime applies at once to sessions that exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionPolicy {
    /// A session unused for this long is over.
    pub idle_timeout: Span,
    /// A session is over this long after it started, used or not.
    pub max_lifetime: Span,
    /// Whether the sign-in page offers "Keep me signed in".
    pub remember_me: bool,
    /// `idle_timeout` of a remembered session.
    pub remember_me_idle_timeout: Span,
    /// `max_lifetime` of a remembered session.
    pub remember_me_max_lifetime: Span,
    /// Credentials are asked again this long after they were given, whatever the session says; zero is off.
    pub sign_in_frequency: Span,
    /// How many sessions one user may hold; zero is any number.
    pub limit: u32,
    /// What happens at the limit.
    pub limit_action: LimitAction,
    /// What a second address of the same user means.
    pub one_address: OneAddress,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        SessionPolicy {
            idle_timeout: Span::mins(30),
            max_lifetime: Span::hours(10),
            remember_me: true,
            remember_me_idle_timeout: Span::days(7),
            remember_me_max_lifetime: Span::days(30),
            sign_in_frequency: Span::ZERO,
            limit: 0,
            limit_action: LimitAction::EndOldest,
            one_address: OneAddress::Off,
        }
    }
}

impl SessionPolicy {
    /// Whether credentials given at `auth_time` no longer count, whatever the session says (`sign_in_frequency`).
    pub fn wants_credentials(&self, auth_time: Timestamp, now: Timestamp) -> bool {
        !self.sign_in_frequency.is_zero() && now.since(auth_time) >= self.sign_in_frequency
    }

    /// Whether a start of a session has to look at the user's other sessions.
    pub fn counts_sessions(&self) -> bool {
        self.limit > 0 || self.one_address != OneAddress::Off
    }
}

impl RealmSettings {
    /// Whether everything that lives under `self` lives as long under `after`. When not, what there is must be looked at
    /// again: its dates were set for the old policy.
    pub fn is_kept_by(&self, after: &RealmSettings) -> bool {
        let (old, new) = (&self.sessions, &after.sessions);
        let kept = |before: Span, after: Span| after >= before;
        let forgotten = old.remember_me && !new.remember_me;
        let fewer = new.limit > 0 && (old.limit == 0 || new.limit < old.limit);
        kept(old.idle_timeout, new.idle_timeout)
            && kept(old.max_lifetime, new.max_lifetime)
            && kept(old.remember_me_idle_timeout, new.remember_me_idle_timeout)
            && kept(old.remember_me_max_lifetime, new.remember_me_max_lifetime)
            && kept(
                self.tokens.refresh_idle_timeout,
                after.tokens.refresh_idle_timeout,
            )
            && kept(
                self.tokens.offline_idle_timeout,
                after.tokens.offline_idle_timeout,
            )
            && !forgotten
            && !fewer
    }
}

/// What happens when a user already holds as many sessions as the realm allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitAction {
    /// The new sign-in is refused.
    Deny,
    /// The session that started first ends.
    EndOldest,
    /// The session that was used least recently ends.
    EndLeastRecent,
    /// The user chooses which to end.
    Ask,
}

/// What happens when the same user comes from a second address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OneAddress {
    /// Nothing.
    Off,
    /// It is written to the audit log.
    Log,
    /// It is refused.
    Deny,
}

/// How long tokens live and how they are signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenPolicy {
    /// Of an access token: also the longest an API that never introspects can lag behind a sign-out.
    pub access_token_lifetime: Span,
    /// Of an ID token.
    pub id_token_lifetime: Span,
    /// Of an authorization code (OAuth 2.1 §4.1.2 recommends at most ten minutes; a minute is plenty).
    pub authorization_code_lifetime: Span,
    /// A refresh-token family bound to a session is over when unused for this long.
    pub refresh_idle_timeout: Span,
    /// The same for `offline_access` families, which outlive the session.
    pub offline_idle_timeout: Span,
    /// How long an unused successor is handed out again to whoever repeats the request.
    pub refresh_reuse_window: Span,
    /// What tokens are signed with unless a client registered another algorithm.
    pub signing_algorithm: Alg,
    /// What access tokens look like unless a client has a choice of its own.
    pub access_token_format: AccessTokenFormat,
    /// How long an API may keep a status list before it fetches a new one: the longest it then lags behind a sign-out.
    /// Zero: there are no status lists, and no token names one.
    pub status_list_ttl: Span,
}

/// What access tokens look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessTokenFormat {
    /// A signed JWT (RFC 9068), which an API can check by itself.
    Jwt,
    /// A text that says nothing to anybody but this server: an API has to ask (RFC 7662), so it never lags.
    Opaque,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        TokenPolicy {
            access_token_lifetime: Span::mins(5),
            id_token_lifetime: Span::mins(5),
            authorization_code_lifetime: Span::secs(60),
            refresh_idle_timeout: Span::mins(30),
            offline_idle_timeout: Span::days(30),
            refresh_reuse_window: Span::secs(10),
            signing_algorithm: Alg::Es256,
            access_token_format: AccessTokenFormat::Jwt,
            status_list_ttl: Span::secs(30),
        }
    }
}

/// What tells apps and takes commands beside the channels that every sign-out has. Discovery names what is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogoutPolicy {
    /// Whether the page after a sign-out loads the apps' front-channel addresses (Front-Channel Logout 1.0).
    pub front_channel: bool,
    /// Whether scripts of an app may ask if the browser's session changed (Session Management 1.0).
    pub check_session: bool,
    /// Whether the realm takes commands to end everything of a user (draft-parecki-oauth-global-token-revocation-06).
    pub global_token_revocation: bool,
    /// The longest that an API may lag behind a sign-out when its app cannot be told; zero is any time. Clients that would
    /// lag longer are refused; readiness lists those that are there.
    pub longest_lag: Span,
}

impl Default for LogoutPolicy {
    fn default() -> Self {
        LogoutPolicy {
            front_channel: true,
            check_session: true,
            global_token_revocation: true,
            longest_lag: Span::ZERO,
        }
    }
}

/// Whether clients may register themselves (RFC 7591).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrationPolicy {
    /// Who may register.
    pub mode: RegistrationMode,
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        RegistrationPolicy {
            mode: RegistrationMode::Off,
        }
    }
}

/// Whether other parties are told of what happens, as it happens (SSF 1.0). A receiver is a client with the scope
/// `ssf.read` or `ssf.manage`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SharedSignals {
    /// Whether receivers may have streams, and are told.
    pub enabled: bool,
}

impl Default for SharedSignals {
    fn default() -> Self {
        SharedSignals { enabled: true }
    }
}

/// Who may register a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistrationMode {
    /// Nobody.
    Off,
    /// Whoever holds an initial access token.
    Token,
    /// Anybody.
    Open,
}

/// Realm names that would collide with addresses of the console, or (`browser`) with the cookie of browser state.
pub const RESERVED_NAMES: [&str; 7] =
    ["realms", "new", "api", "assets", "live", "login", "browser"];

/// Checks a realm's name: 1 to 40 of `a-z 0-9 - _`, starting with a letter or digit, and not reserved.
///
/// # Errors
/// A sentence that says what was expected.
pub fn check_name(name: &str) -> Result<(), String> {
    let well_formed = !name.is_empty()
        && name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if !well_formed {
        return Err(format!(
            "a realm's name has 1 to 40 lower-case letters, digits, '-' or '_' and starts with a letter or digit, found {:?}",
            name.chars().take(60).collect::<String>()
        ));
    }
    if RESERVED_NAMES.contains(&name) {
        return Err(format!(
            "{name:?} is reserved for the console's own addresses and cookies; choose another name"
        ));
    }
    Ok(())
}
