//! Why sessions end. Adding a reason makes the compiler ask for its audit text and its scope, and the promise tests
//! for a way to bring it about.

use serde::{Deserialize, Serialize};

use crate::domain::ActorKind;

/// Why a session or a family ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An administrator ended it.
    Admin,
    /// The user signed out at the provider.
    User,
    /// An application sent the user to sign out (RP-Initiated Logout 1.0).
    RpLogout,
    /// The user was disabled.
    UserDisabled,
    /// The user was deleted.
    UserDeleted,
    /// The user's password changed.
    PasswordChanged,
    /// Nobody used it for too long.
    Idle,
    /// It reached its longest life.
    Expired,
    /// A refresh token was used twice.
    RefreshReuse,
    /// An authorization code was used twice.
    CodeReplay,
    /// The client gave its refresh token back (RFC 7009).
    TokenRevoked,
    /// The client was disabled or deleted.
    ClientDisabled,
    /// The realm was disabled or deleted.
    RealmDisabled,
    /// Somebody who may command it did (draft-parecki-oauth-global-token-revocation-06): a company's own identity
    /// provider, a security system.
    GlobalRevocation,
    /// The user held more sessions than the realm allows.
    SessionLimit,
    /// It was used from another address than the one it started at, where the realm allows one.
    AddressRule,
    /// The user was blocked from signing in.
    SignInBlocked,
    /// The user did not recognise the session.
    NotRecognised,
    /// The user signed out everywhere else, and ended what apps may do while they are away.
    SignedOutElsewhere,
    /// What an application was allowed was taken back from it, by the user or by an administrator.
    AccessRemoved,
    /// The server was restored from a backup, in which sessions live that ended since.
    Restored,
}

/// What an act of a reason ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Sessions with everything that hangs on them, offline families too (Global Token Revocation semantics).
    Everything,
    /// Sessions; families with `offline_access` stay (Back-Channel Logout 1.0 §2.7).
    SessionOnly,
    /// One family: its refresh and access tokens. The session stays.
    Family,
    /// Everything one client was granted, by everybody or by one user. The sessions stay.
    Client,
}

/// Who brings an end about (CAEP 1.0 §2, `initiating_entity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// An administrator, or whoever may act as one.
    Admin,
    /// The person themselves, or an app in their name.
    User,
    /// A rule of the realm.
    Policy,
    /// The server: time went by.
    System,
}

impl Initiator {
    /// All of them.
    pub const ALL: [Initiator; 4] = [
        Initiator::Admin,
        Initiator::User,
        Initiator::Policy,
        Initiator::System,
    ];

    /// Who asked, as other parties are told of what has no reason of its own.
    pub fn of(actor: ActorKind) -> Initiator {
        match actor {
            ActorKind::Admin => Initiator::Admin,
            ActorKind::User => Initiator::User,
            ActorKind::Client | ActorKind::System => Initiator::System,
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Initiator::Admin => "admin",
            Initiator::User => "user",
            Initiator::Policy => "policy",
            Initiator::System => "system",
        }
    }
}

impl Reason {
    /// Who brings it about.
    pub fn initiator(self) -> Initiator {
        match self {
            Reason::Admin
            | Reason::UserDisabled
            | Reason::UserDeleted
            | Reason::ClientDisabled
            | Reason::RealmDisabled
            | Reason::GlobalRevocation
            | Reason::SignInBlocked
            | Reason::Restored => Initiator::Admin,
            Reason::User
            | Reason::RpLogout
            | Reason::PasswordChanged
            | Reason::TokenRevoked
            | Reason::NotRecognised
            | Reason::SignedOutElsewhere
            | Reason::AccessRemoved => Initiator::User,
            Reason::RefreshReuse
            | Reason::CodeReplay
            | Reason::SessionLimit
            | Reason::AddressRule => Initiator::Policy,
            Reason::Idle | Reason::Expired => Initiator::System,
        }
    }

    /// Whether apps are told. One that gave its own token back knows, and its user's session goes on.
    pub fn tells_apps(self) -> bool {
        self != Reason::TokenRevoked
    }

    /// Its name in the API and the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Admin => "admin",
            Reason::User => "user",
            Reason::RpLogout => "rp_logout",
            Reason::UserDisabled => "user_disabled",
            Reason::UserDeleted => "user_deleted",
            Reason::PasswordChanged => "password_changed",
            Reason::Idle => "idle",
            Reason::Expired => "expired",
            Reason::RefreshReuse => "refresh_reuse",
            Reason::CodeReplay => "code_replay",
            Reason::TokenRevoked => "token_revoked",
            Reason::ClientDisabled => "client_disabled",
            Reason::RealmDisabled => "realm_disabled",
            Reason::GlobalRevocation => "global_revocation",
            Reason::SessionLimit => "session_limit",
            Reason::AddressRule => "address_rule",
            Reason::SignInBlocked => "sign_in_blocked",
            Reason::NotRecognised => "not_recognised",
            Reason::SignedOutElsewhere => "signed_out_elsewhere",
            Reason::AccessRemoved => "access_removed",
            Reason::Restored => "restored",
        }
    }

    /// What people read in the console.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Admin => "An administrator ended it",
            Reason::User => "The user signed out",
            Reason::RpLogout => "An application signed the user out",
            Reason::UserDisabled => "The user was disabled",
            Reason::UserDeleted => "The user was deleted",
            Reason::PasswordChanged => "The password was changed",
            Reason::Idle => "Unused for too long",
            Reason::Expired => "Reached its longest life",
            Reason::RefreshReuse => "A refresh token was used twice",
            Reason::CodeReplay => "An authorization code was used twice",
            Reason::TokenRevoked => "The application gave its token back",
            Reason::ClientDisabled => "The application was disabled",
            Reason::RealmDisabled => "The realm was disabled",
            Reason::GlobalRevocation => "Another system had everything of the user revoked",
            Reason::SessionLimit => "The user reached the limit of sessions",
            Reason::AddressRule => "It was used from another address",
            Reason::SignInBlocked => "The user was blocked from signing in",
            Reason::NotRecognised => "The user did not recognise it",
            Reason::SignedOutElsewhere => "The user signed out everywhere else",
            Reason::AccessRemoved => "The application’s access was removed",
            Reason::Restored => "The server was restored from a backup",
        }
    }

    /// What the person may be told by other parties; absent where they did it themselves.
    pub fn text_for_user(self) -> Option<&'static str> {
        match self {
            Reason::Admin => Some("An administrator signed you out"),
            Reason::User | Reason::RpLogout => None,
            Reason::UserDisabled => Some("Your account was disabled"),
            Reason::UserDeleted => Some("Your account was deleted"),
            Reason::PasswordChanged => Some("Your password was changed"),
            Reason::Idle => Some("You were signed out because you were away for too long"),
            Reason::Expired => Some("It is time to sign in again"),
            Reason::RefreshReuse | Reason::CodeReplay => {
                Some("You were signed out for your own safety")
            }
            Reason::TokenRevoked | Reason::AccessRemoved => None,
            Reason::ClientDisabled => Some("The application was disabled"),
            Reason::RealmDisabled => Some("Sign-in is not available"),
            Reason::GlobalRevocation => Some("You were signed out everywhere"),
            Reason::SessionLimit => Some("You signed in on too many devices"),
            Reason::AddressRule => Some("You were signed out because your address changed"),
            Reason::SignInBlocked => Some("Your sign-in is blocked"),
            Reason::NotRecognised => Some("You did not recognise this sign-in"),
            Reason::SignedOutElsewhere => Some("You signed out everywhere else"),
            Reason::Restored => Some("The service was restored: sign in again"),
        }
    }

    /// What it ends.
    pub fn scope(self) -> Scope {
        match self {
            Reason::Admin
            | Reason::UserDisabled
            | Reason::UserDeleted
            | Reason::PasswordChanged
            | Reason::RealmDisabled
            | Reason::GlobalRevocation
            | Reason::AddressRule
            | Reason::SignInBlocked
            | Reason::NotRecognised
            | Reason::SignedOutElsewhere
            | Reason::Restored => Scope::Everything,
            Reason::User
            | Reason::RpLogout
            | Reason::Idle
            | Reason::Expired
            | Reason::SessionLimit => Scope::SessionOnly,
            Reason::RefreshReuse | Reason::CodeReplay | Reason::TokenRevoked => Scope::Family,
            Reason::ClientDisabled | Reason::AccessRemoved => Scope::Client,
        }
    }

    /// Whether the cookie of an ended session tells its bearer that an administrator, or a system of theirs, did it.
    pub fn by_administrator(self) -> bool {
        matches!(
            self,
            Reason::Admin
                | Reason::UserDisabled
                | Reason::RealmDisabled
                | Reason::GlobalRevocation
                | Reason::SignInBlocked
        )
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
