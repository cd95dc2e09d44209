//! The same table over the back channel: for every reason, an app that is up is told of each session that ended, an app
//! that is down is told once it is up again although the server was killed in between, and neither of anything else.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cast::{Cast, Who};
use super::causes::Outcome;
use crate::support::{Engine, Receiver, TestServer, realms, until};

const SOON: Duration = Duration::from_secs(60);
const PATH: &str = "/backchannel-logout";

/// Two apps' endpoints.
pub struct Apps {
    web: Receiver,
    notes: Receiver,
}

impl Apps {
    /// One that is up and one that is down, and everybody signed in to them.
    pub async fn with_everybody() -> (Apps, Cast) {
        let apps = Apps {
            web: Receiver::start().await,
            notes: Receiver::down().await,
        };
        let mut text = realms::DEMO.to_owned();
        for (client_id, receiver) in [("web", &apps.web), ("notes", &apps.notes)] {
            let line = format!("client_id = {client_id:?}\n");
            assert!(text.contains(&line), "{client_id}");
            let told = format!("{line}backchannel_logout_uri = {:?}\n", receiver.at(PATH));
            text = text.replacen(&line, &told, 1);
        }
        let server = TestServer::apart(Engine::Sled, Some(("demo", &text))).await;
        (apps, Box::pin(Cast::at(server)).await)
    }

    /// Both hear of exactly what ended, the second after a restart.
    pub async fn heard(&mut self, cast: &mut Cast, outcome: &Outcome, reason: &str) {
        let ended: BTreeSet<String> = outcome
            .over
            .iter()
            .map(|who| cast.held(*who).sid().to_owned())
            .collect();
        hears(&self.web, &ended, reason).await;
        cast.server.restart().await;
        self.notes.up().await;
        hears(&self.notes, &ended, reason).await;
        let lives: BTreeSet<String> = [Who::Laptop, Who::Phone, Who::Bob]
            .iter()
            .map(|who| cast.held(*who).sid().to_owned())
            .filter(|sid| !ended.contains(sid))
            .collect();
        for receiver in [&self.web, &self.notes] {
            let told = sids(receiver);
            let wrongly: Vec<_> = told.intersection(&lives).collect();
            // Of a grant that ends alone its app is told too; one that gave its own token back knows.
            let grants = [
                "refresh_reuse",
                "code_replay",
                "client_disabled",
                "access_removed",
            ];
            assert!(
                wrongly.is_empty() || grants.contains(&reason),
                "{reason}: told of sessions that live: {wrongly:?}"
            );
            let jtis: Vec<_> = receiver.all().iter().map(jti).collect();
            let once: BTreeSet<_> = jtis.iter().collect();
            assert_eq!(once.len(), jtis.len(), "{reason}: a token was sent twice");
        }
    }
}

fn jti(told: &crate::support::receiver::Told) -> String {
    let claims = told.logout_token();
    assert!(
        claims["nonce"].is_null() && claims["exp"].is_u64(),
        "{claims}"
    );
    claims["jti"].as_str().expect("a jti").to_owned()
}

fn sids(receiver: &Receiver) -> BTreeSet<String> {
    let sid = |told: &crate::support::receiver::Told| {
        told.logout_token()["sid"].as_str().map(str::to_owned)
    };
    receiver.all().iter().filter_map(sid).collect()
}

async fn hears(receiver: &Receiver, ended: &BTreeSet<String>, reason: &str) {
    until(&format!("{reason}: told of {ended:?}"), SOON, || async {
        ended.is_subset(&sids(receiver))
    })
    .await;
}
