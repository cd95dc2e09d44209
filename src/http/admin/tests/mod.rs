//! The admin API from outside: requests into the router over a store in memory, with tokens from the mint.

mod directory;
mod imports;
mod keycloak;
mod lists;
mod privileges;
mod requests;
mod rights;
mod signouts;
mod tenants;
mod watching;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::domain::client::{self, Client, ClientSettings};
use crate::domain::grant::{Grant, code};
use crate::domain::id::{Sid, UserId};
use crate::domain::realm::Realm;
use crate::domain::session::{self, Start};
use crate::domain::time::{ManualClock, Span};
use crate::domain::token::{issue, resources, userinfo};
use crate::domain::user::{self, User, UserSettings};
use crate::domain::{Actor, Context, denial, testing};
use crate::http::state::{App, Web};

/// A server with three realms: `master`, `demo` and `other`.
pub(super) struct House {
    pub(super) ctx: Arc<Context>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) master: Arc<Realm>,
    pub(super) demo: Arc<Realm>,
    pub(super) other: Arc<Realm>,
    router: Router,
}

/// An answer, read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) json: Value,
}

impl Answer {
    /// The last part of the problem's type.
    pub(super) fn kind(&self) -> &str {
        self.json["type"]
            .as_str()
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn is(self, status: u16) -> Answer {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

/// Somebody signed in, with a token for the admin API.
pub(super) struct SignedIn {
    pub(super) user: UserId,
    pub(super) sid: Sid,
    pub(super) token: String,
}

pub(super) async fn house() -> House {
    let (ctx, clock) = testing::context();
    let master = testing::realm(&ctx, "master").await;
    let demo = testing::realm(&ctx, "demo").await;
    let other = testing::realm(&ctx, "other").await;
    let house = House {
        router: super::routes().with_state(App {
            ctx: ctx.clone(),
            web: Arc::new(Web::default()),
        }),
        ctx,
        clock,
        master,
        demo,
        other,
    };
    for realm in [&house.master, &house.demo, &house.other] {
        house.client(realm, "console", &[]).await;
    }
    house
}

impl House {
    /// A client that may be handed tokens for the admin API.
    pub(super) async fn client(
        &self,
        realm: &Realm,
        client_id: &str,
        roles: &[&str],
    ) -> Arc<Client> {
        let settings = ClientSettings {
            client_id: client_id.to_owned(),
            client_secret: Some("a-secret-of-the-app-that-is-long".to_owned()),
            scope: "openid offline_access".to_owned(),
            resources: vec![resources::admin_audience(&self.ctx)],
            grant_types: ["authorization_code", "refresh_token", "client_credentials"]
                .map(str::to_owned)
                .to_vec(),
            service_account_roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            require_pkce: false,
            ..ClientSettings::default()
        };
        client::verbs::create(&self.ctx, realm, &Actor::system("test"), settings)
            .await
            .unwrap()
            .client
    }

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

    /// A session with nothing on it, a moment after everything before.
    pub(super) async fn session(&self, realm: &Realm, user: UserId, ip: &str) -> Sid {
        self.clock.advance(Span(2));
        let found = user::by_id(&self.ctx, realm, user).await.unwrap().unwrap();
        let start = Start {
            user: &found,
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
            .sid
    }

    /// Signs a user in through `client_id`.
    pub(super) async fn sign_in(
        &self,
        realm: &Realm,
        user: UserId,
        client_id: &str,
        scope: &str,
    ) -> SignedIn {
        let sid = self.session(realm, user, "192.0.2.1").await;
        let client = client::find(&self.ctx, realm, client_id)
            .await
            .unwrap()
            .unwrap();
        let session = session::find(&self.ctx, realm, sid)
            .await
            .unwrap()
            .unwrap()
            .value;
        let audience = resources::admin_audience(&self.ctx);
        let grant = Grant {
            client: client.id,
            client_id: client_id.to_owned(),
            client_name: client.name().to_owned(),
            user,
            username: session.username,
            sid,
            session_started_at: session.started_at,
            scope: scope.to_owned(),
            resources: vec![audience.clone()],
            auth_time: session.auth_time,
            amr: session.amr,
            acr: "1".to_owned(),
            nonce: None,
            claims: None,
        };
        let issue = code::Issue {
            grant,
            redirect_uri: "https://app.example/".to_owned(),
            code_challenge: None,
        };
        let text = code::issue(&self.ctx, realm, issue).await.unwrap();
        let redeem = code::Redeem {
            code: &text,
            redirect_uri: None,
            code_verifier: None,
            resources: &[],
        };
        let family = code::redeem(&self.ctx, realm, &client, redeem)
            .await
            .unwrap()
            .unwrap();
        let scoped = issue::Scoped {
            scope: scope.to_owned(),
            audience: vec![audience],
        };
        let minted = issue::for_family(&self.ctx, realm, &client, &family, scoped)
            .await
            .unwrap();
        SignedIn {
            user,
            sid,
            token: minted.access_token,
        }
    }

    /// Somebody new with these roles, signed in.
    pub(super) async fn somebody(&self, realm: &Realm, username: &str, roles: &[&str]) -> SignedIn {
        let user = self.user(realm, username, roles).await;
        self.sign_in(realm, user.id, "console", "openid").await
    }

    /// The token of a client acting for itself.
    pub(super) async fn service(&self, realm: &Realm, client_id: &str) -> String {
        let client = client::find(&self.ctx, realm, client_id)
            .await
            .unwrap()
            .unwrap();
        let audience = resources::for_client(&self.ctx, &client, &[]).unwrap();
        let scoped = issue::Scoped {
            scope: String::new(),
            audience,
        };
        issue::for_client(&self.ctx, realm, &client, scoped)
            .await
            .unwrap()
            .access_token
    }

    pub(super) async fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        self.send(method, path, token, body, &[]).await
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            status: parts.status,
            headers: parts.headers,
            text,
            json,
        }
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Answer {
        self.call("GET", path, token, "").await
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call("POST", path, token, &body.to_string()).await
    }

    pub(super) async fn alive(&self, realm: &Realm, sid: Sid) -> bool {
        denial::session(&self.ctx, realm, sid)
            .await
            .unwrap()
            .is_ok()
    }

    pub(super) async fn good(&self, realm: &Realm, token: &str) -> bool {
        userinfo::good(&self.ctx, realm, token)
            .await
            .unwrap()
            .is_ok()
    }
}

#[tokio::test]
async fn an_address_method_or_body_that_is_not_taken_is_refused_as_a_problem() {
    let house = house().await;
    let admin = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    assert_eq!(
        house
            .get("/admin/realms/demo/nonsense", &admin.token)
            .await
            .is(404)
            .kind(),
        "not-found"
    );
    let wrong = house
        .call("PATCH", "/admin/realms/demo/sessions", &admin.token, "")
        .await
        .is(405);
    assert_eq!(wrong.kind(), "method-not-allowed");
    assert!(wrong.header("allow").contains("GET"), "{:?}", wrong.headers);
    let broken = house
        .call(
            "POST",
            "/admin/realms/demo/signouts",
            &admin.token,
            "{\"select\":\n  nope}",
        )
        .await
        .is(400);
    assert!(
        broken.json["detail"]
            .as_str()
            .unwrap()
            .contains("line 2 column"),
        "{}",
        broken.text
    );
    let large = format!("{{\"note\": \"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(
        house
            .call("POST", "/admin/realms/demo/signouts", &admin.token, &large)
            .await
            .is(413)
            .kind(),
        "too-large"
    );
    let unknown = house
        .get("/admin/realms/demo/users?usrname=ann", &admin.token)
        .await
        .is(400);
    assert!(
        unknown.json["detail"]
            .as_str()
            .unwrap()
            .contains("did you mean \"username\"?"),
        "{}",
        unknown.text
    );
    assert_eq!(
        house.get("/admin/openapi.json", "").await.is(200).json["openapi"],
        json!("3.1.0")
    );
}
