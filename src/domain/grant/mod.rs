//! Grant: what a client got from a user. A code, an authorization's or a device's, becomes a token family; consent says
//! whether it may.
//!
//! Owns the records of codes, families and consents and how a code is issued and redeemed. Does not own how tokens are
//! made (`token`) nor how a family ends (`signout`).

pub mod begin;
pub mod code;
pub mod consent;
pub mod device;
pub mod held;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::id::{ClientId, FamilyId, Sid, UserId};
use super::realm::{AccessTokenFormat, Realm};
use super::session::{Ended, Session};
use super::status::Index;
use super::time::Timestamp;
use crate::crypto::KeyId;

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

impl Grant {
    /// What somebody who is signed in gives a client: this scope, and nothing special.
    pub fn given(client: &Client, session: &Session, scope: String, acr: &str) -> Grant {
        Grant {
            client: client.id,
            client_id: client.client_id().to_owned(),
            client_name: client.name().to_owned(),
            user: session.user,
            username: session.username.clone(),
            sid: session.sid,
            session_started_at: session.started_at,
            scope,
            resources: Vec::new(),
            auth_time: session.auth_time,
            amr: session.amr.clone(),
            acr: acr.to_owned(),
            nonce: None,
            claims: None,
        }
    }
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
    /// Which master key its newest refresh token was made with.
    pub made_with: KeyId,
    /// When the newest access token ends.
    pub access_expires_at: Timestamp,
    /// What the newest access token looks like.
    pub access_format: AccessTokenFormat,
    /// The place in a status list that its tokens name: the session's, or its own when it outlives the session.
    pub status: Option<Index>,
    /// Until when an API that does not ask can be lagging.
    pub held: Held,
    /// Set once, by the door.
    pub ended: Option<Ended>,
}

/// When the last of the access tokens ends that an API can check by itself: those that name a status list, and those
/// that do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Of those that name one, which shows that they are over.
    pub listed: Timestamp,
    /// Of those that name none.
    pub unlisted: Timestamp,
}

impl Held {
    /// Both.
    pub fn max(self, other: Held) -> Held {
        Held {
            listed: self.listed.max(other.listed),
            unlisted: self.unlisted.max(other.unlisted),
        }
    }

    /// The same when the list does not show it, for what the token's place stands for goes on.
    pub fn unlisted(self) -> Held {
        Held {
            listed: Timestamp::default(),
            unlisted: self.listed.max(self.unlisted),
        }
    }
}

impl TokenFamily {
    /// Writes down that an access token is issued at this moment: how long it lives, what it looks like and whether it
    /// names a status list. The mint makes it as it is written here.
    pub fn issues(&mut self, realm: &Realm, client: &Client, now: Timestamp) {
        let tokens = &realm.settings.tokens;
        self.access_expires_at = now.plus(tokens.access_token_lifetime);
        self.access_format = client.access_token_format(realm);
        let (listed, unlisted) = (&mut self.held.listed, &mut self.held.unlisted);
        match (self.access_format, self.status) {
            (AccessTokenFormat::Opaque, _) => {}
            (AccessTokenFormat::Jwt, Some(_)) if !tokens.status_list_ttl.is_zero() => {
                *listed = (*listed).max(self.access_expires_at);
            }
            (AccessTokenFormat::Jwt, _) => *unlisted = (*unlisted).max(self.access_expires_at),
        }
    }

    /// The place that its newest access token names.
    pub fn listed(&self) -> Option<Index> {
        self.status
            .filter(|_| self.held.listed == self.access_expires_at)
    }

    /// The place in a status list that is its own and over with it.
    pub fn own_status(&self) -> Option<Index> {
        self.status.filter(|_| self.offline)
    }

    /// What it means for its tokens that it alone ends, and its session goes on.
    pub fn held_alone(&self) -> Held {
        if self.offline {
            self.held
        } else {
            self.held.unlisted()
        }
    }
}
