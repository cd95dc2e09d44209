//! Two demo applications: ordinary relying parties on ports of their own, to see a sign-out from an application's side.
//!
//! They know the provider by its issuer alone and use nothing of this server but its public endpoints, so what works
//! here works for any application. A careful one asks the provider again on every page load; so do these.
//!
//! | room | holds |
//! |---|---|
//! | [`provider`] | discovery, keys, the OpenID Connect client; [`outgoing`] is its HTTP |
//! | [`session`] | the application's own sessions, in memory |
//! | [`check`] | does the sign-in still hold? |
//! | [`others`] | applications that only take sign-out notices, for `demo --sessions` |
//! | [`home`], [`login`], [`logout`], [`backchannel`], [`resource`] | one file per endpoint |

mod backchannel;
mod check;
mod home;
mod login;
mod logout;
mod others;
mod outgoing;
mod provider;
mod resource;
mod session;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Cookie, SameSite};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::crypto::{Secret, b64};
use crate::domain::entropy::{Entropy as _, OsEntropy};

pub use others::{OTHERS, serve_others};
use provider::Provider;
use session::Sessions;

/// One demo application as the provider knows it.
#[derive(Clone, Debug)]
pub struct DemoApp {
    /// What people call it.
    pub name: String,
    /// Its `client_id`.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: Secret,
    /// The provider's issuer, without a slash at the end.
    pub issuer: String,
    /// Where it listens and how browsers reach it: its redirect URI is `http://{listen}/callback`.
    pub listen: SocketAddr,
    /// Whether it asks for `offline_access` too.
    pub offline: bool,
}

/// The two demo applications of a provider: "Demo Web" on port 9090 and "Demo Notes", which also asks for offline
/// access, on port 9091. Both are clients of the realm `demo`.
pub fn apps(public_url: &str) -> [DemoApp; 2] {
    let app = |name: &str, client_id: &str, port, offline| DemoApp {
        name: name.to_owned(),
        client_id: client_id.to_owned(),
        // No secret in any real sense: it stands in the realm file that comes with the program.
        client_secret: Secret::new(format!("{client_id}-secret")),
        issuer: format!("{}/realms/demo", public_url.trim_end_matches('/')),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        offline,
    };
    [
        app("Demo Web", "demo-web", 9090, false),
        app("Demo Notes", "demo-notes", 9091, true),
    ]
}

/// Serves one demo application on `listener` until `stop` resolves; requests then under way get two seconds.
///
/// The provider need not be up yet: it is looked up at first use, and again until it answers. Errors are those of the
/// listener, and of the TLS library at start.
pub async fn serve(
    app: DemoApp,
    listener: TcpListener,
    stop: impl Future + Send + 'static,
) -> io::Result<()> {
    let stopping = CancellationToken::new();
    let served = axum::serve(listener, router(app)?)
        .with_graceful_shutdown(stopping.clone().cancelled_owned())
        .into_future();
    tokio::pin!(served);
    tokio::select! {
        ended = &mut served => return ended,
        _ = stop => stopping.cancel(),
    }
    // A request may hang on a provider that is going down too.
    tokio::time::timeout(GRACE, served).await.unwrap_or(Ok(()))
}

struct App {
    about: DemoApp,
    /// The application's own address, without a slash at the end.
    base: String,
    provider: Provider,
    sessions: Sessions,
}

impl App {
    /// The name of one of this application's cookies. Cookies ignore ports, hence the `client_id` in it.
    fn cookie_name(&self, purpose: &str) -> String {
        format!("{}-{purpose}", self.about.client_id)
    }

    /// A cookie no script can read, that comes along when the provider sends the browser back.
    fn cookie(&self, purpose: &str, value: String) -> Cookie<'static> {
        Cookie::build((self.cookie_name(purpose), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .build()
    }
}

fn router(about: DemoApp) -> io::Result<Router> {
    let base = format!("http://{}", about.listen);
    let provider = Provider::new(&about, &base).map_err(io::Error::other)?;
    let app = Arc::new(App {
        base,
        provider,
        sessions: Sessions::default(),
        about,
    });
    Ok(Router::new()
        .route("/", get(home::get))
        .route("/login", get(login::get))
        .route("/callback", get(login::callback))
        .route("/call", post(resource::call))
        .route("/logout", get(logout::get))
        .route("/backchannel-logout", post(backchannel::post))
        .route("/api/time", get(resource::time))
        .route(
            "/app.css",
            get(|| asset("text/css; charset=utf-8", include_str!("app.css"))),
        )
        .route(
            "/app.svg",
            get(|| asset("image/svg+xml", include_str!("app.svg"))),
        )
        .layer(map_response(harden))
        .with_state(app))
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "max-age=3600"),
        ],
        text,
    )
        .into_response()
}

/// Pages run no script and show in no frame; what is about a person is kept by no cache.
async fn harden(mut response: Response) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// 256 bits of chance as text, for cookies and `state`.
fn random() -> String {
    let mut bytes = [0; 32];
    OsEntropy.fill(&mut bytes);
    b64(&bytes)
}

const GRACE: Duration = Duration::from_secs(2);
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];
