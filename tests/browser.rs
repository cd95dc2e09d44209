//! Pages in real Chromium. Here the main job, with the real program and its two demonstration apps: sign in to both,
//! invalidate the session in the console, reload both: signed out. Once with scripts, once without.
//!
//! Fails when Chromium is missing: `tests/run` installs it.

pub mod account;
mod chromium;
mod device;
mod parting;
mod people;
mod quality;
mod registry;
mod screens;
mod sessions;

use std::time::Duration;

use serde_json::json;
use thirtyfour::prelude::*;

use crate::support::until;
use chromium::{Chromium, Driver, demonstration};

/// Whether scripts run, how wide the window is, and light or dark.
type Look = (bool, u32, &'static str);

const LOOKS: [Look; 4] = [
    (true, 1440, "light"),
    (false, 390, "dark"),
    (true, 390, "light"),
    (false, 1440, "dark"),
];

const APPS: [&str; 2] = ["http://127.0.0.1:9090/", "http://127.0.0.1:9091/"];

async fn the_main_job(driver: &Driver, provider: &str, (scripts, width, scheme): Look) {
    let mut alice = Chromium::open(driver, scripts).await;
    alice.look(width, scheme).await;
    // One login; the second app needs none.
    alice.goto(APPS[0]).await;
    alice.click("#sign-in").await;
    alice.log_in("alice").await;
    assert_eq!(
        alice
            .find("[data-claim=preferred_username]")
            .await
            .text()
            .await
            .unwrap(),
        "alice"
    );
    let sid = alice.find("[data-claim=sid]").await.text().await.unwrap();
    alice.goto(APPS[1]).await;
    alice.click("#sign-in").await;
    assert_eq!(
        alice.find("[data-claim=sid]").await.text().await.unwrap(),
        sid,
        "the same session"
    );
    alice.click("#call-api").await;
    alice.find("#call-result[data-status='200']").await;

    let mut dana = Chromium::open(driver, scripts).await;
    dana.look(width, scheme).await;
    dana.goto(&format!("{provider}/admin/demo/sessions")).await;
    dana.log_in("dana").await;
    dana.find("tr[data-user=dana][data-current=true]").await;
    dana.write("#session-search", "alice").await;
    if scripts {
        // The list follows the typing.
        until(
            "the list follows the search",
            Duration::from_secs(10),
            || async {
                !dana.has("tr[data-user=dana]").await && dana.has("tr[data-user=alice]").await
            },
        )
        .await;
    } else {
        dana.find("#session-search")
            .await
            .send_keys(Key::Enter + "")
            .await
            .unwrap();
        until("the search is sent", Duration::from_secs(10), || async {
            dana.place().await.contains("q=alice")
        })
        .await;
    }
    let row = format!("tr[data-user=alice][data-session-id='{sid}']");
    dana.click(&format!("{row} input[name=sid]")).await;
    dana.click("#invalidate-selected").await;
    dana.find("#confirm-yes").await;
    dana.find("#reason option[value=lost_device]")
        .await
        .click()
        .await
        .unwrap();
    dana.click("#confirm-yes").await;
    for client in ["demo-web", "demo-notes"] {
        dana.find(&format!(
            "#receipts tr[data-client-id={client}][data-status]"
        ))
        .await;
    }
    assert!(
        dana.place().await.contains("/admin/demo/signouts/"),
        "{}",
        dana.place().await
    );

    for app in APPS {
        alice.goto(app).await;
        alice.find("#signed-out").await;
        assert!(
            !alice.has("[data-claim=sub]").await,
            "{app} still shows who was signed in"
        );
    }
    // And the way back is by the password alone.
    alice.goto(APPS[0]).await;
    alice.click("#sign-in").await;
    alice.find("#login-notice").await;
    alice.log_in("alice").await;
    assert_ne!(
        alice.find("[data-claim=sid]").await.text().await.unwrap(),
        sid,
        "the old session"
    );
    // dana is still at her desk.
    dana.goto(&format!("{provider}/admin/demo/sessions")).await;
    dana.find("tr[data-user=dana][data-current=true]").await;

    for person in [&mut alice, &mut dana] {
        let violations = person.violations().await;
        assert!(violations.is_empty(), "{violations:#?}");
    }
    if scripts {
        // That no violation was seen means something only if one would have been.
        dana.driver
            .execute("document.body.setAttribute('style', 'color: red')", vec![])
            .await
            .unwrap();
        assert!(
            !dana.violations().await.is_empty(),
            "Chromium does not tell of violations"
        );
    } else {
        let ran = alice.has("html[data-script]").await;
        assert!(!ran, "a script ran");
    }
    for person in [alice, dana] {
        person.driver.quit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_in_chromium_with_scripts_and_without() {
    crate::support::install();
    let driver = Driver::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (process, provider) = demonstration(folder.path(), &[]).await;
    for look in LOOKS {
        let done = tokio::time::timeout(
            Duration::from_secs(120),
            the_main_job(&driver, &provider, look),
        )
        .await;
        assert!(
            done.is_ok(),
            "too slow; the server said:\n{}",
            process.log()
        );
    }
}
