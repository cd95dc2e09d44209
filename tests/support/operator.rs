//! Whoever administers through the admin API: a service account, or a person with an app for it.

use reqwest::Method;
use serde_json::{Value, json};

use super::app::basic;
use super::browser::client;
use super::{Answer, App, Browser, Tokens};

/// An administrator of a realm.
pub struct Operator {
    url: String,
    realm: String,
    http: reqwest::Client,
    how: How,
}

enum How {
    /// Gets a new token for every call, so that a moved clock does not matter.
    Service {
        realm: String,
        client_id: String,
        secret: String,
    },
    Bearer(String),
}

impl Operator {
    /// A service account; administers its own realm until told otherwise.
    pub fn service(url: &str, realm: &str, client_id: &str, secret: &str) -> Operator {
        Operator {
            url: url.to_owned(),
            realm: realm.to_owned(),
            http: client(),
            how: How::Service {
                realm: realm.to_owned(),
                client_id: client_id.to_owned(),
                secret: secret.to_owned(),
            },
        }
    }

    /// Whoever holds this token.
    pub fn bearer(url: &str, realm: &str, token: &str) -> Operator {
        Operator {
            url: url.to_owned(),
            realm: realm.to_owned(),
            http: client(),
            how: How::Bearer(token.to_owned()),
        }
    }

    /// A person who signs in to the control panel; the tokens are the panel's.
    pub async fn person(url: &str, browser: &Browser, who: &str) -> (Operator, Tokens) {
        let panel = App::discover(url, "demo", "panel").await;
        let pending = panel.begin_with(&[], &[("resource", &format!("{url}/admin"))]);
        let page = browser.open(pending.url.as_str()).await;
        let page = if page.is_login() {
            browser
                .log_in(&page, who, &format!("{who}-password"), true)
                .await
        } else {
            page
        };
        let code = panel.code(&pending, &page);
        let tokens = panel.exchange(pending, code).await;
        (Operator::bearer(url, "demo", &tokens.access), tokens)
    }

    /// The same operator at work in another realm.
    pub fn at(mut self, realm: &str) -> Operator {
        realm.clone_into(&mut self.realm);
        self
    }

    /// The token of one call.
    pub async fn token(&self) -> String {
        match &self.how {
            How::Bearer(token) => token.clone(),
            How::Service {
                realm,
                client_id,
                secret,
            } => {
                let url = format!("{}/realms/{realm}/protocol/openid-connect/token", self.url);
                let request = self
                    .http
                    .post(url)
                    .header("authorization", basic(client_id, secret))
                    .form(&[("grant_type", "client_credentials")]);
                let answer = Answer::of(request).await.expect(200);
                answer.json()["access_token"]
                    .as_str()
                    .expect("an access token")
                    .to_owned()
            }
        }
    }

    /// One call below `/admin/realms/{realm}`.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("{}/admin/realms/{}{path}", self.url, self.realm);
        let mut request = self
            .http
            .request(method, url)
            .bearer_auth(self.token().await);
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::of(request).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// Signs out what is selected; answers the receipt.
    pub async fn sign_out(&self, select: Value) -> Value {
        let answer = self
            .post("/signouts", &json!({ "select": select, "reason": "test" }))
            .await
            .expect(201);
        let made = answer.json();
        let location = answer.header("location");
        assert!(
            location.ends_with(made["id"].as_str().expect("an id")),
            "Location is {location:?}"
        );
        made
    }

    /// A session as the API shows it; `null` when it does not.
    pub async fn session(&self, sid: &str) -> Value {
        self.get(&format!("/sessions/{sid}")).await.json()
    }

    /// The newest sign-out as the list shows it.
    pub async fn newest_sign_out(&self) -> Value {
        let page = self.get("/signouts?limit=1").await.expect(200).json();
        page["signouts"][0].clone()
    }

    /// Every session a search finds, of any state.
    pub async fn sessions(&self, q: &str, state: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let q: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
            let path = format!("/sessions?q={q}&state={state}&limit=100&cursor={cursor}");
            let page = self.get(&path).await.expect(200).json();
            found.extend(
                page["sessions"]
                    .as_array()
                    .expect("sessions")
                    .iter()
                    .cloned(),
            );
            match page["next"].as_str() {
                Some(next) if !next.is_empty() => cursor = next.to_owned(),
                _ => return found,
            }
        }
    }

    /// A user's id.
    pub async fn user_id(&self, username: &str) -> String {
        let found = self
            .get(&format!("/users?username={username}&exact=true"))
            .await
            .expect(200)
            .json();
        found[0]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no user {username}: {found}"))
            .to_owned()
    }

    /// A client's id, which is not its client_id.
    pub async fn client_uuid(&self, client_id: &str) -> String {
        let found = self
            .get(&format!("/clients?clientId={client_id}"))
            .await
            .expect(200)
            .json();
        found[0]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no client {client_id}: {found}"))
            .to_owned()
    }

    /// The receipts of a reason, newest first, each read in full.
    pub async fn receipts(&self, reason: &str) -> Vec<Value> {
        let listed = self.get("/signouts").await.expect(200).json();
        let acts = listed
            .as_array()
            .or(listed["signouts"].as_array())
            .or(listed["signOuts"].as_array());
        let mut found = Vec::new();
        for act in acts.unwrap_or_else(|| panic!("no list of sign-outs: {listed}")) {
            if act["reason"] == reason {
                let id = act["id"].as_str().expect("an id");
                found.push(
                    self.get(&format!("/signouts/{id}"))
                        .await
                        .expect(200)
                        .json(),
                );
            }
        }
        found
    }
}
