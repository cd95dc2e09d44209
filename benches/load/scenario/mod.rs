//! The scenarios, in the order they run: what ends sessions comes last.

mod admin;
mod console;
mod flood;
mod life;
mod login;
mod read;
mod sign_out;
mod token;
mod told;

use super::lab::Lab;
use super::report::Row;

/// One thing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scenario {
    Idle,
    Discovery,
    Jwks,
    ClientCredentials,
    ClientCredentialsRs256,
    Introspection,
    IntrospectionFirst,
    Userinfo,
    Refresh,
    CodeFlow,
    Login,
    LoginFlood,
    SessionsFirstPage,
    SessionsSearch,
    ConsoleFirstPage,
    ConsoleSearch,
    Restart,
    ToldFirst,
    SignOutOne,
    SignOut10000,
    ToldMany,
    SignOutAll,
    ToldAll,
}

use Scenario as S;

impl Scenario {
    /// All of them, in order.
    pub(super) const ALL: [Scenario; 23] = [
        S::Idle,
        S::Discovery,
        S::Jwks,
        S::ClientCredentials,
        S::ClientCredentialsRs256,
        S::Introspection,
        S::IntrospectionFirst,
        S::Userinfo,
        S::Refresh,
        S::CodeFlow,
        S::Login,
        S::LoginFlood,
        S::SessionsFirstPage,
        S::SessionsSearch,
        S::ConsoleFirstPage,
        S::ConsoleSearch,
        S::Restart,
        S::SignOutOne,
        S::SignOut10000,
        S::ToldFirst,
        S::ToldMany,
        S::SignOutAll,
        S::ToldAll,
    ];

    /// Its name on the command line and in the table.
    pub(super) fn name(self) -> &'static str {
        self.both().0
    }

    /// What it does.
    pub(super) fn words(self) -> &'static str {
        self.both().1
    }

    fn both(self) -> (&'static str, &'static str) {
        match self {
            S::Idle => ("idle", "nothing: the memory and CPU of a server that waits"),
            S::Discovery => ("discovery", "GET the discovery document"),
            S::Jwks => ("jwks", "GET the keys"),
            S::ClientCredentials => (
                "client_credentials",
                "an access token of a client's own, signed with ES256",
            ),
            S::ClientCredentialsRs256 => {
                ("client_credentials_rs256", "the same, signed with RS256")
            }
            S::Introspection => (
                "introspection",
                "one of 64 people's access tokens is active",
            ),
            S::IntrospectionFirst => (
                "introspection_first",
                "an access token that was never seen before is active",
            ),
            S::Userinfo => ("userinfo", "the claims of the person on the connection"),
            S::Refresh => ("refresh", "each connection rotates a family of its own"),
            S::CodeFlow => (
                "code_flow",
                "with a session: the code by redirect, then the tokens for it",
            ),
            S::Login => ("login", "login page, password, code"),
            S::LoginFlood => (
                "login_flood",
                "paced tokens, discovery and session pages, without and with a flood of logins",
            ),
            S::SessionsFirstPage => ("sessions_first_page", "the first 25 sessions of the realm"),
            S::SessionsSearch => (
                "sessions_search",
                "the first 10 sessions whose username begins with three letters",
            ),
            S::ConsoleFirstPage => (
                "console_first_page",
                "the page of an administrator's console with the first 25 sessions",
            ),
            S::ConsoleSearch => (
                "console_search",
                "its list of sessions after three letters, as typing fetches it",
            ),
            S::Restart => ("restart", "stop in order, start, ready"),
            S::SignOutOne => (
                "sign_out_one",
                "end one session by the admin API, a fresh one each time",
            ),
            S::SignOut10000 => ("sign_out_10000", "end 10 000 chosen sessions in one call"),
            S::SignOutAll => (
                "sign_out_all",
                "end everybody's session: first denial, then the writing out",
            ),
            S::ToldFirst => (
                "told_first",
                "from a sign-out until the app has its notice, alone and with 100 apps that hang",
            ),
            S::ToldMany => (
                "told_many",
                "end up to 10 000 sessions until every app has confirmed",
            ),
            S::ToldAll => (
                "told_all",
                "end everybody's session until every app has confirmed, and what others feel of it",
            ),
        }
    }

    /// Whether it says something else at another number of sessions.
    pub(super) fn wants_sessions(self) -> bool {
        use Scenario::{
            ConsoleFirstPage, ConsoleSearch, Idle, Restart, SessionsFirstPage, SessionsSearch,
            SignOut10000, SignOutAll, SignOutOne, ToldAll, ToldMany,
        };
        matches!(
            self,
            Idle | Restart
                | SessionsFirstPage
                | SessionsSearch
                | ConsoleFirstPage
                | ConsoleSearch
                | SignOutOne
                | SignOut10000
                | SignOutAll
                | ToldMany
                | ToldAll
        )
    }

    /// Why it cannot run here, if so.
    pub(super) fn unfit(self, lab: &Lab) -> Option<String> {
        let least = match self {
            S::SignOutOne | S::SignOut10000 => 50_000,
            S::SessionsSearch | S::ConsoleFirstPage | S::ConsoleSearch => 1,
            S::ToldMany | S::ToldAll => 100,
            _ => 0,
        };
        if lab.sessions < least {
            return Some(format!("it wants {least} sessions"));
        }
        (self == S::Restart && !lab.is_own())
            .then(|| "the server is not this program's own".to_owned())
    }

    /// Runs it.
    pub(super) async fn run(self, lab: &mut Lab) -> anyhow::Result<Vec<Row>> {
        match self {
            S::Idle => life::idle(lab).await,
            S::Discovery => read::discovery(lab).await,
            S::Jwks => read::jwks(lab).await,
            S::ClientCredentials => token::client_credentials(lab).await,
            S::ClientCredentialsRs256 => token::client_credentials_rs256(lab).await,
            S::Introspection => read::introspection(lab).await,
            S::IntrospectionFirst => read::introspection_first(lab).await,
            S::Userinfo => read::userinfo(lab).await,
            S::Refresh => token::refresh(lab).await,
            S::CodeFlow => token::code_flow(lab).await,
            S::Login => login::login(lab).await,
            S::LoginFlood => flood::login_flood(lab).await,
            S::SessionsFirstPage => admin::first_page(lab).await,
            S::SessionsSearch => admin::search(lab).await,
            S::ConsoleFirstPage => console::first_page(lab).await,
            S::ConsoleSearch => console::search(lab).await,
            S::Restart => life::restart(lab).await,
            S::SignOutOne => sign_out::one(lab).await,
            S::SignOut10000 => sign_out::many(lab).await,
            S::SignOutAll => sign_out::all(lab).await,
            S::ToldFirst => told::first(lab).await,
            S::ToldMany => told::many(lab).await,
            S::ToldAll => told::all(lab).await,
        }
    }
}
