//! The console over its routes, with browsers that keep cookies. Browsers are signed in by a handle put into their state;
//! `signing_in` goes the whole way.

mod acts;
mod also;
mod apps;
mod everyone;
mod gate;
mod import;
mod lists;
mod look;
mod notices;
mod overview;
mod people;
mod receipts;
mod registry;
mod reply;
mod selecting;
mod signing_in;
mod watching;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::routing::get;
use http_body_util::BodyExt;
use tower::ServiceExt;
use url::form_urlencoded;

use super::visitor::{HANDLE, Handle};
use crate::domain::client::{self, Client, ClientSettings};
use crate::domain::grant::{Grant, code};
use crate::domain::id::Sid;
use crate::domain::realm::Realm;
use crate::domain::session::{self, Session, Start};
use crate::domain::time::{ManualClock, Timestamp};
use crate::domain::user::{self, User, UserSettings};
use crate::domain::{Actor, Context, testing};
use crate::http::browser::{self, BrowserState};
use crate::http::guard;
use crate::http::signin;
use crate::http::state::{App, Web};

/// A server with one realm, `demo`.
pub(super) struct Site {
    pub(super) ctx: Arc<Context>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) realm: Arc<Realm>,
    pub(super) router: Router,
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// A browser.
#[derive(Clone)]
pub(super) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
}

pub(super) async fn site() -> Site {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let app = App {
        ctx: ctx.clone(),
        web: Arc::new(Web::default()),
    };
    let handle = async |Path((realm, sid)): Path<(String, Sid)>, state: BrowserState| {
        let handle = Handle {
            realm,
            sid,
            at: Timestamp(0),
        };
        state.set(HANDLE, &handle).await.unwrap();
    };
    let routes = super::routes().route("/test/{realm}/{sid}", get(handle));
    let routes = routes.merge(signin::routes());
    let router = guard::around(browser::attach(routes, &app), app);
    Site {
        ctx,
        clock,
        realm,
        router,
    }
}

impl Site {
    /// Somebody of a realm, with roles.
    pub(super) async fn user(&self, realm: &Realm, username: &str, roles: &[&str]) -> User {
        let settings = UserSettings {
            username: username.to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            ..UserSettings::default()
        };
        user::verbs::create(&self.ctx, realm, &Actor::system("test"), settings)
            .await
            .unwrap()
    }

    /// A session of somebody, from an address.
    pub(super) async fn session(&self, realm: &Realm, user: &User, ip: &str) -> Session {
        let user = user::by_id(&self.ctx, realm, user.id)
            .await
            .unwrap()
            .unwrap();
        let start = Start {
            user: &user,
            amr: vec!["pwd".to_owned()],
            remember_me: false,
            ip,
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        };
        session::start(&self.ctx, realm, start, session::Terms::default())
            .await
            .unwrap()
            .unwrap()
            .session
    }

    /// A new user `username` with one session.
    pub(super) async fn signed_in(&self, username: &str) -> Session {
        let user = self.user(&self.realm, username, &[]).await;
        self.session(&self.realm, &user, "198.51.100.7").await
    }

    /// A browser without anything.
    pub(super) fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// A browser signed in to the console of a realm, and the session behind it.
    pub(super) async fn console(
        &self,
        realm: &Realm,
        username: &str,
        roles: &[&str],
    ) -> (Browser, Session) {
        let user = self.user(realm, username, roles).await;
        let session = self.session(realm, &user, "192.0.2.1").await;
        let mut browser = self.browser();
        let reply = browser
            .get(&format!("/test/{}/{}", realm.name, session.sid))
            .await;
        assert_eq!(reply.status, StatusCode::OK);
        (browser, session)
    }

    /// An administrator of `demo` at the console.
    pub(super) async fn admin(&self) -> (Browser, Session) {
        self.console(&self.realm.clone(), "amira", &["realm-admin"])
            .await
    }

    /// An app of `demo`, told or not.
    pub(super) async fn app(&self, client_id: &str, told: bool) -> Arc<Client> {
        let settings = ClientSettings {
            client_id: client_id.to_owned(),
            client_name: Some(format!("The {client_id}")),
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            require_pkce: false,
            backchannel_logout_uri: told.then(|| "https://app.example/logout".to_owned()),
            ..ClientSettings::default()
        };
        client::verbs::create(&self.ctx, &self.realm, &Actor::system("test"), settings)
            .await
            .unwrap()
            .client
    }

    /// Lets an app take part in a session.
    pub(super) async fn joins(&self, client: &Client, session: &Session) {
        let issue = code::Issue {
            grant: self.grant(client, session, None),
            redirect_uri: "https://app.example/cb".to_owned(),
            code_challenge: None,
        };
        let code = code::issue(&self.ctx, &self.realm, issue).await.unwrap();
        let redeem = code::Redeem {
            code: &code,
            redirect_uri: None,
            code_verifier: None,
            resources: &[],
        };
        code::redeem(&self.ctx, &self.realm, client, redeem)
            .await
            .unwrap()
            .unwrap();
    }

    pub(super) fn grant(&self, client: &Client, session: &Session, nonce: Option<String>) -> Grant {
        Grant {
            nonce,
            ..Grant::given(client, session, "openid".to_owned(), "1")
        }
    }

    /// Whether the judge lets a session of `demo` go on.
    pub(super) async fn is_good(&self, session: &Session) -> bool {
        crate::domain::denial::session(&self.ctx, &self.realm, session.sid)
            .await
            .unwrap()
            .is_ok()
    }
}

impl Browser {
    pub(super) async fn get(&mut self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(super) async fn part(&mut self, path: &str, part: &str) -> Reply {
        self.send(
            Request::get(path)
                .header("x-fragment", part)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    /// Posts a form as it stands, token and all.
    pub(super) async fn post_raw(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Posts a form with this browser's token.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.csrf().await;
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_raw(
            path,
            &all,
            &[
                ("origin", "http://localhost:8080"),
                ("sec-fetch-site", "same-origin"),
            ],
        )
        .await
    }

    /// Posts a form in parts with this browser's token, unless the fields have one: fields, and one file.
    pub(super) async fn post_file(
        &mut self,
        path: &str,
        fields: &[(String, String)],
        (name, file): (&str, &[u8]),
    ) -> Reply {
        let mut fields = fields.to_vec();
        if !fields.iter().any(|(name, _)| name == "csrf") {
            fields.push(("csrf".to_owned(), self.csrf().await));
        }
        let mut body = Vec::new();
        for (name, value) in &fields {
            let part = format!(
                "--x7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend(part.into_bytes());
        }
        let part = format!(
            "--x7\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"logo\"\r\n\r\n"
        );
        body.extend(part.into_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--x7--\r\n");
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x7")
            .header("origin", "http://localhost:8080")
            .header("sec-fetch-site", "same-origin");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub(super) async fn csrf(&mut self) -> String {
        let page = self.get("/admin/demo/sessions").await;
        page.fields("csrf").pop().unwrap()
    }

    /// The first line of an answer that goes on.
    pub(super) async fn first_line(&mut self, path: &str) -> String {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        request
            .headers_mut()
            .insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let mut body = response.into_body();
        let mut text = String::new();
        while !text.contains('\n') {
            let frame = body.frame().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        text.lines().next().unwrap_or_default().to_owned()
    }

    async fn send(&mut self, mut request: Request<Body>) -> Reply {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request
                .headers_mut()
                .insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        for line in response.headers().get_all(header::SET_COOKIE) {
            let (pair, rest) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}
