//! A browser with cookies of its own, that follows the provider's redirects until it would leave for an app.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE, USER_AGENT};
use url::Url;

use super::html::{Form, Html};

/// A desktop browser's own words.
pub const LAPTOP: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
/// A phone's.
pub const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

#[derive(Clone, Debug)]
struct Cookie {
    origin: String,
    path: String,
    name: String,
    value: String,
}

/// One person's browser.
pub struct Browser {
    http: reqwest::Client,
    user_agent: &'static str,
    cookies: Mutex<Vec<Cookie>>,
    /// Whether no answer is an answer: a page of status 0.
    fragile: bool,
}

/// What an address answered.
#[derive(Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The address that answered.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Page {
    /// The page's elements.
    pub fn html(&self) -> Html {
        Html::read(&self.body)
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<Url> {
        let text = self.headers.get(LOCATION)?.to_str().ok()?;
        self.url.join(text).ok()
    }

    /// A parameter of the address a redirect leads to.
    pub fn answered(&self, name: &str) -> Option<String> {
        parameter(&self.location()?, name)
    }

    /// Whether this is the login page.
    pub fn is_login(&self) -> bool {
        self.html().has("login-form")
    }

    /// The form with this id.
    pub fn form(&self, id: &str) -> Form {
        self.html()
            .form(id)
            .unwrap_or_else(|| panic!("{self} has no form #{id}"))
    }

    /// The text of the element with this id.
    pub fn text(&self, id: &str) -> String {
        self.html()
            .by_id(id)
            .unwrap_or_else(|| panic!("{self} has no element #{id}"))
            .text
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let location = self
            .location()
            .map(|l| format!(" to {l}"))
            .unwrap_or_default();
        let text: String = self.body.chars().take(1500).collect();
        write!(
            f,
            "the answer of {} ({}{location}): {text}",
            self.url, self.status
        )
    }
}

/// A parameter of an address, in its query or, as some response types ask, its fragment.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    let fragment = url::form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes());
    url.query_pairs()
        .chain(fragment)
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.into_owned())
}

/// `scheme://host:port` of an address.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A client for tests: no redirects, no proxy, no connection kept over a restart.
pub fn client() -> reqwest::Client {
    client_at(None)
}

/// The same, from an address of its own: every 127.x.y.z is this machine.
fn client_at(ip: Option<[u8; 4]>) -> reqwest::Client {
    super::install();
    reqwest::Client::builder()
        .local_address(ip.map(std::net::IpAddr::from))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .pool_max_idle_per_host(0)
        .build()
        .expect("an http client")
}

impl Default for Browser {
    fn default() -> Self {
        Browser::new(LAPTOP)
    }
}

impl Browser {
    /// A fresh browser that calls itself so.
    pub fn new(user_agent: &'static str) -> Browser {
        Browser {
            http: client(),
            user_agent,
            cookies: Mutex::default(),
            fragile: false,
        }
    }

    /// A fresh browser for a server that may die: no answer shows as a page of status 0.
    pub fn fragile() -> Browser {
        Browser {
            fragile: true,
            ..Browser::default()
        }
    }

    /// A browser with a copy of this one's cookies, at another address.
    pub fn copy_at(&self, ip: [u8; 4]) -> Browser {
        Browser {
            http: client_at(Some(ip)),
            ..self.copy()
        }
    }

    /// A second browser with a copy of this one's cookies: a thief, or a backup that was restored.
    pub fn copy(&self) -> Browser {
        Browser {
            http: client(),
            user_agent: self.user_agent,
            cookies: Mutex::new(self.cookies.lock().unwrap().clone()),
            fragile: self.fragile,
        }
    }

    /// Every cookie's name and value.
    pub fn cookies(&self) -> Vec<(String, String)> {
        self.cookies
            .lock()
            .unwrap()
            .iter()
            .map(|c| (c.name.clone(), c.value.clone()))
            .collect()
    }

    /// Plants a cookie for the whole site.
    pub fn plant(&self, at: &str, name: &str, value: &str) {
        self.keep(&Url::parse(at).unwrap(), &format!("{name}={value}; Path=/"));
    }

    /// Asks for one address and follows nothing.
    pub async fn get(&self, url: &str) -> Page {
        let url = Url::parse(url).unwrap();
        self.send(self.http.get(url.clone()), url).await
    }

    /// Posts fields to one address, as a form on a page of the same site would, and follows nothing.
    pub async fn post(&self, url: &str, fields: &[(String, String)]) -> Page {
        let url = Url::parse(url).unwrap();
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .http
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("origin", origin(&url))
            .header("sec-fetch-site", "same-origin")
            .body(body);
        self.send(request, url).await
    }

    /// Opens an address and follows redirects within the site.
    pub async fn open(&self, url: &str) -> Page {
        let page = self.get(url).await;
        self.follow(page).await
    }

    /// Sends a form of a page and follows redirects within the site.
    pub async fn submit(&self, page: &Page, form: Form) -> Page {
        let target = page.url.join(&form.action).unwrap();
        let answer = if form.method == "post" {
            self.post(target.as_str(), &form.fields).await
        } else {
            let mut target = target;
            target.query_pairs_mut().clear().extend_pairs(&form.fields);
            self.get(target.as_str()).await
        };
        self.follow(answer).await
    }

    /// Follows redirects until a page, or until one leads to another site.
    pub async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..12 {
            let Some(next) = page
                .location()
                .filter(|_| (300..400).contains(&page.status))
            else {
                return page;
            };
            if origin(&next) != origin(&page.url) {
                return page;
            }
            page = self.get(next.as_str()).await;
        }
        panic!("redirects without end: {page}");
    }

    /// Gives a name and a password to a login page.
    pub async fn log_in(
        &self,
        page: &Page,
        username: &str,
        password: &str,
        remember: bool,
    ) -> Page {
        let mut form = page
            .form("login-form")
            .fill("username", username)
            .fill("password", password);
        if remember {
            form = form.press("remember-me");
        }
        self.submit(page, form).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, url: Url) -> Page {
        let mut request = request.header(USER_AGENT, self.user_agent);
        let cookies = self.cookies_for(&url);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(_) if self.fragile => {
                return Page {
                    status: 0,
                    url,
                    headers: HeaderMap::new(),
                    body: String::new(),
                };
            }
            Err(error) => panic!("{url}: {error:?}"),
        };
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for value in headers.get_all(SET_COOKIE) {
            self.keep(&url, value.to_str().unwrap());
        }
        let body = answer.text().await.unwrap_or_else(|e| {
            if self.fragile {
                String::new()
            } else {
                panic!("{url}: {e:?}")
            }
        });
        Page {
            status,
            url,
            headers,
            body,
        }
    }

    fn cookies_for(&self, url: &Url) -> String {
        let at = origin(url);
        let fits = |c: &&Cookie| {
            c.origin == at
                && (url.path() == c.path
                    || url
                        .path()
                        .starts_with(&format!("{}/", c.path.trim_end_matches('/'))))
        };
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<String> = cookies
            .iter()
            .filter(fits)
            .map(|c| format!("{}={}", c.name, c.value))
            .collect();
        pairs.join("; ")
    }

    fn keep(&self, url: &Url, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let mut cookie = Cookie {
            origin: origin(url),
            path: "/".to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let mut gone = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.to_lowercase().as_str() {
                "path" => cookie.path = value.to_owned(),
                "max-age" => gone = value.parse::<i64>().is_ok_and(|n| n <= 0),
                "expires" => gone |= value.contains("1970"),
                _ => {}
            }
        }
        let mut cookies = self.cookies.lock().unwrap();
        cookies.retain(|c| {
            (&c.origin, &c.path, &c.name) != (&cookie.origin, &cookie.path, &cookie.name)
        });
        if !gone {
            cookies.push(cookie);
        }
    }
}
