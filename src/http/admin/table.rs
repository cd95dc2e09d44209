//! Every route of the admin API with the right it needs.

use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, delete, get, post, put};

use super::{
    access, attempts, audit, backup, clients, deliveries, doctor, events, export, imports, keys,
    overview, readiness, realms, sessions, signouts, streams, users,
};
use crate::domain::access::Right;
use crate::http::state::App;

/// One method on one address.
pub(super) struct Route {
    /// The method.
    pub(super) method: &'static str,
    /// The address, without a trailing slash.
    pub(super) path: &'static str,
    /// What the asker must be allowed to do.
    pub(super) need: Need,
    /// What it does, in a sentence.
    pub(super) about: &'static str,
    /// The query parameters it takes.
    pub(super) query: &'static [&'static str],
    /// The schema of its body, when it reads one.
    pub(super) body: Option<&'static str>,
    /// The status of its success and the schema of that answer.
    pub(super) answer: (u16, Option<&'static str>),
    /// What answers.
    pub(super) on: fn() -> MethodRouter<App>,
}

/// What the asker must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Have any right in the realm they belong to.
    Any,
    /// This, in the realm of the address; for an address without a realm, in all of them.
    Right(Right),
    /// One of these two, in the realm of the address.
    Either(Right, Right),
}

const fn row(
    method: &'static str,
    path: &'static str,
    need: Need,
    on: fn() -> MethodRouter<App>,
    about: &'static str,
) -> Route {
    Route {
        method,
        path,
        need,
        about,
        query: &[],
        body: None,
        answer: (204, None),
        on,
    }
}

impl Route {
    const fn query(mut self, names: &'static [&'static str]) -> Route {
        self.query = names;
        self
    }

    const fn body(mut self, schema: &'static str) -> Route {
        self.body = Some(schema);
        self
    }

    const fn answers(mut self, status: u16, schema: &'static str) -> Route {
        self.answer = (status, Some(schema));
        self
    }
}

const VIEW_SESSIONS: Need = Need::Right(Right::ViewSessions);
const END_SESSIONS: Need = Need::Right(Right::EndSessions);
const VIEW_USERS: Need = Need::Right(Right::ViewUsers);
const MANAGE_USERS: Need = Need::Right(Right::ManageUsers);
const VIEW_CLIENTS: Need = Need::Right(Right::ViewClients);
const MANAGE_CLIENTS: Need = Need::Right(Right::ManageClients);
const SEE_READINESS: Need = Need::Either(Right::ViewSessions, Right::ViewClients);
const TEST_SIGN_OUT: Need = Need::Either(Right::EndSessions, Right::ManageClients);
const END_OR_MANAGE: Need = Need::Either(Right::EndSessions, Right::ManageUsers);
const MANAGE_REALM: Need = Need::Right(Right::ManageRealm);
const VIEW_AUDIT: Need = Need::Right(Right::ViewAudit);
const MANAGE_SERVER: Need = Need::Right(Right::ManageServer);

/// `first` and `max` are Keycloak's; `limit` and `cursor` go on in constant time however long the list is.
const PAGED: &[&str] = &[
    "first",
    "max",
    "limit",
    "cursor",
    "search",
    "briefRepresentation",
];
const USERS: &[&str] = &[
    "find",
    "first",
    "max",
    "limit",
    "cursor",
    "search",
    "username",
    "exact",
    "email",
    "enabled",
    "briefRepresentation",
    "userProfileMetadata",
];
const COUNTED: &[&str] = &["search", "username", "exact", "email", "enabled"];
const CLIENTS: &[&str] = &[
    "first",
    "max",
    "limit",
    "cursor",
    "search",
    "clientId",
    "viewableOnly",
];
const ONE_USER: &[&str] = &["userProfileMetadata"];

/// All of them.
#[rustfmt::skip]
pub(super) static ROUTES: &[Route] = &[
    row("GET", "/admin/realms/{realm}/sessions", VIEW_SESSIONS, || get(sessions::list), "Searches sessions, a page at a time")
        .query(&["q", "state", "limit", "cursor"]).answers(200, "SessionPage"),
    row("GET", "/admin/realms/{realm}/sessions/{id}", VIEW_SESSIONS, || get(sessions::one), "Shows one session, ended or not")
        .answers(200, "Session"),
    row("DELETE", "/admin/realms/{realm}/sessions/{id}", END_SESSIONS, || delete(sessions::end), "Ends one session (Keycloak)")
        .query(&["isOffline"]),
    row("POST", "/admin/realms/{realm}/logout-all", END_SESSIONS, || post(signouts::everybody), "Ends every session of the realm but the asker's own (Keycloak)")
        .answers(200, "LogoutAll"),

    row("GET", "/admin/realms/{realm}/signouts", VIEW_SESSIONS, || get(signouts::list), "Lists sign-outs, newest first")
        .query(&["limit", "cursor"]).answers(200, "SignOutPage"),
    row("POST", "/admin/realms/{realm}/signouts", END_SESSIONS, || post(signouts::create), "Ends what is selected, or with dryRun tells what that would be (200, Plan); answers after the durable commit")
        .body("SignOutRequest").answers(201, "SignOut"),
    row("GET", "/admin/realms/{realm}/signouts/{id}", VIEW_SESSIONS, || get(signouts::one), "Shows a sign-out's receipt")
        .answers(200, "SignOut"),
    row("GET", "/admin/realms/{realm}/signouts/{id}/export", VIEW_SESSIONS, || get(export::one), "The receipt signed by the realm (application/jwt, a compact JWS)")
        .answers(200, "SignedReceipt"),
    row("POST", "/admin/realms/{realm}/signouts/{id}/redeliver", END_SESSIONS, || post(signouts::redeliver), "Tells the apps again that refused, gave up or wait; only those of clients, when the body names some")
        .body("Redeliver").answers(200, "Redelivered"),
    row("GET", "/admin/realms/{realm}/signouts/{id}/events", VIEW_SESSIONS, || get(events::watch), "Sends the receipt whenever it changes, until it is settled (server-sent events)")
        .answers(200, "Events"),

    row("GET", "/admin/realms/{realm}/overview", VIEW_SESSIONS, || get(overview::show), "The realm at a glance: what there is now, what is under way, and what was counted over range (24h, 7d or 30d)")
        .query(&["range"]).answers(200, "Overview"),
    row("GET", "/admin/realms/{realm}/deliveries", SEE_READINESS, || get(deliveries::list), "Lists the notices to applications, those of the newest sign-out first; a page may be short although next goes on")
        .query(&["clientId", "status", "channel", "limit", "cursor"]).answers(200, "DeliveryPage"),
    row("GET", "/admin/realms/{realm}/deliveries/{id}", SEE_READINESS, || get(deliveries::one), "Shows a notice with its last attempts and what it says, decoded: what the next attempt carries")
        .answers(200, "Delivery"),
    row("POST", "/admin/realms/{realm}/deliveries/{id}/redeliver", END_SESSIONS, || post(deliveries::again), "Tells one notice again now that was refused, given up or waits")
        .answers(200, "Redelivered"),

    row("GET", "/admin/realms/{realm}/audit", VIEW_AUDIT, || get(audit::list), "Who did what to whom, newest first: actor (id or name), action (user. for all of a kind), target, since and until narrow it, user is one's id; a page may be short although next goes on")
        .query(&["user", "actor", "action", "target", "since", "until", "limit", "cursor"]).answers(200, "AuditPage"),

    row("GET", "/admin/realms/{realm}/users", VIEW_USERS, || get(users::list), "Lists users; find looks at the start of the username, of words of the name and of the email; the header Realmkeep-Next has the cursor of the next page")
        .query(USERS).answers(200, "Users"),
    row("POST", "/admin/realms/{realm}/users", MANAGE_USERS, || post(users::create), "Creates a user")
        .body("User").answers(201, "User"),
    row("GET", "/admin/realms/{realm}/users/count", VIEW_USERS, || get(users::count), "Counts users")
        .query(COUNTED).answers(200, "Count"),
    row("GET", "/admin/realms/{realm}/users/{id}", VIEW_USERS, || get(users::one), "Shows a user")
        .query(ONE_USER).answers(200, "User"),
    row("PUT", "/admin/realms/{realm}/users/{id}", MANAGE_USERS, || put(users::update), "Changes what the body names; disabling the user or a new password ends their sessions")
        .body("User"),
    row("DELETE", "/admin/realms/{realm}/users/{id}", MANAGE_USERS, || delete(users::delete), "Deletes a user and ends their sessions"),
    row("PUT", "/admin/realms/{realm}/users/{id}/reset-password", MANAGE_USERS, || put(users::reset_password), "Gives a user a new password and ends their sessions (Keycloak)")
        .body("Credential"),
    row("POST", "/admin/realms/{realm}/users/{id}/block", MANAGE_USERS, || post(users::block), "Blocks a user's sign-in until a time or until it is lifted, and ends their sessions")
        .body("Block"),
    row("POST", "/admin/realms/{realm}/users/{id}/unblock", MANAGE_USERS, || post(users::unblock), "Lifts a user's block"),
    row("POST", "/admin/realms/{realm}/users/{id}/logout", END_SESSIONS, || post(users::logout), "Ends all sessions and offline grants of a user (Keycloak)"),
    row("GET", "/admin/realms/{realm}/users/{id}/sessions", VIEW_SESSIONS, || get(users::sessions), "Lists a user's active sessions (Keycloak)")
        .answers(200, "UserSessions"),

    row("GET", "/admin/realms/{realm}/users/{id}/consents", VIEW_USERS, || get(access::list), "Lists what each client was allowed by a user and holds of them, offline grants too (Keycloak)")
        .answers(200, "Consents"),
    row("DELETE", "/admin/realms/{realm}/users/{id}/consents/{client}", END_OR_MANAGE, || delete(access::take_back), "Takes back everything a user allowed and granted a client, by its clientId; their sessions go on (Keycloak)"),
    row("GET", "/admin/realms/{realm}/users/{id}/credentials", VIEW_USERS, || get(access::credentials), "Says when the user's password was set; never what it is (Keycloak)")
        .answers(200, "Credentials"),
    row("POST", "/admin/realms/{realm}/imports", MANAGE_USERS, || post(imports::start).layer(DefaultBodyLimit::max(imports::LARGEST)), "Imports users from JSON or CSV: checked as a whole, then written beside everything else; the answer says where its progress is")
        .query(&["dryRun", "ifExists"]).body("ImportFile").answers(202, "Import"),
    row("GET", "/admin/realms/{realm}/imports", MANAGE_USERS, || get(imports::list), "Lists imports, newest first")
        .query(&["limit"]).answers(200, "Imports"),
    row("GET", "/admin/realms/{realm}/imports/{id}", MANAGE_USERS, || get(imports::one), "Shows how far an import is and what became of its users")
        .answers(200, "Import"),
    row("POST", "/admin/realms/{realm}/partialImport", MANAGE_USERS, || post(imports::partial), "Imports up to 500 users and waits for them (Keycloak)")
        .body("PartialImport").answers(200, "PartialImported"),

    row("GET", "/admin/realms/{realm}/attack-detection/brute-force/users/{id}", VIEW_USERS, || get(attempts::one), "Counts the wrong passwords given for a user within a day, at least, and says whether sign-in waits at this server (Keycloak)")
        .answers(200, "BruteForce"),
    row("DELETE", "/admin/realms/{realm}/attack-detection/brute-force/users/{id}", MANAGE_USERS, || delete(attempts::clear), "Lets a user try again at once at this server, and counts from nothing (Keycloak)"),
    row("GET", "/admin/realms/{realm}/administrators", MANAGE_REALM, || get(access::administrators), "Lists the users with administrators' roles; the header Realmkeep-Next has the cursor of the next page")
        .query(&["first", "max", "limit", "cursor"]).answers(200, "Users"),

    row("GET", "/admin/realms/{realm}/clients", VIEW_CLIENTS, || get(clients::list), "Lists clients; the header Realmkeep-Next has the cursor of the next page")
        .query(CLIENTS).answers(200, "Clients"),
    row("POST", "/admin/realms/{realm}/clients", MANAGE_CLIENTS, || post(clients::create), "Registers a client; a secret that is made for it is in this answer and nowhere else")
        .body("Client").answers(201, "Client"),
    row("GET", "/admin/realms/{realm}/clients/{id}", VIEW_CLIENTS, || get(clients::one), "Shows a client")
        .answers(200, "Client"),
    row("PUT", "/admin/realms/{realm}/clients/{id}", MANAGE_CLIENTS, || put(clients::update), "Changes what the body names; disabling the client ends what it was granted. 200 with the secret when one had to be made")
        .body("Client"),
    row("DELETE", "/admin/realms/{realm}/clients/{id}", MANAGE_CLIENTS, || delete(clients::delete), "Deletes a client and ends what it was granted"),
    row("GET", "/admin/realms/{realm}/clients/{id}/client-secret", MANAGE_CLIENTS, || get(clients::secret), "Says whether the client has a secret; kept as a hash, it cannot be shown again (Keycloak)")
        .answers(200, "ClientSecret"),
    row("POST", "/admin/realms/{realm}/clients/{id}/client-secret", MANAGE_CLIENTS, || post(clients::new_secret), "Makes a new secret and shows it this once; the old one is refused from now on (Keycloak)")
        .answers(200, "ClientSecret"),
    row("GET", "/admin/realms/{realm}/clients/{id}/user-sessions", VIEW_SESSIONS, || get(clients::sessions), "Lists the active sessions a client takes part in (Keycloak)")
        .query(&["first", "max"]).answers(200, "UserSessions"),

    row("GET", "/admin/realms/{realm}/streams", VIEW_CLIENTS, || get(streams::list), "Lists the event streams of Shared Signals with their status, what waits and what failed")
        .answers(200, "Streams"),
    row("PUT", "/admin/realms/{realm}/streams/{id}/status", MANAGE_CLIENTS, || put(streams::set_status), "Enables, pauses or disables a stream and tells its receiver")
        .body("StreamStatus"),
    row("GET", "/admin/realms/{realm}/readiness", SEE_READINESS, || get(readiness::list), "Lists for each client whether it would learn of a sign-out; the header Realmkeep-Next has the cursor of the next page")
        .query(&["first", "max", "limit", "cursor"]).answers(200, "Readinesses"),
    row("GET", "/admin/realms/{realm}/clients/{id}/readiness", SEE_READINESS, || get(readiness::one), "Says whether the client would learn of a sign-out, by which channel, and how long it may lag")
        .answers(200, "Readiness"),
    row("POST", "/admin/realms/{realm}/clients/{id}/test-signout", TEST_SIGN_OUT, || post(readiness::test), "Sends the client a real notice about nobody, at once, and answers what came of it")
        .body("TestSignOut").answers(200, "TestedSignOut"),

    row("GET", "/admin/realms/{realm}/keys", MANAGE_REALM, || get(keys::list), "Lists signing keys, without their private parts")
        .answers(200, "Keys"),
    row("POST", "/admin/realms/{realm}/keys/rotate", MANAGE_REALM, || post(keys::rotate), "Lets the next key of an algorithm sign; the old one verifies until its last token has expired")
        .body("Rotate").answers(200, "Rotated"),

    row("GET", "/admin/realms/{realm}/backup", MANAGE_SERVER, || get(backup::send), "Sends everything as of one moment, as realmkeep backup writes it to a file; in the realm master alone")
        .answers(200, "Snapshot"),
    row("GET", "/admin/realms/{realm}/doctor", MANAGE_SERVER, || get(doctor::examine), "Says what may be wrong with this server and what to do; in the realm master alone")
        .answers(200, "Findings"),

    row("GET", "/admin/realms", Need::Any, || get(realms::list), "Lists the realms that the asker has rights in; the header Realmkeep-Next has the cursor of the next page")
        .query(PAGED).answers(200, "Realms"),
    row("POST", "/admin/realms", MANAGE_SERVER, || post(realms::create), "Creates a realm")
        .body("Realm").answers(201, "Realm"),
    row("GET", "/admin/realms/{realm}", MANAGE_REALM, || get(realms::one), "Shows a realm's settings")
        .answers(200, "Realm"),
    row("PUT", "/admin/realms/{realm}", MANAGE_REALM, || put(realms::update), "Changes what the body names; disabling the realm ends every session")
        .body("Realm"),
    row("DELETE", "/admin/realms/{realm}", MANAGE_SERVER, || delete(realms::delete), "Deletes a realm and ends every session of it"),
];
