//! Tokens: made in [`issue`] and nowhere else, rotated, introspected, revoked.
//!
//! Owns the claims of what the realm signs, one wrapper kind per token (`typ` tells them apart, RFC 8725 §3.11), and the
//! text of refresh tokens. Does not own whether a token is still good (`denial`) nor how a family ends (`signout`).

pub(in crate::domain) mod claims;
pub mod introspect;
pub mod issue;
pub mod opaque;
pub mod refresh;
pub mod resources;
pub mod revoke;
pub mod rotate;
pub mod userinfo;
pub mod verify;

use serde::{Deserialize, Serialize};

use super::id::{FamilyId, Sid, UserId};
use super::status::Reference;
use crate::crypto::TokenKind;

/// Claims of an access token (RFC 9068 §2.2). Its header's `typ` is `at+jwt`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The issuer.
    pub iss: String,
    /// The user, or the client when it acts for itself.
    pub sub: String,
    /// Who may accept it.
    pub aud: Vec<String>,
    /// The client it was issued to.
    pub client_id: String,
    /// When it expires, in seconds.
    pub exp: u64,
    /// When it was issued, in seconds.
    pub iat: u64,
    /// Its id.
    pub jti: String,
    /// What it allows.
    #[serde(default)]
    pub scope: String,
    /// When credentials were given, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    /// The class reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How credentials were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The session it hangs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
    /// The family it hangs on.
    #[serde(rename = "fam", skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// Roles (RFC 9068 §2.2.3.1), for applications; the admin API reads them live instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Where an API that does not ask can see whether it is over (draft-ietf-oauth-status-list-20 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Reference>,
}

impl AccessClaims {
    /// The user it speaks for; `None` when a client acts for itself.
    pub fn user(&self) -> Option<UserId> {
        self.family.and_then(|_| self.sub.parse().ok())
    }

    /// Whether it allows this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|s| s == scope)
    }
}

/// The kind "access token".
pub struct AccessToken;

impl TokenKind for AccessToken {
    const TYP: &'static [&'static str] = &["at+jwt"];
    const TYP_REQUIRED: bool = true;
    type Claims = AccessClaims;
    const REQUIRED: &'static [&'static str] =
        &["iss", "sub", "aud", "client_id", "exp", "iat", "jti"];
    const LEEWAY_SECS: u64 = 0;
    const CHECK_EXPIRY: bool = true;
}

/// Claims of an ID token that the provider itself reads back, from an `id_token_hint`.
#[derive(Clone, Debug, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// The session.
    pub sid: Option<Sid>,
}

/// The kind "ID token given as a hint": its expiry is not looked at (RP-Initiated Logout 1.0 §2, §4).
pub struct IdTokenHint;

impl TokenKind for IdTokenHint {
    const TYP: &'static [&'static str] = &["JWT"];
    const TYP_REQUIRED: bool = true;
    type Claims = IdTokenClaims;
    const REQUIRED: &'static [&'static str] = &["iss", "sub", "aud", "exp", "iat"];
    const LEEWAY_SECS: u64 = 0;
    const CHECK_EXPIRY: bool = false;
}
