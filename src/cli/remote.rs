//! A running server as the operator's commands see it: a token of a client with admin roles, then the admin API.

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::crypto::{self, Secret, b64};
use crate::domain::entropy::{Entropy as _, OsEntropy};

pub(super) mod local;

/// Which server, which realm, and as whom.
#[derive(Args, Clone, Debug)]
pub(super) struct Connection {
    /// The server's public address
    #[arg(
        long,
        env = "REALMKEEP_SERVER",
        default_value = "http://localhost:8080",
        global = true
    )]
    pub(super) server: Url,
    /// The realm
    #[arg(long, env = "REALMKEEP_REALM", default_value = "demo", global = true)]
    pub(super) realm: String,
    /// A client of the realm with admin roles and the client_credentials grant
    #[arg(long, env = "REALMKEEP_CLIENT_ID", global = true)]
    pub(super) client_id: Option<String>,
    /// Its secret; other users of this machine can read arguments, so prefer the variable or the file
    #[arg(
        long,
        env = "REALMKEEP_CLIENT_SECRET",
        hide_env_values = true,
        value_parser = |text: &str| Ok::<_, std::convert::Infallible>(Secret::new(text.to_owned())),
        global = true
    )]
    pub(super) client_secret: Option<Secret>,
    /// A file with its secret; comes before --client-secret
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) client_secret_file: Option<PathBuf>,
    /// Print the server's JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Why a command failed.
#[derive(Debug, Error)]
pub(super) enum RemoteError {
    /// The command cannot be carried out as it was given: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The file with the secret cannot be read: exit code 2.
    #[error("cannot read {0}")]
    SecretFile(PathBuf, #[source] io::Error),
    /// The HTTP client could not be built.
    #[error("cannot set up HTTP")]
    Setup(#[source] reqwest::Error),
    /// No answer.
    #[error("cannot reach {0}")]
    Unreachable(String, #[source] reqwest::Error),
    /// The server refused and said why (RFC 9457, or RFC 6749 section 5.2 at the token endpoint).
    #[error("{title}: {detail}")]
    Problem {
        /// The short name of the problem.
        title: String,
        /// What it is in this case.
        detail: String,
    },
    /// The answer was not JSON.
    #[error("the server's answer cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// Something asked for is not there.
    #[error("{0}")]
    Absent(String),
    /// The person at the terminal said no.
    #[error("nothing was ended")]
    Declined,
}

/// A server that accepted our credentials.
pub(super) struct Remote {
    http: reqwest::Client,
    server: Url,
    realm: String,
    client_id: String,
    client_secret: Secret,
    token: Secret,
}

impl Remote {
    /// Gets a token for the client by the client credentials grant.
    pub(super) async fn connect(to: &Connection) -> Result<Remote, RemoteError> {
        crypto::install();
        let usage = |text: &str| RemoteError::Usage(text.to_owned());
        let client_id = to.client_id.clone().ok_or_else(|| {
            usage("name the client to act as: --client-id or REALMKEEP_CLIENT_ID")
        })?;
        let client_secret = secret(to)?.ok_or_else(|| {
            usage("the client's secret is needed: REALMKEEP_CLIENT_SECRET, --client-secret-file or --client-secret")
        })?;
        if !matches!(to.server.scheme(), "http" | "https") || to.server.host().is_none() {
            return Err(usage("--server must be an http or https address"));
        }
        // A redirect would carry the token to an address nobody named.
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT);
        let builder = if loopback(&to.server) {
            builder.no_proxy()
        } else {
            if to.server.scheme() == "http" {
                eprintln!(
                    "warning: {} is not encrypted; the client's secret can be read on the way",
                    to.server
                );
            }
            builder
        };
        let mut remote = Remote {
            http: builder.build().map_err(RemoteError::Setup)?,
            server: to.server.clone(),
            realm: to.realm.clone(),
            client_id,
            client_secret,
            token: Secret::new(String::new()),
        };
        remote.authenticate().await?;
        Ok(remote)
    }

    /// `GET /admin/realms/{realm}/…`.
    pub(super) async fn get(
        &mut self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Value, RemoteError> {
        let mut url = self.address(&["admin", "realms"], path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(|http| http.request(Method::GET, url.clone()))
            .await
    }

    /// `GET /admin/realms/{realm}/…`, to be read as it comes in.
    pub(super) async fn stream(&mut self, path: &[&str]) -> Result<Response, RemoteError> {
        let url = self.address(&["admin", "realms"], path);
        let answer = self
            .http
            .get(url)
            // However long all of it takes.
            .timeout(DAY)
            .bearer_auth(self.token.expose())
            .send()
            .await
            .map_err(|error| self.unreachable(error))?;
        local::whole_or_refused(answer).await
    }

    /// `POST /admin/realms/{realm}/…` with a fresh `Idempotency-Key`, so that a try that got no answer can be repeated
    /// without the act being done twice.
    pub(super) async fn post(&mut self, path: &[&str], body: &Value) -> Result<Value, RemoteError> {
        let url = self.address(&["admin", "realms"], path);
        let mut bytes = [0; 16];
        OsEntropy.fill(&mut bytes);
        let key = b64(&bytes);
        self.send(|http| {
            http.request(Method::POST, url.clone())
                .header("Idempotency-Key", &key)
                .json(body)
        })
        .await
    }

    /// `POST /admin/realms/{realm}/…` with a file, once: whether it was taken when no answer came is for people to look.
    pub(super) async fn post_file(
        &mut self,
        path: &[&str],
        query: &[(&str, String)],
        file: Vec<u8>,
    ) -> Result<Value, RemoteError> {
        let mut url = self.address(&["admin", "realms"], path);
        url.query_pairs_mut().extend_pairs(query);
        let request = self.http.post(url).timeout(HOUR).body(file);
        let answer = request.bearer_auth(self.token.expose()).send().await;
        read(answer.map_err(|error| self.unreachable(error))?).await
    }

    /// Sends until there is an answer, three times at most; a token that ended meanwhile is replaced once.
    async fn send(
        &mut self,
        request: impl Fn(&reqwest::Client) -> RequestBuilder,
    ) -> Result<Value, RemoteError> {
        let mut renewed = false;
        let mut tries = 1;
        loop {
            let answer = request(&self.http)
                .bearer_auth(self.token.expose())
                .send()
                .await;
            let again = tries < TRIES;
            match answer {
                Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED && !renewed => {
                    renewed = true;
                    self.authenticate().await?;
                    continue;
                }
                Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE && again => {}
                Ok(answer) => return read(answer).await,
                Err(error) if !again => return Err(self.unreachable(error)),
                Err(_) => {}
            }
            tries += 1;
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    }

    /// RFC 6749 section 4.4, authenticated by section 2.3.1.
    async fn authenticate(&mut self) -> Result<(), RemoteError> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: Secret,
        }
        let url = self.address(&["realms"], &["protocol", "openid-connect", "token"]);
        let pair = format!(
            "{}:{}",
            encoded(&self.client_id),
            encoded(self.client_secret.expose())
        );
        let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair);
        let request = self
            .http
            .post(url)
            .header(AUTHORIZATION, format!("Basic {basic}"))
            .form(&[("grant_type", "client_credentials")]);
        let answer = request
            .send()
            .await
            .map_err(|error| self.unreachable(error))?;
        let granted: Granted =
            serde_json::from_value(read(answer).await?).map_err(RemoteError::Unreadable)?;
        self.token = granted.access_token;
        Ok(())
    }

    fn unreachable(&self, error: reqwest::Error) -> RemoteError {
        RemoteError::Unreachable(self.server.to_string(), error.without_url())
    }

    /// `{server}/{prefix}/{realm}/{path}`, every part escaped.
    fn address(&self, prefix: &[&str], path: &[&str]) -> Url {
        let mut url = self.server.clone();
        // It is an http address, so it has segments; `connect` saw to that.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .extend(prefix)
                .push(&self.realm)
                .extend(path);
        }
        url
    }
}

/// Reads an answer: JSON for a success, an error for a refusal.
async fn read(answer: Response) -> Result<Value, RemoteError> {
    let status = answer.status();
    let kind = answer.headers().get(CONTENT_TYPE);
    let is_jwt = kind.is_some_and(|kind| kind == "application/jwt");
    let text = answer
        .text()
        .await
        .map_err(|error| RemoteError::Unreachable("the server".to_owned(), error.without_url()))?;
    if status.is_success() && is_jwt {
        return Ok(Value::String(text));
    }
    let body = serde_json::from_str::<Value>(&text);
    if status.is_success() {
        return body.map_err(RemoteError::Unreadable);
    }
    let body = body.unwrap_or_default();
    let word = |names: [&str; 2]| {
        names
            .into_iter()
            .find_map(|name| body.get(name)?.as_str())
            .map(clean)
    };
    let mut detail = word(["detail", "error_description"])
        .unwrap_or_else(|| format!("the server answered {status}"));
    for line in super::user::errors(&body) {
        detail.push_str("\n  ");
        detail.push_str(&clean(&line));
    }
    Err(RemoteError::Problem {
        title: word(["title", "error"]).unwrap_or_else(|| status.to_string()),
        detail,
    })
}

/// Prints what a command answers and turns it into an exit code: 0, 1 for a failure, 2 for wrong usage.
pub(super) fn conclude(result: Result<String, RemoteError>) -> ExitCode {
    match result {
        Ok(text) => {
            // Nobody may be reading any more (`| head`); that is no failure of the command.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", Chain(&error));
            match error {
                RemoteError::Usage(_) | RemoteError::SecretFile(..) => ExitCode::from(2),
                RemoteError::Setup(_)
                | RemoteError::Unreachable(..)
                | RemoteError::Problem { .. }
                | RemoteError::Unreadable(_)
                | RemoteError::Absent(_)
                | RemoteError::Declined => ExitCode::from(1),
            }
        }
    }
}

/// The server's JSON for people and programs.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Text of others on its way to a terminal: control characters could move the cursor or change what was said before.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

struct Chain<'a>(&'a RemoteError);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = std::error::Error::source(self.0);
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

fn secret(to: &Connection) -> Result<Option<Secret>, RemoteError> {
    let Some(file) = &to.client_secret_file else {
        return Ok(to.client_secret.clone());
    };
    let text = Secret::new(
        std::fs::read_to_string(file)
            .map_err(|error| RemoteError::SecretFile(file.clone(), error))?,
    );
    // Editors end files with a newline that is no part of the secret.
    Ok(Some(Secret::new(
        text.expose().trim_end_matches(['\r', '\n']).to_owned(),
    )))
}

fn loopback(server: &Url) -> bool {
    match server.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// The form encoding that RFC 6749 section 2.3.1 asks for.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

const TIMEOUT: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

#[cfg(test)]
pub(super) mod tests;
