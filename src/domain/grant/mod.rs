//! Grant: what a client got from a user. An authorization code becomes a token family; consent says whether it may.
//!
//! Owns the records of codes, families and consents and how a code is issued and redeemed. Does not own how tokens are
//! made (`token`) nor how a family ends (`signout`).

pub mod code;
pub mod consent;

use serde::{Deserialize, Serialize};

use super::id::{ClientId, FamilyId, Sid, UserId};
use super::session::Ended;
use super::time::Timestamp;

/// What was granted: carried by the code and then by the family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// To which client.
    pub client: ClientId,
    /// Its public id.
    pub client_id: String,
    /// Its name then.
    pub client_name: String,
    /// By whom.
    pub user: UserId,
    /// Their username then.
    pub username: String,
    /// In which session.
    pub sid: Sid,
    /// When that session started: with it an epoch can be judged without reading the session.
    pub session_started_at: Timestamp,
    /// The scope granted.
    pub scope: String,
    /// The resources asked for (RFC 8707).
    pub resources: Vec<String>,
    /// When credentials were given.
    pub auth_time: Timestamp,
    /// How.
    pub amr: Vec<String>,
    /// The class reached.
    pub acr: String,
    /// The nonce of the authorization request.
    pub nonce: Option<String>,
    /// The `claims` parameter (OIDC Core §5.5), as JSON text.
    pub claims: Option<String>,
}

/// An authorization code, kept under the SHA-256 of its text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// What it stands for.
    pub grant: Grant,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The S256 challenge (RFC 7636), absent only for exempt clients.
    pub code_challenge: Option<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it can no longer be redeemed.
    pub expires_at: Timestamp,
    /// The family it became; a second redemption revokes that.
    pub used: Option<FamilyId>,
}

/// One refresh-token lineage, and what its access tokens hang on. Every redeemed code has one, also without refresh tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenFamily {
    /// Its id.
    pub id: FamilyId,
    /// What was granted.
    pub grant: Grant,
    /// Whether it outlives the browser session (`offline_access`).
    pub offline: bool,
    /// Whether refresh tokens are issued at all.
    pub refreshable: bool,
    /// When the code was redeemed.
    pub started_at: Timestamp,
    /// When it was last rotated.
    pub last_used_at: Timestamp,
    /// Which refresh token is current. One generation back is answered with the current one inside the reuse window:
    /// that the current one was never presented is what makes it the unused successor.
    pub generation: u32,
    /// When the newest access token ends: the bound until which an app that never asks can lag.
    pub access_expires_at: Timestamp,
    /// Set once, by the door.
    pub ended: Option<Ended>,
}
