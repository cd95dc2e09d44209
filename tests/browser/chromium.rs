//! One person's Chromium, driven by chromedriver: what every test of pages in a real browser stands on.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, LoggingPrefsLogLevel};

use crate::support::process::{Process, command, free_port};
use crate::support::until;

/// chromedriver on a port of its own; killed when dropped.
pub struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    pub async fn start() -> Driver {
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
pub struct Chromium {
    /// What drives it.
    pub driver: WebDriver,
    seen: Vec<BrowserLogEntry>,
    _profile: tempfile::TempDir,
}

impl Chromium {
    pub async fn open(driver: &Driver, scripts: bool) -> Chromium {
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

    /// The window's width, and light or dark. Holds until it is said otherwise; a page that is open follows.
    pub async fn look(&self, width: u32, scheme: &str) {
        let height = if width < 600 { 844 } else { 1000 };
        self.command(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        )
        .await;
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.command(
            "Emulation.setEmulatedMedia",
            json!({ "features": [feature] }),
        )
        .await;
    }

    /// Whether pages may run their scripts from the next one on.
    pub async fn scripts(&self, may: bool) {
        self.command(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": !may }),
        )
        .await;
    }

    /// Runs this in every page from the next one on, before anything of the page's own; its policy does not hold for it.
    pub async fn before_each_page(&self, script: &str) {
        self.command(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": script }),
        )
        .await;
    }

    /// Shows pages without scrollbars, as a picture wants them.
    pub async fn without_scrollbars(&self) {
        let hidden = json!({ "hidden": true });
        self.command("Emulation.setScrollbarsHidden", hidden).await;
    }

    /// Forgets who is signed in.
    pub async fn forget(&self) {
        self.command("Network.clearBrowserCookies", json!({})).await;
    }

    async fn command(&self, name: &str, parameters: Value) -> Value {
        let done = self.driver.cdp().send_raw(name, parameters).await;
        done.unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// What an expression is on this page.
    pub async fn value(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        let said = self.driver.execute(script, vec![]).await;
        said.unwrap_or_else(|e| panic!("{expression}: {e}"))
            .json()
            .clone()
    }

    pub async fn goto(&self, url: &str) {
        self.driver
            .goto(url)
            .await
            .unwrap_or_else(|e| panic!("{url}: {e}"));
    }

    pub async fn has(&self, css: &str) -> bool {
        self.driver.find(By::Css(css)).await.is_ok()
    }

    /// The element, once it is there.
    pub async fn find(&self, css: &str) -> WebElement {
        until(
            &format!("{css} on {}", self.place().await),
            Duration::from_secs(15),
            || self.has(css),
        )
        .await;
        self.driver.find(By::Css(css)).await.unwrap()
    }

    pub async fn place(&self) -> String {
        self.driver
            .current_url()
            .await
            .map(|url| url.to_string())
            .unwrap_or_default()
    }

    pub async fn click(&self, css: &str) {
        self.find(css)
            .await
            .click()
            .await
            .unwrap_or_else(|e| panic!("{css}: {e}"));
    }

    /// Presses a key wherever the focus is.
    pub async fn press(&self, key: Key) {
        let keys = self.driver.action_chain().send_keys(key + "");
        keys.perform()
            .await
            .unwrap_or_else(|e| panic!("a key: {e}"));
    }

    pub async fn write(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub async fn log_in(&self, username: &str) {
        self.write("#username", username).await;
        self.write("#password", &format!("{username}-password"))
            .await;
        self.click("#login-submit").await;
    }

    /// What the pages' policies forbade since the last call, in Chromium's words.
    pub async fn violations(&mut self) -> Vec<String> {
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
pub async fn demonstration(folder: &std::path::Path, more: &[&str]) -> (Process, String) {
    let port = free_port();
    let url = format!("http://localhost:{port}");
    let (listen, data, realms) = (
        format!("127.0.0.1:{port}"),
        folder.join("data"),
        folder.join("realms"),
    );
    std::fs::create_dir(&realms).unwrap();
    let plain = [
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
    ];
    let mut process = Process::spawn(command(&[&plain, more].concat()));
    process.ready(&format!("http://{listen}")).await;
    (process, url)
}
