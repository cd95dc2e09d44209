//! The webhook: what ended, in JSON, signed as Standard Webhooks has it (headers `webhook-id`, `webhook-timestamp` and
//! `webhook-signature`), so that libraries for it verify it as it is. `docs/webhooks.md` tells apps the rest.

use serde::Serialize;

use super::Delivery;
use super::backchannel::{MAX_ANSWER, TIMEOUT};
use super::send::Outcome;
use super::wire::{Answered, Outgoing};
use crate::crypto;
use crate::domain::client::Client;
use crate::domain::id::SignOutId;
use crate::domain::realm::Realm;
use crate::domain::signout::{Scope, receipt};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, session};

/// What an app is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `session.ended`; `grant.ended` when the session goes on and only what the app was granted is over; `test` when
    /// nothing ended at all.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The realm's name.
    pub realm: String,
    /// Its issuer.
    pub issuer: String,
    /// Whose session, as ID tokens call them.
    pub sub: String,
    /// Their username, for apps that may know it (scope `profile`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The session.
    pub sid: String,
    /// The app.
    pub client_id: String,
    /// Why.
    pub reason: &'static str,
    /// Who brought it about: `admin`, `user`, `policy` or `system`.
    pub initiator: &'static str,
    /// When it ended.
    pub ended_at: String,
    /// The act; it has a receipt.
    pub sign_out_id: String,
    /// The notice: the same at every attempt, so that an app which got it twice knows.
    pub delivery_id: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// What there is to tell of a delivery.
///
/// # Errors
/// [`Fault`] when the act or the session cannot be read.
pub async fn event(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    act: SignOutId,
    delivery: &Delivery,
) -> Result<Event, Fault> {
    let of_act = receipt::find(ctx, realm, act)
        .await?
        .ok_or(Fault::Record("act of signing out"))?;
    let may_know_name = client.settings.scope.split(' ').any(|s| s == "profile");
    let username = if may_know_name {
        let session = session::find(ctx, realm, delivery.sid).await?;
        session.map(|found| found.value.username)
    } else {
        None
    };
    let kind = match of_act.reason.scope() {
        Scope::Everything | Scope::SessionOnly => "session.ended",
        Scope::Family | Scope::Client => "grant.ended",
    };
    Ok(Event {
        kind,
        realm: realm.name.clone(),
        issuer: realm.issuer(&ctx.public_url),
        sub: delivery.user.to_string(),
        username,
        sid: delivery.sid.to_string(),
        client_id: delivery.client_id.clone(),
        reason: of_act.reason.as_str(),
        initiator: of_act.reason.initiator().as_str(),
        ended_at: of_act.at.rfc3339(),
        sign_out_id: act.to_string(),
        delivery_id: id(act, client, delivery),
        attempt: delivery.attempts.saturating_add(1),
    })
}

/// What an app is sent to try its webhook: about a user and a session that nobody has.
pub fn trial(ctx: &Context, realm: &Realm, client: &Client) -> Event {
    Event {
        kind: "test",
        realm: realm.name.clone(),
        issuer: realm.issuer(&ctx.public_url),
        sub: ctx.new_id().to_string(),
        username: None,
        sid: ctx.new_id().to_string(),
        client_id: client.client_id().to_owned(),
        reason: "test",
        initiator: "admin",
        ended_at: ctx.now().rfc3339(),
        sign_out_id: ctx.new_id().to_string(),
        delivery_id: format!("msg_{}", ctx.new_id().simple()),
        attempt: 1,
    }
}

/// Makes the request.
pub fn outgoing(uri: &str, key: &[u8], event: &Event, now: Timestamp) -> Outgoing {
    // An event is text and numbers: it always encodes.
    let body = serde_json::to_string(event).unwrap_or_default();
    let (id, at) = (&event.delivery_id, now.secs().to_string());
    let signature = sign(key, id, &at, &body);
    Outgoing {
        url: uri.to_owned(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.clone()),
            ("webhook-timestamp", at),
            ("webhook-signature", signature),
        ],
        body: body.into(),
        timeout: TIMEOUT,
        max_answer: MAX_ANSWER,
    }
}

/// The signature of Standard Webhooks: HMAC-SHA256 over id, time and body.
fn sign(key: &[u8], id: &str, at: &str, body: &str) -> String {
    let text = format!("{id}.{at}.{body}");
    format!(
        "v1,{}",
        crypto::base64(&crypto::hmac_sha256(key, text.as_bytes()))
    )
}

/// The notice's id: made from what it is about, so that it needs no record of its own.
fn id(act: SignOutId, client: &Client, delivery: &Delivery) -> String {
    let mut about = act.bytes().to_vec();
    about.extend_from_slice(client.id.bytes());
    about.extend_from_slice(delivery.sid.bytes());
    let hash = crypto::sha256(&about);
    format!("msg_{}", crypto::b64(hash.get(..18).unwrap_or(&hash)))
}

/// What an answer means: 2xx confirms, 410 and 400 refuse for good, all else may pass.
pub fn outcome(answered: &Answered) -> Outcome {
    match answered.status {
        200..=299 => Outcome::Acknowledged,
        400 | 410 => Outcome::Rejected,
        _ => Outcome::Retry {
            after: answered.retry_after,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        // The example of its specification.
        let key = crypto::unbase64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_body_has_the_promised_members() {
        let event = Event {
            kind: "session.ended",
            realm: "demo".to_owned(),
            issuer: "https://id.example/realms/demo".to_owned(),
            sub: "u-1".to_owned(),
            username: None,
            sid: "s-1".to_owned(),
            client_id: "web".to_owned(),
            reason: "admin",
            initiator: "admin",
            ended_at: "2026-11-22T04:00:00Z".to_owned(),
            sign_out_id: "a-1".to_owned(),
            delivery_id: "msg_1".to_owned(),
            attempt: 2,
        };
        let out = outgoing("https://a.example/hook", b"key", &event, Timestamp(5_000));
        let body: serde_json::Value = serde_json::from_slice(&out.body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "session.ended", "realm": "demo", "issuer": "https://id.example/realms/demo", "sub": "u-1",
                "sid": "s-1", "clientId": "web", "reason": "admin", "initiator": "admin",
                "endedAt": "2026-11-22T04:00:00Z", "signOutId": "a-1", "deliveryId": "msg_1", "attempt": 2,
            })
        );
        let header = |name: &str| {
            let found = out.headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_str()).unwrap()
        };
        assert_eq!(
            (header("webhook-id"), header("webhook-timestamp")),
            ("msg_1", "5")
        );
        assert!(header("webhook-signature").starts_with("v1,"));
    }

    #[test]
    fn gone_and_malformed_are_for_good() {
        let answer = |status| Answered {
            status,
            content_type: None,
            retry_after: Some(7),
            body: Vec::new().into(),
            took: std::time::Duration::ZERO,
        };
        for (status, expected) in [
            (200, Outcome::Acknowledged),
            (202, Outcome::Acknowledged),
            (204, Outcome::Acknowledged),
            (400, Outcome::Rejected),
            (410, Outcome::Rejected),
            (301, Outcome::Retry { after: Some(7) }),
            (404, Outcome::Retry { after: Some(7) }),
            (503, Outcome::Retry { after: Some(7) }),
        ] {
            assert_eq!(outcome(&answer(status)), expected, "{status}");
        }
    }
}
