//! A receiver of Shared Signals: finds the transmitter by its metadata, makes its stream, and fetches or is sent events.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Operator, claims};

/// A receiver with its stream.
pub struct Watcher {
    /// The transmitter's metadata.
    pub metadata: Value,
    /// Its stream.
    pub stream: Value,
    service: Operator,
    http: reqwest::Client,
}

impl Watcher {
    /// A receiver that fetches events.
    pub async fn polling(url: &str, realm: &str, client_id: &str) -> Watcher {
        Watcher::with(url, realm, client_id, json!({})).await
    }

    /// A receiver that is sent events at an address.
    pub async fn pushed(url: &str, realm: &str, client_id: &str, endpoint: &str) -> Watcher {
        let stream = json!({ "delivery": {
            "method": "urn:ietf:rfc:8935",
            "endpoint_url": endpoint,
            "authorization_header": "Bearer for-the-receiver",
        } });
        Watcher::with(url, realm, client_id, stream).await
    }

    async fn with(url: &str, realm: &str, client_id: &str, stream: Value) -> Watcher {
        let http = super::browser::client();
        let at = format!("{url}/.well-known/ssf-configuration/realms/{realm}");
        let metadata = Answer::of(http.get(at)).await.expect(200).json();
        let secret = format!("{client_id}-secret");
        let mut watcher = Watcher {
            metadata,
            stream: Value::Null,
            service: Operator::service(url, realm, client_id, &secret),
            http,
        };
        let made = watcher
            .ask(Method::POST, "configuration_endpoint", "", Some(stream))
            .await;
        watcher.stream = made.expect(201).json();
        watcher
    }

    /// One request of an endpoint of the metadata, with the stream's id in the query when `query` says so.
    pub async fn ask(
        &self,
        method: Method,
        endpoint: &str,
        query: &str,
        body: Option<Value>,
    ) -> Answer {
        let url = self.metadata[endpoint].as_str().expect("an endpoint");
        self.send(method, &format!("{url}{query}"), body).await
    }

    async fn send(&self, method: Method, url: &str, body: Option<Value>) -> Answer {
        let token = self.service.token().await;
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    /// The stream's id.
    pub fn id(&self) -> &str {
        self.stream["stream_id"].as_str().expect("a stream_id")
    }

    /// Sets the stream's status; answers it.
    pub async fn set_status(&self, status: &str) -> Value {
        let body = json!({ "stream_id": self.id(), "status": status });
        let set = self.ask(Method::POST, "status_endpoint", "", Some(body));
        set.await.expect(200).json()
    }

    /// Asks for a verification event.
    pub async fn verify(&self, state: &str) {
        let body = json!({ "stream_id": self.id(), "state": state });
        let asked = self.ask(Method::POST, "verification_endpoint", "", Some(body));
        asked.await.expect(204);
    }

    /// Polls; answers the body.
    pub async fn poll(&self, body: Value) -> Value {
        let url = self.stream["delivery"]["endpoint_url"].as_str();
        let polled = self.send(Method::POST, url.expect("an address"), Some(body));
        polled.await.expect(200).json()
    }

    /// Everything that waits, as tokens in order, acknowledged.
    pub async fn fetch(&self) -> Vec<String> {
        let mut all: Vec<(String, String)> = Vec::new();
        loop {
            let body = self.poll(json!({ "returnImmediately": true })).await;
            let sets = body["sets"].as_object().expect("sets");
            if sets.is_empty() {
                break;
            }
            let ids: Vec<&String> = sets.keys().collect();
            for (id, set) in sets {
                all.push((id.clone(), set.as_str().expect("a token").to_owned()));
            }
            self.poll(json!({ "maxEvents": 0, "ack": ids })).await;
        }
        // Ids grow with time.
        all.sort();
        all.into_iter().map(|(_, set)| set).collect()
    }
}

/// What a security event token says in short: the last part of its type, and the session it is about, if any.
pub fn told(set: &str) -> (String, Option<String>) {
    let claims = claims(set);
    let events = claims["events"].as_object().expect("events");
    assert_eq!(events.len(), 1, "exactly one event: {claims}");
    let uri = events.keys().next().expect("an event");
    let kind = uri.rsplit('/').next().unwrap_or_default().to_owned();
    let session = claims["sub_id"]["session"]["id"].as_str();
    (kind, session.map(str::to_owned))
}

/// The event itself.
pub fn event(set: &str) -> Value {
    let claims = claims(set);
    let events = claims["events"].as_object().expect("events");
    events.values().next().cloned().expect("an event")
}
