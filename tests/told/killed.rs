//! The real program, killed while apps are still to be told: none of them is forgotten. And its way out knows no proxy.

use std::collections::HashSet;

use super::*;
use crate::support::Reply;
use crate::support::process::{Home, Process, finish};

const APPS: [&str; 3] = ["down", "hang", "error"];

pub(super) fn home(apps: &[(&str, String)]) -> Home {
    let apps: Vec<(&str, &str)> = apps.iter().map(|(id, uri)| (*id, uri.as_str())).collect();
    let home = Home::new();
    let text = realms::with_apps(&apps).replace("{url}", &home.url);
    std::fs::write(home.path("realms").join("demo.toml"), text).expect("a realm file");
    home
}

async fn end(home: &Home, ids: &[&str]) -> (Operator, String) {
    let alice = sign_in(&home.url, &Browser::default(), ids).await;
    let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
    let made = ops.sign_out(json!({ "sessions": [alice.sid] })).await;
    (ops, made["id"].as_str().expect("an id").to_owned())
}

/// Killed after the commit, while one notice is under way, one has failed and one finds nobody: each is told after the
/// restart, at least once, with a new token.
#[tokio::test]
async fn what_was_to_be_told_survives_being_killed() {
    let mut down = Receiver::down().await;
    let receiver = Receiver::start().await;
    receiver.answers("/hang", Reply::Hang);
    receiver.answers("/error", Reply::Status(500));
    let home = home(&[
        ("down", down.at("/down")),
        ("hang", receiver.at("/hang")),
        ("error", receiver.at("/error")),
    ]);
    let mut process = home.start(&[]).await;
    let (ops, id) = end(&home, &APPS).await;
    receiver.wait("/hang", 1, SOON).await;
    receiver.wait("/error", 1, SOON).await;
    process.kill();

    let before = receiver.told("/hang").len();
    receiver.answers("/hang", Reply::Status(200));
    receiver.answers("/error", Reply::Status(204));
    down.up().await;
    let _process = home.start(&[]).await;
    for client_id in APPS {
        stands(&ops, &id, client_id, "acknowledged", PATIENCE).await;
    }
    assert!(receiver.told("/hang").len() > before);
    for (at, path) in [
        (&receiver, "/hang"),
        (&receiver, "/error"),
        (&down, "/down"),
    ] {
        let told = at.told(path);
        let ids: HashSet<String> = told
            .iter()
            .map(|t| t.logout_token()["jti"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            ids.len(),
            told.len(),
            "{path}: a token of its own for each attempt"
        );
    }
}

/// Killed in the very moment a sign-out is answered, before anything can have been settled.
#[tokio::test]
async fn what_was_just_committed_is_told_after_a_restart() {
    let receiver = Receiver::start().await;
    receiver.answers("/shop", Reply::Hang);
    let home = home(&[("shop", receiver.at("/shop"))]);
    let mut process = home.start(&[]).await;
    let (ops, id) = end(&home, &["shop"]).await;
    process.kill();
    receiver.answers("/shop", Reply::Status(200));
    let _process = home.start(&[]).await;
    stands(&ops, &id, "shop", "acknowledged", PATIENCE).await;
}

#[tokio::test]
async fn a_proxy_in_the_environment_sees_nothing() {
    let (receiver, proxy) = (Receiver::start().await, Receiver::start().await);
    let home = home(&[("shop", receiver.at("/shop"))]);
    let mut command = home.serve(&[]);
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        command.env(name, &proxy.url);
    }
    command.env_remove("no_proxy").env_remove("NO_PROXY");
    let mut process = Process::spawn(command);
    process.ready(&home.url).await;
    let (ops, id) = end(&home, &["shop"]).await;
    stands(&ops, &id, "shop", "acknowledged", SOON).await;
    assert_eq!(receiver.told("/shop").len(), 1);
    assert!(proxy.all().is_empty(), "{:?}", proxy.all());
}

#[test]
fn a_file_without_authorities_stops_the_start_with_a_reason() {
    let home = home(&[]);
    let file = home.path("ca.pem");
    std::fs::write(&file, "no certificate\n").expect("a file");
    let command = home.serve(&["--outbound-ca", file.to_str().unwrap()]);
    let (code, _, said) = finish(command);
    assert_ne!(code, Some(0));
    assert!(
        said.contains("--outbound-ca") && said.contains("-----BEGIN CERTIFICATE-----"),
        "{said}"
    );
    let (code, _, said) = finish(home.serve(&["--outbound-allow", "10.0.0.0/33"]));
    assert_ne!(code, Some(0));
    assert!(
        said.contains("--outbound-allow") && said.contains("10.0.0.0/8"),
        "{said}"
    );
}
