//! The sign-in pages as a browser meets them, without a socket: a router, a cookie jar, and a clock that tests move.

mod consent;
mod errors;
mod journey;
mod logout;
mod look;
mod parting;
mod password;
mod prompts;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use url::Url;

use crate::domain::client::{self, AuthMethod, Client, ClientSettings, ConsentRule};
use crate::domain::denial;
use crate::domain::grant::TokenFamily;
use crate::domain::grant::begin::Lapsed;
use crate::domain::grant::code::{self, Redeem, RedeemError};
use crate::domain::id::Sid;
use crate::domain::realm::apply::apply;
use crate::domain::realm::{self, Realm, RealmSettings};
use crate::domain::session::{self, Session};
use crate::domain::signout::{self, Reason, Selection, SignOut};
use crate::domain::time::ManualClock;
use crate::domain::token::issue::{self, Minted, Scoped};
use crate::domain::user::{self, UserSettings};
use crate::domain::{Actor, ActorKind, Context, testing};
use crate::http::browser;
use crate::http::rendered::{attribute, tags};
use crate::http::state::{App, Web};

pub(in crate::http) const CALLBACK: &str = "http://127.0.0.1:9090/callback";
pub(in crate::http) const ISSUER: &str = "http://localhost:8080/realms/demo";
// RFC 7636 appendix B.
pub(in crate::http) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(in crate::http) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server with a realm, three apps and two people.
pub(in crate::http) struct World {
    pub ctx: Arc<Context>,
    pub clock: Arc<ManualClock>,
    pub realm: Arc<Realm>,
    router: Router,
}

impl World {
    pub async fn new() -> World {
        World::with(RealmSettings::default(), Web::default()).await
    }

    pub async fn with(settings: RealmSettings, web: Web) -> World {
        let (ctx, clock) = testing::context();
        let app = |client_id: &str, consent| ClientSettings {
            client_id: client_id.to_owned(),
            client_name: Some(format!("The {client_id} app")),
            client_secret: Some(format!("{client_id}-secret-that-is-long-enough-to-keep")),
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_redirect_uris: vec!["http://127.0.0.1:9090/bye?x=1".to_owned()],
            backchannel_logout_uri: Some("http://127.0.0.1:9090/backchannel-logout".to_owned()),
            scope: "openid profile email offline_access".to_owned(),
            resources: vec!["https://api.example".to_owned()],
            token_endpoint_auth_method: AuthMethod::ClientSecretPost,
            consent,
            ..ClientSettings::default()
        };
        let clients = vec![
            app("web", ConsentRule::Never),
            app("ask", ConsentRule::Once),
            app("wiki", ConsentRule::Never),
        ];
        let person = |name: &str| UserSettings {
            username: name.to_owned(),
            password: Some(format!("{name}-password")),
            ..UserSettings::default()
        };
        apply(
            &ctx,
            "demo",
            settings,
            clients,
            vec![person("alice"), person("bob")],
        )
        .await
        .unwrap();
        let realm = realm::find(&ctx, "demo").await.unwrap().unwrap();
        let state = App {
            ctx: ctx.clone(),
            web: Arc::new(web),
        };
        let router = browser::attach(super::routes(), &state).with_state(state);
        World {
            ctx,
            clock,
            realm,
            router,
        }
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            world: self,
            jar: BTreeMap::new(),
            headers: HeaderMap::new(),
            ip: "192.0.2.1",
        }
    }

    /// A browser in which somebody signed in to the app "web".
    pub async fn signed_in(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let page = browser.sign_in(&auth("web", ""), name).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        browser
    }

    pub async fn client(&self, client_id: &str) -> Arc<Client> {
        client::find(&self.ctx, &self.realm, client_id)
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn user_id(&self, name: &str) -> String {
        user::find(&self.ctx, &self.realm, name)
            .await
            .unwrap()
            .unwrap()
            .value
            .id
            .to_string()
    }

    pub async fn redeem(&self, client_id: &str, code: &str) -> Result<TokenFamily, RedeemError> {
        let client = self.client(client_id).await;
        let redeem = Redeem {
            code,
            redirect_uri: Some(CALLBACK),
            code_verifier: Some(VERIFIER),
            resources: &[],
        };
        code::redeem(&self.ctx, &self.realm, &client, redeem)
            .await
            .unwrap()
    }

    pub async fn tokens(&self, client_id: &str, code: &str) -> (TokenFamily, Minted) {
        let family = self.redeem(client_id, code).await.unwrap();
        let client = self.client(client_id).await;
        let scoped = Scoped {
            scope: family.grant.scope.clone(),
            audience: vec![client_id.to_owned()],
        };
        let minted = issue::for_family(&self.ctx, &self.realm, &client, &family, scoped)
            .await
            .unwrap();
        (family, minted)
    }

    pub async fn session(&self, sid: &str) -> Session {
        session::find(&self.ctx, &self.realm, sid.parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .value
    }

    pub async fn is_good(&self, sid: &str) -> bool {
        let sid: Sid = sid.parse().unwrap();
        denial::session(&self.ctx, &self.realm, sid)
            .await
            .unwrap()
            .is_ok()
    }

    /// An administrator ends these sessions.
    pub async fn cut(&self, select: Selection, message: Option<&str>) -> SignOut {
        let actor = Actor {
            kind: ActorKind::Admin,
            ..Actor::system("test")
        };
        let mut request = signout::Request::new(select, Reason::Admin, actor);
        request.message = message.map(str::to_owned);
        signout::end(&self.ctx, &self.realm, &request)
            .await
            .unwrap()
    }
}

/// The address of an authorization request; `more` is appended.
pub(in crate::http) fn auth(client_id: &str, more: &str) -> String {
    format!(
        "/realms/demo/protocol/openid-connect/auth?client_id={client_id}&response_type=code&scope=openid+profile\
         &redirect_uri={CALLBACK}&state=s%26t&nonce=n-1&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

/// One browser: its cookies, and the headers it adds of itself.
#[derive(Clone)]
pub(in crate::http) struct Browser<'a> {
    world: &'a World,
    pub jar: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub ip: &'static str,
}

impl Browser<'_> {
    pub async fn get(&mut self, address: &str) -> Page {
        self.send(Method::GET, address, String::new()).await
    }

    pub async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(Method::POST, address, body).await
    }

    async fn send(&mut self, method: Method, address: &str, body: String) -> Page {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !self.jar.is_empty() {
            let line: Vec<String> = self
                .jar
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, line.join("; "));
        }
        let from: SocketAddr = format!("{}:4711", self.ip).parse().unwrap();
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(ConnectInfo(from))
            .body(Body::from(body))
            .unwrap();
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let html = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let (pair, rest) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Page {
            status: parts.status,
            headers: parts.headers,
            html,
        }
    }

    /// Goes on as long as the server sends on to itself.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..5 {
            match page.location() {
                Some(next) if next.starts_with('/') => page = self.get(&next).await,
                _ => break,
            }
        }
        page
    }

    /// Fills in the login form.
    pub async fn fill(&mut self, form: &Page, name: &str, password: &str) -> Page {
        let (csrf, interaction) = (form.field("csrf"), form.field("interaction"));
        let fields = [
            ("csrf", &*csrf),
            ("interaction", &*interaction),
            ("username", name),
            ("password", password),
        ];
        self.post("/realms/demo/login", &fields).await
    }

    /// From an app's request through the login form; the answer to the form.
    pub async fn sign_in(&mut self, address: &str, name: &str) -> Page {
        let page = self.get(address).await;
        let form = self.follow(page).await;
        assert!(form.has("login-form"), "{} {}", form.status, form.html);
        self.fill(&form, name, &format!("{name}-password")).await
    }

    /// The `sid` of the session whose cookie it holds.
    pub fn sid(&self) -> String {
        let cookie = self
            .jar
            .iter()
            .find(|(name, _)| name.ends_with("rk_demo"))
            .unwrap()
            .1;
        session::cookie::read(cookie).unwrap().sid.to_string()
    }
}

/// An answer.
#[derive(Debug)]
pub(in crate::http) struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

impl Page {
    pub fn location(&self) -> Option<String> {
        self.headers
            .get(header::LOCATION)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    /// The parameters sent to the app.
    pub fn sent(&self) -> BTreeMap<String, String> {
        let location = self
            .location()
            .unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.html));
        assert!(location.starts_with(CALLBACK), "{location}");
        Url::parse(&location)
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect()
    }

    pub fn has(&self, id: &str) -> bool {
        self.html.contains(&format!("id=\"{id}\""))
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let tag = tags(&self.html).find(|tag| attribute(tag, "name") == Some(name));
        tag.and_then(|tag| attribute(tag, "value"))
            .unwrap_or_else(|| panic!("no {name} in {}", self.html))
            .to_owned()
    }

    pub fn set_cookie(&self, name: &str) -> Option<String> {
        let lines = self
            .headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|line| line.to_str().unwrap());
        lines
            .map(str::to_owned)
            .find(|line| line.starts_with(&format!("{name}=")))
    }

    /// That it is an error page with this code, and sends nobody anywhere.
    #[track_caller]
    pub fn assert_error(&self, status: StatusCode, code: &str) {
        assert_eq!(self.status, status, "{}", self.html);
        assert!(
            self.html.contains(&format!("id=\"error-code\">{code}<")),
            "{}",
            self.html
        );
        assert!(self.has("error-description") && self.has("error-id") && self.location().is_none());
    }
}
