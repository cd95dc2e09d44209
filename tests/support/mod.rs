//! What every test stands on: a server of its own, browsers, apps, an operator. Everything goes through the front door:
//! HTTP, the command line and the clock.

pub mod apart;
pub mod app;
pub mod browser;
pub mod device;
pub mod html;
pub mod nodes;
pub mod npm;
pub mod operator;
pub mod postgres;
pub mod process;
pub mod realms;
pub mod receiver;
pub mod server;
pub mod watcher;

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::Value;

pub use app::{App, Tokens};
pub use browser::{Browser, Page};
pub use operator::Operator;
pub use receiver::{Receiver, Reply};
pub use server::{Engine, TestServer};

/// An answer that is not a page.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Sends a request and reads the whole answer.
    pub async fn of(request: reqwest::RequestBuilder) -> Answer {
        let answer = request
            .send()
            .await
            .unwrap_or_else(|e| panic!("no answer: {e:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer {
            status,
            headers,
            text: answer.text().await.unwrap_or_default(),
        }
    }

    /// The same for a server that may die: nothing when there is no whole answer.
    pub async fn maybe(request: reqwest::RequestBuilder) -> Option<Answer> {
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Some(Answer {
            status,
            headers,
            text: answer.text().await.ok()?,
        })
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    }

    /// The `error` of an OAuth answer.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// Fails unless the status is this.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// Names the providers that reqwest and jsonwebtoken are built without. Safe to call again and again.
pub fn install() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

/// Asks again and again until it is so; fails when it does not come true in time.
pub async fn until<F: Future<Output = bool>>(
    what: &str,
    limit: Duration,
    mut so: impl FnMut() -> F,
) {
    let begin = Instant::now();
    while !so().await {
        assert!(begin.elapsed() < limit, "not in {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The claims of a JWT, not verified.
pub fn claims(jwt: &str) -> Value {
    use base64::Engine as _;
    let payload = jwt
        .split('.')
        .nth(1)
        .unwrap_or_else(|| panic!("{jwt:?} is no JWT"));
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .expect("base64url");
    serde_json::from_slice(&bytes).expect("claims")
}
