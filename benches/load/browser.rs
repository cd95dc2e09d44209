//! A browser, as little of one as signing in needs: cookies, redirects, one form.

use anyhow::{Context as _, bail, ensure};

use super::oauth::{self, encode};
use super::realm::{REDIRECT_URI, WEB};
use super::server::Target;
use super::wire::{Answer, Conn, request};

/// A browser with its cookies.
pub(super) struct Browser {
    pub(super) conn: Conn,
    host: String,
    url: String,
    cookies: Vec<(String, String)>,
    realm: &'static str,
    flows: u64,
    name: usize,
    /// The application it goes to.
    pub(super) client: (&'static str, &'static str),
}

/// What became of a password.
pub(super) enum SignedIn {
    /// The code for the application, and the verifier that goes with it.
    Code(String, String),
    /// Too many passwords are being checked.
    Busy,
}

impl Browser {
    pub(super) fn new(target: &Target, realm: &'static str, name: usize) -> Browser {
        Browser {
            conn: Conn::new(target.address),
            host: target.host.clone(),
            url: target.url.clone(),
            cookies: Vec::new(),
            realm,
            flows: 0,
            name,
            client: WEB,
        }
    }

    /// Forgets who is signed in.
    pub(super) fn forget(&mut self) {
        self.cookies.clear();
    }

    fn state(&mut self) -> String {
        self.flows += 1;
        format!("s{}-{}", self.name, self.flows)
    }

    /// Goes to an address with its cookies; answers the status, where it sends to, and the page.
    async fn go(
        &mut self,
        method: &str,
        path: &str,
        form: Option<&str>,
    ) -> anyhow::Result<(u16, Option<String>, String)> {
        let mut headers = Vec::new();
        let cookies = self.cookies();
        if !cookies.is_empty() {
            headers.push(("cookie", cookies.as_str()));
        }
        if form.is_some() {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
            headers.push(("origin", self.url.as_str()));
            headers.push(("sec-fetch-site", "same-origin"));
        }
        let question = request(method, &self.host, path, &headers, form);
        let answer = self.conn.call(&question).await?;
        keep(&mut self.cookies, &answer);
        Ok((
            answer.status,
            answer.header("location").map(str::to_owned),
            answer.text().to_owned(),
        ))
    }

    /// Its cookies, as a request carries them.
    fn cookies(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// The path of an address on the server.
    fn path(&self, location: &str) -> Option<String> {
        let path = location.strip_prefix(&self.url).unwrap_or(location);
        path.starts_with('/').then(|| path.to_owned())
    }

    /// Signs in with a password and is sent back to the application.
    pub(super) async fn sign_in(
        &mut self,
        username: &str,
        password: &str,
    ) -> anyhow::Result<SignedIn> {
        let state = self.state();
        let (path, verifier) = oauth::authorize(self.realm, self.client.0, &state);
        let Some(mut next) = self.log_in(path, username, password).await? else {
            return Ok(SignedIn::Busy);
        };
        for _ in 0..5 {
            match next {
                (302 | 303, Some(to), _) if to.starts_with(REDIRECT_URI) => {
                    return Ok(SignedIn::Code(oauth::code_in(&to, &state)?, verifier));
                }
                (302 | 303, Some(to), _) => {
                    let path = self.path(&to).with_context(|| format!("sent to {to}"))?;
                    next = self.go("GET", &path, None).await?;
                }
                (429 | 503, _, _) => return Ok(SignedIn::Busy),
                (status, _, text) => bail!("status {status} after the password: {}", said(&text)),
            }
        }
        bail!("no end of redirects after the password")
    }

    /// Signs in to the administrator's console; answers the cookies that its pages want.
    pub(super) async fn console(
        &mut self,
        username: &str,
        password: &str,
    ) -> anyhow::Result<String> {
        let path = format!("/admin/{}/sessions", self.realm);
        let mut next = self.log_in(path, username, password).await?;
        for _ in 0..8 {
            match next.context("the server is busy")? {
                (302 | 303, Some(to), _) => {
                    let path = self.path(&to).with_context(|| format!("sent to {to}"))?;
                    next = Some(self.go("GET", &path, None).await?);
                }
                (200, _, text) if text.contains("class=\"console\"") => return Ok(self.cookies()),
                (status, _, text) => bail!("status {status} after the password: {}", said(&text)),
            }
        }
        bail!("no end of redirects after the password")
    }

    /// Follows an address to the login page and posts its form; answers what came of that, or nothing when the server is busy.
    async fn log_in(
        &mut self,
        mut path: String,
        username: &str,
        password: &str,
    ) -> anyhow::Result<Option<(u16, Option<String>, String)>> {
        let mut page = None;
        for _ in 0..8 {
            let (status, location, text) = self.go("GET", &path, None).await?;
            match (status, location) {
                (200, _) => {
                    page = Some(text);
                    break;
                }
                (302 | 303, Some(to)) => {
                    path = self.path(&to).with_context(|| format!("sent to {to}"))?
                }
                (429 | 503, _) => return Ok(None),
                _ => bail!("status {status} on the way to the login page"),
            }
        }
        let page = page.context("no login page")?;
        let form = page
            .split("<form")
            .find(|form| form.contains("id=\"login-form\""))
            .context("no #login-form")?;
        let form = form.split("</form").next().unwrap_or_default();
        let action = form
            .split('>')
            .next()
            .and_then(|tag| attribute(tag, "action"));
        let mut to = action.filter(|a| !a.is_empty()).unwrap_or(path);
        let mut body = format!(
            "username={}&password={}",
            encode(username),
            encode(password)
        );
        for input in form.split("<input").skip(1) {
            let tag = input.split('>').next().unwrap_or_default();
            if attribute(tag, "type").as_deref() == Some("hidden") {
                let name = attribute(tag, "name").context("a hidden input without a name")?;
                let value = attribute(tag, "value").unwrap_or_default();
                body.push_str(&format!("&{}={}", encode(&name), encode(&value)));
            }
        }
        to = self
            .path(&to)
            .with_context(|| format!("the form goes to {to}"))?;
        Ok(Some(self.go("POST", &to, Some(&body)).await?))
    }

    /// An application's request while signed in: straight back with a code.
    pub(super) async fn single_sign_on(&mut self) -> anyhow::Result<(String, String)> {
        let state = self.state();
        let (path, verifier) = oauth::authorize(self.realm, self.client.0, &state);
        let (status, location, _) = self.go("GET", &path, None).await?;
        ensure!(
            matches!(status, 302 | 303),
            "status {status} instead of a redirect"
        );
        Ok((
            oauth::code_in(&location.context("no location")?, &state)?,
            verifier,
        ))
    }

    /// Exchanges a code as the application does, over the same connection.
    pub(super) async fn exchange(
        &mut self,
        code: &str,
        verifier: &str,
    ) -> anyhow::Result<oauth::Tokens> {
        let question = oauth::exchange(&self.host, self.realm, self.client, code, verifier);
        oauth::tokens(&self.conn.call(&question).await?)
    }
}

/// What a page that did not let anybody in says about it.
fn said(text: &str) -> String {
    let alert = text.split("role=\"alert\"").nth(1);
    let said = alert.and_then(|rest| rest.split(['>', '<']).nth(1));
    said.unwrap_or_default().trim().to_owned()
}

fn keep(cookies: &mut Vec<(String, String)>, answer: &Answer<'_>) {
    for line in answer.headers("set-cookie") {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            continue;
        };
        let gone = value.is_empty() || parts.any(|p| p.eq_ignore_ascii_case("max-age=0"));
        cookies.retain(|(known, _)| known != name);
        if !gone {
            cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// The value of an attribute, its entities read.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag
        .split(&format!(" {name}=\""))
        .nth(1)?
        .split('"')
        .next()?;
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = entity.split_once(';')?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let digits = entity.strip_prefix('#')?;
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => digits.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
