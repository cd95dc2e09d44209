//! The protocol endpoints as an application sees them: requests through the whole router, over a store in memory.

mod authentication;
mod check_session;
mod code;
mod credentials;
mod cross;
mod documents;
mod global_revocation;
mod gone;
mod introspection;
mod refresh;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use tower::ServiceExt as _;
use url::form_urlencoded;

use crate::crypto;
use crate::domain::client::{self, AuthMethod, Client, ClientSettings};
use crate::domain::denial;
use crate::domain::grant::Grant;
use crate::domain::grant::code::{Issue, issue};
use crate::domain::id::Sid;
use crate::domain::realm::Realm;
use crate::domain::signout::{self, Reason, Request as SignOut, Selection};
use crate::domain::time::ManualClock;
use crate::domain::user::{User, UserSettings, verbs};
use crate::domain::{Actor, ActorKind, Context, testing};
use crate::http::state::{App, Web};

const CALLBACK: &str = "https://app.example/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const SECRET: &str = "a:secret%with+everything é";

/// A server with a realm, a user and clients of each kind.
struct Bench {
    ctx: Arc<Context>,
    clock: Arc<ManualClock>,
    realm: Arc<Realm>,
    user: User,
    router: Router,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    json: Value,
}

impl Answer {
    fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or("none")
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn token(&self, name: &str) -> String {
        self.json[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {}", self.text))
            .to_owned()
    }
}

/// Clients: `web` (Basic), `api` (Basic, nothing granted), `spa` (public), `robot` (acts for itself).
fn clients() -> Vec<ClientSettings> {
    let secret = Some(SECRET.to_owned());
    let web = ClientSettings {
        client_secret: secret.clone(),
        redirect_uris: vec![CALLBACK.to_owned()],
        scope: "openid profile email offline_access".to_owned(),
        resources: vec![
            "https://api.example/".to_owned(),
            "https://more.example/".to_owned(),
        ],
        ..ClientSettings::default()
    };
    vec![
        ClientSettings {
            client_id: "web".to_owned(),
            ..web.clone()
        },
        ClientSettings {
            client_id: "api".to_owned(),
            redirect_uris: Vec::new(),
            resources: vec!["https://api.example/".to_owned()],
            ..web.clone()
        },
        ClientSettings {
            client_id: "spa".to_owned(),
            client_secret: None,
            token_endpoint_auth_method: AuthMethod::None,
            redirect_uris: vec!["https://spa.example/cb".to_owned()],
            ..web.clone()
        },
        ClientSettings {
            client_id: "robot".to_owned(),
            grant_types: vec!["client_credentials".to_owned()],
            scope: "openid offline_access read write".to_owned(),
            redirect_uris: Vec::new(),
            ..web
        },
    ]
}

async fn bench() -> Bench {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let settings = UserSettings {
        username: "alice".to_owned(),
        claims: serde_json::from_str(r#"{"name":"Alice Adams","email":"alice@example.com"}"#)
            .unwrap(),
        ..UserSettings::default()
    };
    let user = verbs::create(&ctx, &realm, &Actor::system("test"), settings)
        .await
        .unwrap();
    for settings in clients() {
        add(&ctx, &realm, settings).await;
    }
    let app = App {
        ctx: ctx.clone(),
        web: Arc::new(Web::default()),
    };
    let router = crate::http::router(app);
    Bench {
        ctx,
        clock,
        realm,
        user,
        router,
    }
}

async fn add(ctx: &Context, realm: &Realm, settings: ClientSettings) -> Arc<Client> {
    client::verbs::create(ctx, realm, &Actor::system("test"), settings)
        .await
        .unwrap()
        .client
}

fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", encode(id), encode(secret)))
    )
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

impl Bench {
    async fn send(&self, request: Request) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            status: parts.status,
            headers: parts.headers,
            text,
            json,
        }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// POSTs a form to an endpoint of the realm `demo`.
    async fn post(
        &self,
        endpoint: &str,
        headers: &[(&str, &str)],
        pairs: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::post(format!("/realms/demo/protocol/openid-connect/{endpoint}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(form(pairs).into()).unwrap()).await
    }

    /// POSTs a form as a client that authenticates by Basic.
    async fn as_client(&self, id: &str, endpoint: &str, pairs: &[(&str, &str)]) -> Answer {
        self.post(endpoint, &[("authorization", &basic(id, SECRET))], pairs)
            .await
    }

    async fn client(&self, id: &str) -> Arc<Client> {
        client::find(&self.ctx, &self.realm, id)
            .await
            .unwrap()
            .unwrap()
    }

    async fn sign_in(&self) -> Sid {
        testing::session(&self.ctx, &self.realm, self.user.id).await
    }

    async fn grant(&self, client: &str, sid: Sid, scope: &str) -> Grant {
        let client = self.client(client).await;
        let active = denial::session(&self.ctx, &self.realm, sid)
            .await
            .unwrap()
            .unwrap();
        Grant {
            client: client.id,
            client_id: client.client_id().to_owned(),
            client_name: client.name().to_owned(),
            user: self.user.id,
            username: self.user.username.clone(),
            sid,
            session_started_at: active.session.started_at,
            scope: scope.to_owned(),
            resources: Vec::new(),
            auth_time: active.session.auth_time,
            amr: active.session.amr,
            acr: "1".to_owned(),
            nonce: Some("n-0S6".to_owned()),
            claims: None,
        }
    }

    /// A code as the authorization endpoint would send it, for the verifier of these tests.
    async fn code_for(&self, grant: Grant) -> String {
        let redirect_uri = CALLBACK.to_owned();
        let code_challenge = Some(crypto::b64(&crypto::sha256(VERIFIER.as_bytes())));
        issue(
            &self.ctx,
            &self.realm,
            Issue {
                grant,
                redirect_uri,
                code_challenge,
            },
        )
        .await
        .unwrap()
    }

    async fn code(&self, sid: Sid, scope: &str) -> String {
        self.code_for(self.grant("web", sid, scope).await).await
    }

    async fn exchange(&self, code: &str) -> Answer {
        self.as_client("web", "token", &exchange(code)).await
    }

    /// The tokens of `web` after a code flow.
    async fn tokens(&self, sid: Sid, scope: &str) -> Answer {
        let code = self.code(sid, scope).await;
        let answer = self.exchange(&code).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    async fn refresh(&self, token: &str) -> Answer {
        self.as_client(
            "web",
            "token",
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
        .await
    }

    /// What `caller` is told about a token.
    async fn introspect(&self, caller: &str, token: &str) -> Answer {
        let answer = self
            .as_client(caller, "token/introspect", &[("token", token)])
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    async fn is_active(&self, caller: &str, token: &str) -> bool {
        let answer = self.introspect(caller, token).await;
        let active = answer.json["active"].as_bool().unwrap();
        assert!(
            active || answer.text == r#"{"active":false}"#,
            "{}",
            answer.text
        );
        active
    }

    async fn userinfo(&self, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.get(
            "/realms/demo/protocol/openid-connect/userinfo",
            &[("authorization", &bearer)],
        )
        .await
    }

    /// What an administrator's "Invalidate selected" does.
    async fn invalidate(&self, sid: Sid) {
        let actor = Actor {
            kind: ActorKind::User,
            ..Actor::system("admin")
        };
        let select = Selection::Sessions(vec![sid.to_string()]);
        let request = SignOut::new(select, Reason::Admin, actor);
        signout::end(&self.ctx, &self.realm, &request)
            .await
            .unwrap();
    }
}

fn exchange(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// What a JWT says, unverified.
fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1).unwrap())
        .unwrap();
    serde_json::from_slice(&payload).unwrap()
}
