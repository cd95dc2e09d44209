//! Client: a relying party, described by the metadata names of RFC 7591 and a few of ours.
//!
//! Owns the record, its secret and how a client proves who it is. Does not own what ends when a client is disabled
//! or deleted (`signout`).

mod assertion;
mod authenticate;
mod bound;
pub mod channels;
pub mod check;
pub mod command;
mod guard;
pub mod origin;
pub mod sealed;
mod store;
pub mod verbs;

use serde::{Deserialize, Serialize};

pub use authenticate::{AuthenticatedClient, Credential, authenticate};
pub use bound::{bound, is_told, too_long, why};
pub use guard::guarded_by;
pub use store::{by_id, find, list};

use crate::crypto::Alg;
use crate::domain::id::ClientId;
use crate::domain::realm::{AccessTokenFormat, Realm};
use crate::domain::signout::reason::Initiator;
use crate::domain::time::Timestamp;

/// A client as kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    /// The record's id; never shown to browsers.
    pub id: ClientId,
    /// When it was registered.
    pub created_at: Timestamp,
    /// SHA-256 of the secret, sealed: secrets that people chose can be guessed, and whoever has the disk alone has nothing
    /// to try a guess on.
    pub secret_hash: Option<Vec<u8>>,
    /// The secret itself, sealed: only for `client_secret_jwt`, whose HMAC needs it.
    pub secret_sealed: Option<Vec<u8>>,
    /// The key that its webhooks are signed with, sealed.
    pub webhook_sealed: Option<Vec<u8>>,
    /// What its administrators chose. `client_secret` and `webhook_secret` are always absent here.
    pub settings: ClientSettings,
}

impl Client {
    /// The public `client_id`.
    pub fn client_id(&self) -> &str {
        &self.settings.client_id
    }

    /// The name that people see.
    pub fn name(&self) -> &str {
        self.settings
            .client_name
            .as_deref()
            .unwrap_or(&self.settings.client_id)
    }

    /// Whether the client may use this grant type.
    pub fn allows_grant(&self, grant_type: &str) -> bool {
        self.settings.grant_types.iter().any(|g| g == grant_type)
    }

    /// What its access tokens look like.
    pub fn access_token_format(&self, realm: &Realm) -> AccessTokenFormat {
        self.settings
            .access_token_format
            .unwrap_or(realm.settings.tokens.access_token_format)
    }

    /// Whether the client can keep a secret (RFC 6749 §2.1).
    pub fn is_confidential(&self) -> bool {
        self.settings.token_endpoint_auth_method != AuthMethod::None
    }
}

/// What is left of a client that was deleted while it is still to be told something: its public id.
pub(in crate::domain) fn gone(client_id: &str) -> Client {
    Client {
        id: ClientId(uuid::Uuid::nil()),
        created_at: Timestamp(0),
        secret_hash: None,
        secret_sealed: None,
        webhook_sealed: None,
        settings: ClientSettings {
            client_id: client_id.to_owned(),
            enabled: false,
            ..ClientSettings::default()
        },
    }
}

/// The `client_id` of the built-in console: a client of every realm and a part of the server. It asks the judge at every
/// request, so nobody has to tell it anything and it cannot lag behind.
pub const CONSOLE: &str = "realmkeep-console";

/// How a client proves who it is at the token endpoint (OIDC Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// The secret in an `Authorization: Basic` header.
    ClientSecretBasic,
    /// The secret in the request's body.
    ClientSecretPost,
    /// A JWT signed with the secret (HS256).
    ClientSecretJwt,
    /// A JWT signed with a key of the client's.
    PrivateKeyJwt,
    /// A public client: only its `client_id`.
    None,
}

impl AuthMethod {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            AuthMethod::ClientSecretBasic => "client_secret_basic",
            AuthMethod::ClientSecretPost => "client_secret_post",
            AuthMethod::ClientSecretJwt => "client_secret_jwt",
            AuthMethod::PrivateKeyJwt => "private_key_jwt",
            AuthMethod::None => "none",
        }
    }
}

/// When the consent page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentRule {
    /// Never: the realm's administrators speak for its users.
    Never,
    /// Until the user has allowed these scopes once.
    Once,
    /// At every authorization.
    Always,
}

/// Of whom a client hears that receives security events (SSF 1.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SsfSubjects {
    /// Of the people who used it, and of those it names itself.
    Own,
    /// Of everybody in the realm: for whoever watches over it.
    All,
}

/// How a command to an app names one of its users (RFC 9493 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationSubject {
    /// By the realm's issuer and the `sub` that the app knows from ID tokens.
    IssSub,
    /// By the `email` claim; by issuer and `sub` for somebody who has none.
    Email,
    /// By the `sub` alone.
    Opaque,
}

/// What a realm file or a REST body may say of a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientSettings {
    /// The public id, chosen by the administrator.
    pub client_id: String,
    /// The name that people see.
    pub client_name: Option<String>,
    /// The secret; only ever inbound, kept as a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Whether the client may do anything. Disabling ends its grants.
    pub enabled: bool,
    /// Where authorization answers may go; compared as exact text.
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after sign-out; compared as exact text.
    pub post_logout_redirect_uris: Vec<String>,
    /// `authorization_code`, `refresh_token`, `client_credentials`.
    pub grant_types: Vec<String>,
    /// Only `code`.
    pub response_types: Vec<String>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
    /// What it may ask for, separated by spaces.
    pub scope: String,
    /// Its keys, for `private_key_jwt` (RFC 7517 §5).
    pub jwks: Option<serde_json::Value>,
    /// Where it is told that a session ended (Back-Channel Logout §2.2).
    pub backchannel_logout_uri: Option<String>,
    /// Whether a logout token must name the session.
    pub backchannel_logout_session_required: bool,
    /// Whose sign-outs it is told of; all of them unless it says otherwise.
    pub backchannel_logout_initiators: Vec<Initiator>,
    /// Whether one notice without `sid` may tell that everything of a user has ended (Back-Channel Logout §2.4 allows it,
    /// but not every library that was given a `sid` before finds its sessions by `sub` alone).
    pub backchannel_logout_user_wide: bool,
    /// What a browser loads in a frame when its user signs out, so that the app forgets them (Front-Channel Logout 1.0
    /// §2). Best effort: it needs a browser, and that browser's cookies for the app.
    pub frontchannel_logout_uri: Option<String>,
    /// Whether that address must get `iss` and `sid`. It always does.
    pub frontchannel_logout_session_required: bool,
    /// Where the app takes the command to end everything of one of its users
    /// (draft-parecki-oauth-global-token-revocation-06 §3).
    pub global_token_revocation_endpoint: Option<String>,
    /// The audience of the tokens that authenticate these commands; the endpoint itself when absent.
    pub global_token_revocation_audience: Option<String>,
    /// How these commands name the user.
    pub global_token_revocation_subject: RevocationSubject,
    /// The `iss` of the tokens with which this client commands the realm to end everything of one of its users; it needs
    /// `jwks` and the scope `gtr`.
    pub global_token_revocation_issuer: Option<String>,
    /// Where an app that speaks none of these is told that a session ended, in JSON.
    pub webhook_uri: Option<String>,
    /// The key that webhooks are signed with; only ever inbound, kept sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// What its ID tokens are signed with; the realm's choice when absent.
    pub id_token_signed_response_alg: Option<Alg>,
    /// A refresh token is issued also without `offline_access` when the grant type is allowed.
    pub refresh_without_offline_access: bool,
    /// Audiences that its access tokens may be made for (RFC 8707), beside its own `client_id`.
    pub resources: Vec<String>,
    /// When the consent page is shown.
    pub consent: ConsentRule,
    /// PKCE is asked of everybody; an exemption is for old confidential clients only.
    pub require_pkce: bool,
    /// Roles of the client's own account, for `client_credentials`.
    pub service_account_roles: Vec<String>,
    /// The page people reach by the client's name.
    pub client_uri: Option<String>,
    /// Of whom it hears when it has an event stream.
    pub ssf_subjects: SsfSubjects,
    /// What its access tokens look like; the realm's choice when absent.
    pub access_token_format: Option<AccessTokenFormat>,
    /// How the APIs that take its access tokens learn that one is over before its time: the promise of whoever runs
    /// them, on which the bound on plans and receipts rests.
    pub access_token_revocation_check: RevocationCheck,
}

/// How an API learns that an access token is over before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationCheck {
    /// Not at all: it takes the token until it expires.
    None,
    /// It checks the status list that the token names, and keeps it for `ttl` at most.
    StatusList,
    /// It asks the introspection endpoint about every token.
    Introspection,
}

impl Default for ClientSettings {
    fn default() -> Self {
        ClientSettings {
            client_id: String::new(),
            client_name: None,
            client_secret: None,
            enabled: true,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
            response_types: vec!["code".to_owned()],
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            scope: "openid profile email".to_owned(),
            jwks: None,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            backchannel_logout_initiators: Initiator::ALL.to_vec(),
            backchannel_logout_user_wide: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            global_token_revocation_endpoint: None,
            global_token_revocation_audience: None,
            global_token_revocation_subject: RevocationSubject::IssSub,
            global_token_revocation_issuer: None,
            webhook_uri: None,
            webhook_secret: None,
            id_token_signed_response_alg: None,
            refresh_without_offline_access: true,
            resources: Vec::new(),
            consent: ConsentRule::Never,
            require_pkce: true,
            service_account_roles: Vec::new(),
            client_uri: None,
            ssf_subjects: SsfSubjects::Own,
            access_token_format: None,
            access_token_revocation_check: RevocationCheck::None,
        }
    }
}
