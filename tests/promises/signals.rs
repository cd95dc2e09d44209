//! The same table over Shared Signals: for every reason, a receiver that polls and hears of everybody, and an app that is
//! pushed to and hears of its own people, are told of each session that ended, of what happened to accounts, and of
//! nothing else.

use std::time::Duration;

use serde_json::json;

use super::cast::Cast;
use super::causes::Outcome;
use crate::support::receiver::Reply;
use crate::support::watcher::{Watcher, event, told};
use crate::support::{Receiver, claims, until};

const EVENTS: &str = "/events";
const SOON: Duration = Duration::from_secs(30);

/// Both receivers.
pub struct Listening {
    watch: Watcher,
    notes: Watcher,
    endpoint: Receiver,
}

/// Who or what a reason is told to be brought about by (CAEP 1.0 §2).
fn initiator(reason: &str) -> &'static str {
    match reason {
        "admin" | "user_disabled" | "user_deleted" | "realm_disabled" | "client_disabled"
        | "global_revocation" | "sign_in_blocked" => "admin",
        "user" | "rp_logout" | "password_changed" | "not_recognised" | "signed_out_elsewhere" => {
            "user"
        }
        "session_limit" | "address_rule" => "policy",
        "idle" | "expired" => "system",
        // These end no session.
        "refresh_reuse" | "code_replay" | "token_revoked" | "access_removed" => "nobody",
        other => panic!("add {other}: by whom is it brought about?"),
    }
}

/// What a reason does to an account beside ending sessions.
fn account_events(reason: &str) -> &'static [&'static str] {
    match reason {
        "user_disabled" => &["account-disabled", "account-enabled"],
        "user_deleted" => &["account-purged"],
        "password_changed" => &["credential-change"],
        _ => &[],
    }
}

/// What there is to hear.
fn expected(cast: &Cast, outcome: &Outcome, reason: &str) -> Vec<(String, Option<String>)> {
    let kinds = account_events(reason).iter();
    let mut expected: Vec<_> = kinds.map(|kind| ((*kind).to_owned(), None)).collect();
    for who in &outcome.over {
        let sid = cast.held(*who).sid().to_owned();
        expected.push(("session-revoked".to_owned(), Some(sid)));
    }
    expected.sort();
    expected
}

impl Listening {
    /// Makes both streams.
    pub async fn start(cast: &Cast) -> Listening {
        let ops = cast.ops();
        let watch = json!({
            "client_id": "watch",
            "client_secret": "watch-secret",
            "grant_types": ["client_credentials"],
            "scope": "ssf.manage",
            "ssf_subjects": "all",
        });
        ops.post("/clients", &watch).await.expect(201);
        let notes = json!({
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid profile offline_access ssf.manage",
        });
        let path = format!("/clients/{}", ops.client_uuid("notes").await);
        ops.put(&path, &notes).await.expect(204);
        let endpoint = Receiver::start().await;
        endpoint.answers(EVENTS, Reply::Status(202));
        let url = &cast.server.url;
        Listening {
            watch: Watcher::polling(url, "demo", "watch").await,
            notes: Watcher::pushed(url, "demo", "notes", &endpoint.at(EVENTS)).await,
            endpoint,
        }
    }

    /// Both hear exactly this although the server is killed at once; what was under way may come twice, with one id.
    pub async fn heard_after_kill(&self, cast: &mut Cast, outcome: &Outcome, reason: &str) {
        cast.server.restart().await;
        let expected = expected(cast, outcome, reason);
        let once = |mut sets: Vec<String>| {
            sets.sort_by_key(|set| claims(set)["jti"].to_string());
            sets.dedup_by_key(|set| claims(set)["jti"].to_string());
            let mut heard: Vec<_> = sets.iter().map(|set| told(set)).collect();
            heard.sort();
            heard
        };
        let sent = || self.endpoint.all().into_iter().map(|request| request.body);
        until(&format!("{reason}: pushed"), SOON, || async {
            once(sent().collect()).len() >= expected.len()
        })
        .await;
        assert_eq!(once(sent().collect()), expected, "{reason}: pushed");
        assert_eq!(once(self.watch.fetch().await), expected, "{reason}: polled");
    }

    /// Both heard exactly this.
    pub async fn heard(&self, cast: &Cast, outcome: &Outcome, reason: &str) {
        let expected = expected(cast, outcome, reason);
        let fetched = self.watch.fetch().await;
        // What goes out behind everything proves that everything is out.
        self.notes.verify("the last").await;
        let what = expected.len() + 1;
        let sent = self.endpoint.wait(EVENTS, what, SOON).await;
        let (last, sent) = sent.split_last().expect("events");
        assert_eq!(told(&last.body).0, "verification", "{reason}");
        for request in sent {
            assert_eq!(request.header("content-type"), "application/secevent+jwt");
            assert_eq!(request.header("authorization"), "Bearer for-the-receiver");
        }
        let sent: Vec<String> = sent.iter().map(|request| request.body.clone()).collect();
        for (who, sets) in [("watch", &fetched), ("notes", &sent)] {
            let mut heard: Vec<_> = sets.iter().map(|set| told(set)).collect();
            heard.sort();
            assert_eq!(heard, expected, "{reason}: what {who} heard");
            for set in sets {
                self.is_well_formed(set, who, reason);
            }
        }
    }

    fn is_well_formed(&self, set: &str, aud: &str, reason: &str) {
        let claims = claims(set);
        assert_eq!(claims["aud"], aud);
        assert_eq!(claims["iss"], self.watch.metadata["issuer"]);
        assert!(claims["sub"].is_null() && claims["exp"].is_null());
        let event = event(set);
        let words = event["reason_admin"]["en"].as_str().unwrap_or_default();
        assert!(!words.is_empty(), "{reason}: {event}");
        assert!(event["event_timestamp"].is_u64(), "{reason}: {event}");
        if told(set).0 == "session-revoked" {
            assert_eq!(event["initiating_entity"], initiator(reason), "{event}");
        }
    }
}
