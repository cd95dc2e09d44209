//! The one HTTP client that leaves the server. Where it goes is named by applications, so nothing they name is believed:
//! https only, no redirects, no proxies, every resolved address checked and the connection made to that address, and a
//! limit to the time and to the bytes of every answer.
//!
//! A name is resolved by [`names`] in the moment of connecting and nowhere else: there is no second look-up whose answer
//! could differ from the one that was checked (DNS rebinding), and a connection that is kept for the next request is one
//! that was checked when it was made.

mod address;
mod failure;
mod names;
mod target;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, redirect};
use tokio::time::{Instant, timeout_at};

use crate::domain::outbox::wire::{Answered, Outgoing, Wire, WireError};
use address::Allowed;
use names::{Guarded, Names, SystemNames};
use target::Target;

/// What decides where the server may send.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Networks that are open although they are not public; http is for these alone.
    pub allow: Vec<IpNet>,
    /// A file of certificate authorities (PEM) that are trusted beside the system's.
    pub ca: Option<PathBuf>,
}

impl Rules {
    /// The rules of a server. One that is itself reached by http on a loopback host is a developer's: the applications
    /// are on the same machine, so loopback is open too.
    pub fn new(allow: &[IpNet], ca: Option<&Path>, public_url: &str) -> Rules {
        let mut allow = allow.to_vec();
        if target::is_http_on_loopback(public_url) {
            allow.extend(address::LOOPBACK);
        }
        Rules {
            allow,
            ca: ca.map(Path::to_owned),
        }
    }
}

/// Why there is no way out.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The file of certificate authorities does not read.
    #[error("--outbound-ca: cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds no certificate.
    #[error(
        "--outbound-ca: {} holds no certificate; expected PEM, beginning with -----BEGIN CERTIFICATE-----",
        .0.display()
    )]
    NoCertificate(PathBuf),
    /// The file holds something else where a certificate should be.
    #[error("--outbound-ca: a certificate in {} does not read", .0.display())]
    BadCertificate(PathBuf),
    /// The client could not be built.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(#[source] reqwest::Error),
}

/// The one guarded HTTP client.
pub struct Outbound {
    allowed: Arc<Allowed>,
    /// For https: public addresses, and those that are allowed.
    secure: Client,
    /// For http: those that are allowed, alone.
    clear: Client,
}

/// Idle connections to one host that are kept for the next notice.
const IDLE: usize = 2;
/// How long they are kept.
const IDLE_FOR: Duration = Duration::from_secs(30);
/// The longest `content-type` that is reported.
const LONGEST_TYPE: usize = 200;

impl Outbound {
    /// Builds the client.
    ///
    /// # Errors
    /// [`OutboundError`] when the certificate authorities do not read.
    pub fn new(rules: Rules) -> Result<Outbound, OutboundError> {
        Outbound::with_names(rules, Arc::new(SystemNames::default()))
    }

    fn with_names(rules: Rules, names: Arc<dyn Names>) -> Result<Outbound, OutboundError> {
        crate::crypto::install();
        let allowed = Arc::new(Allowed::new(rules.allow));
        let guarded = |clear| Guarded {
            names: names.clone(),
            allowed: allowed.clone(),
            clear,
        };
        let roots = match &rules.ca {
            Some(path) => certificates(path)?,
            None => Vec::new(),
        };
        let base = |resolver: Guarded| {
            Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .user_agent("Realmkeep")
                .pool_max_idle_per_host(IDLE)
                .pool_idle_timeout(IDLE_FOR)
                .dns_resolver(resolver)
        };
        let secure = base(guarded(false)).https_only(true);
        let secure = match (secure.tls_certs_merge(roots).build(), rules.ca) {
            (Ok(client), _) => client,
            (Err(_), Some(path)) => return Err(OutboundError::BadCertificate(path)),
            (Err(error), None) => {
                // A machine without certificate authorities can serve; it only cannot trust anybody by https.
                tracing::warn!(%error, "no certificate authority is known to this machine: no notice can be sent by https; install ca-certificates or name a file with --outbound-ca");
                base(guarded(false))
                    .https_only(true)
                    .tls_certs_only([])
                    .build()
                    .map_err(OutboundError::Setup)?
            }
        };
        let clear = base(guarded(true))
            .tls_certs_only([])
            .build()
            .map_err(OutboundError::Setup)?;
        Ok(Outbound {
            allowed,
            secure,
            clear,
        })
    }

    fn client(&self, target: &Target) -> &Client {
        if target.clear {
            &self.clear
        } else {
            &self.secure
        }
    }

    async fn exchange(&self, request: Outgoing, end: Instant) -> Result<Answered, WireError> {
        let started = Instant::now();
        let target = Target::parse(&request.url)?;
        target.check(&self.allowed)?;
        let sending = self
            .client(&target)
            .post(target.url.clone())
            .headers(headers(&request.headers)?)
            .body(request.body)
            .send();
        let response = match timeout_at(end, sending).await {
            Ok(sent) => sent.map_err(|error| failure::read(&error, &target))?,
            Err(_) => return Err(WireError::TimedOut(request.timeout)),
        };
        let text = |name: HeaderName| Some(response.headers().get(name)?.to_str().ok()?.trim());
        let content_type = text(CONTENT_TYPE).map(|t| t.chars().take(LONGEST_TYPE).collect());
        let retry_after = text(RETRY_AFTER).and_then(|t| t.parse().ok());
        Ok(Answered {
            status: response.status().as_u16(),
            content_type,
            retry_after,
            body: beginning(response, request.max_answer, end).await,
            took: started.elapsed(),
        })
    }
}

#[async_trait]
impl Wire for Outbound {
    async fn send(&self, request: Outgoing) -> Result<Answered, WireError> {
        let end = Instant::now() + request.timeout;
        self.exchange(request, end).await
    }

    async fn reach(&self, url: &str, timeout: Duration) -> Result<u16, WireError> {
        let target = Target::parse(url)?;
        target.check(&self.allowed)?;
        let asking = self.client(&target).head(target.url.clone()).send();
        match tokio::time::timeout(timeout, asking).await {
            Ok(answer) => answer
                .map(|answer| answer.status().as_u16())
                .map_err(|error| failure::read(&error, &target)),
            Err(_) => Err(WireError::TimedOut(timeout)),
        }
    }
}

/// At most so many bytes of a body. When it breaks off or the time is up, what came is the answer: the status was given
/// before, and it is the status that counts.
async fn beginning(mut response: Response, most: usize, end: Instant) -> Bytes {
    let mut body = BytesMut::new();
    while body.len() < most {
        match timeout_at(end, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                let room = most - body.len();
                body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            }
            Ok(Ok(None) | Err(_)) | Err(_) => break,
        }
    }
    body.freeze()
}

fn headers(given: &[(&'static str, String)]) -> Result<HeaderMap, WireError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let pair = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .zip(HeaderValue::from_str(value).ok());
        let Some((name, mut value)) = pair else {
            let why = format!("the header {name} holds a character that no header can carry");
            return Err(WireError::Refused(why));
        };
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, OutboundError> {
    let pem = fs::read(path).map_err(|source| OutboundError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let found = Certificate::from_pem_bundle(&pem)
        .map_err(|_| OutboundError::BadCertificate(path.to_owned()))?;
    if found.is_empty() {
        return Err(OutboundError::NoCertificate(path.to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
