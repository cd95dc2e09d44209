//! Whether the addresses that apps named can be reached from here: name, address, connection, TLS. They are asked with HEAD, which
//! tells them nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::{Finding, Level};
use crate::domain::client;
use crate::domain::outbox::wire::WireError;
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault};

/// How long one address may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Addresses that are asked at once.
const ABREAST: usize = 16;
/// The most addresses that are asked.
const MOST: usize = 500;

struct Place {
    app: String,
    url: String,
}

/// Asks each address once, however many apps named it.
pub(super) async fn examine(ctx: &Context, realms: &[Arc<Realm>]) -> Vec<Finding> {
    let mut places = Vec::new();
    let mut findings = Vec::new();
    for realm in realms {
        if let Err(fault) = collect(ctx, realm, &mut places).await {
            findings.push(super::unreadable("reach", &fault));
        }
    }
    let mut known = HashSet::new();
    places.retain(|place| known.insert(place.url.clone()));
    if places.len() > MOST {
        findings.push(Finding::of(
            "reach",
            Level::Note,
            format!("only {MOST} of {} addresses were tried", places.len()),
            "",
            "",
        ));
        places.truncate(MOST);
    }
    let asked = stream::iter(places).map(|place| async move {
        let answer = ctx.wire.reach(&place.url, PATIENCE).await;
        judged(&place, answer)
    });
    findings.extend(asked.buffered(ABREAST).collect::<Vec<_>>().await);
    findings
}

async fn collect(ctx: &Context, realm: &Realm, places: &mut Vec<Place>) -> Result<(), Fault> {
    let mut after: Option<String> = None;
    loop {
        let (some, next) = client::list(ctx, realm, "", after.as_deref(), 200).await?;
        for client in &some {
            let settings = &client.settings;
            let named = [
                &settings.backchannel_logout_uri,
                &settings.webhook_uri,
                &settings.global_token_revocation_endpoint,
            ];
            for url in named.into_iter().flatten().filter(|_| settings.enabled) {
                places.push(Place {
                    app: format!("{}/{}", realm.name, settings.client_id),
                    url: url.clone(),
                });
            }
        }
        match next {
            Some(next) if places.len() <= MOST => after = Some(next),
            _ => return Ok(()),
        }
    }
}

fn judged(place: &Place, answer: Result<u16, WireError>) -> Finding {
    let Place { app, url } = place;
    const MEANING: &str =
        "the app does not learn of sign-outs; they are retried for a day and then given up";
    match answer {
        Ok(status) if status < 500 => Finding::good("reach", format!("{app}: {url} answers")),
        Ok(status) => Finding::of(
            "reach",
            Level::Warning,
            format!("{app}: {url} answers {status}"),
            "the app, or what stands in front of it, is not well",
            "look at the app's own log",
        ),
        Err(error @ WireError::Refused(_)) => Finding::of(
            "reach",
            Level::Problem,
            format!("{app}: {error} ({url})"),
            MEANING,
            "correct the address of the app, or open its network with --outbound-allow",
        ),
        Err(error) => Finding::of(
            "reach",
            Level::Problem,
            format!("{app}: {url}: {error}"),
            MEANING,
            "start the app, correct its address, or see to name service, firewall and certificate (--outbound-ca trusts an authority of your own)",
        ),
    }
}
