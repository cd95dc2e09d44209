//! The main job in real Chromium, with the real program and its two demonstration apps: sign in to both, invalidate the
//! session in the console, reload both: signed out. Once with scripts, once without.
//!
//! Fails when Chromium is missing: `tests/run` installs it.

mod parting;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, LoggingPrefsLogLevel};

use crate::support::process::{Process, command, free_port};
use crate::support::until;

const APPS: [&str; 2] = ["http://127.0.0.1:9090/", "http://127.0.0.1:9091/"];

/// chromedriver on a port of its own; killed when dropped.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    async fn start() -> Driver {
        let url = format!("http://127.0.0.1:{}", free_port());
        let port = url.rsplit(':').next().unwrap();
        let child = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| {
                panic!("chromedriver is needed for this test (tests/run installs it): {e}")
            });
        let driver = Driver { child, url };
        let http = crate::support::browser::client();
        until("chromedriver listens", Duration::from_secs(20), || async {
            http.get(format!("{}/status", driver.url))
                .send()
                .await
                .is_ok_and(|a| a.status().is_success())
        })
        .await;
        driver
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One person's Chromium with a profile of its own.
struct Chromium {
    driver: WebDriver,
    seen: Vec<BrowserLogEntry>,
    _profile: tempfile::TempDir,
}

impl Chromium {
    async fn open(driver: &Driver, scripts: bool) -> Chromium {
        let profile = tempfile::tempdir().unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        let folder = format!("--user-data-dir={}", profile.path().display());
        for flag in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
            &folder,
        ] {
            wanted.add_arg(flag).unwrap();
        }
        if !scripts {
            let prefs = json!({ "profile.managed_default_content_settings.javascript": 2 });
            wanted.add_experimental_option("prefs", prefs).unwrap();
        }
        wanted
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .unwrap();
        let driver = WebDriver::new(&driver.url, wanted)
            .await
            .unwrap_or_else(|e| panic!("Chromium does not start: {e}"));
        Chromium {
            driver,
            seen: Vec::new(),
            _profile: profile,
        }
    }

    async fn goto(&self, url: &str) {
        self.driver
            .goto(url)
            .await
            .unwrap_or_else(|e| panic!("{url}: {e}"));
    }

    async fn has(&self, css: &str) -> bool {
        self.driver.find(By::Css(css)).await.is_ok()
    }

    /// The element, once it is there.
    async fn find(&self, css: &str) -> WebElement {
        until(
            &format!("{css} on {}", self.place().await),
            Duration::from_secs(15),
            || self.has(css),
        )
        .await;
        self.driver.find(By::Css(css)).await.unwrap()
    }

    async fn place(&self) -> String {
        self.driver
            .current_url()
            .await
            .map(|url| url.to_string())
            .unwrap_or_default()
    }

    async fn click(&self, css: &str) {
        self.find(css)
            .await
            .click()
            .await
            .unwrap_or_else(|e| panic!("{css}: {e}"));
    }

    async fn write(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    async fn log_in(&self, username: &str) {
        self.write("#username", username).await;
        self.write("#password", &format!("{username}-password"))
            .await;
        self.click("#login-submit").await;
    }

    /// What the pages' policies forbade since the last call, in Chromium's words.
    async fn violations(&mut self) -> Vec<String> {
        self.seen.extend(
            self.driver
                .get_log("browser")
                .await
                .expect("Chromium's log"),
        );
        let said = self.seen.drain(..).map(|entry| format!("{entry:?}"));
        said.filter(|words| words.contains("Content Security Policy"))
            .collect()
    }
}

/// The demonstration, with the provider on a port of its own; the apps' ports are fixed.
async fn demonstration(folder: &std::path::Path) -> (Process, String) {
    let port = free_port();
    let url = format!("http://localhost:{port}");
    let (listen, data, realms) = (
        format!("127.0.0.1:{port}"),
        folder.join("data"),
        folder.join("realms"),
    );
    std::fs::create_dir(&realms).unwrap();
    let mut process = Process::spawn(command(&[
        "demo",
        "--listen",
        &listen,
        "--public-url",
        &url,
        "--data",
        data.to_str().unwrap(),
        "--realms",
        realms.to_str().unwrap(),
        "--management-listen",
        "127.0.0.1:0",
    ]));
    process.ready(&format!("http://{listen}")).await;
    (process, url)
}

async fn the_main_job(driver: &Driver, provider: &str, scripts: bool) {
    let mut alice = Chromium::open(driver, scripts).await;
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
    let (process, provider) = demonstration(folder.path()).await;
    for scripts in [true, false] {
        let done = tokio::time::timeout(
            Duration::from_secs(120),
            the_main_job(&driver, &provider, scripts),
        )
        .await;
        assert!(
            done.is_ok(),
            "too slow; the server said:\n{}",
            process.log()
        );
    }
}
