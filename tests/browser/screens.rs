//! The pictures of the documentation, made anew: `cargo test --test promises browser::screens -- --ignored` fills a demonstration, looks
//! at its pages and writes `docs/screens/*.png`.

mod palette;

use std::path::Path;

use super::*;
use crate::support::process::Process;

/// One picture: its name, who looks, at which address, what is pressed first, how wide the window is, light or dark.
struct Shot {
    name: &'static str,
    who: &'static str,
    at: &'static str,
    pressed: &'static [&'static str],
    width: u32,
    scheme: &'static str,
}

const fn shot(name: &'static str, who: &'static str, at: &'static str) -> Shot {
    Shot {
        name,
        who,
        at,
        pressed: &[],
        width: 1440,
        scheme: "light",
    }
}

impl Shot {
    const fn dark(self) -> Shot {
        Shot {
            scheme: "dark",
            ..self
        }
    }

    const fn narrow(self) -> Shot {
        Shot { width: 390, ..self }
    }

    const fn pressed(self, pressed: &'static [&'static str]) -> Shot {
        Shot { pressed, ..self }
    }
}

const LOGIN: &str = "http://127.0.0.1:9090/login";
const TICKED: &[&str] = &[
    "tbody tr:nth-of-type(3) input[name=sid]",
    "tbody tr:nth-of-type(4) input[name=sid]",
    "tbody tr:nth-of-type(6) input[name=sid]",
];
const PREVIEW: &[&str] = &[TICKED[0], TICKED[1], TICKED[2], "#invalidate-selected"];
const DONE: &[&str] = &[
    TICKED[0],
    TICKED[1],
    TICKED[2],
    "#invalidate-selected",
    "#reason option[value=lost_device]",
    "#confirm-yes",
];

/// In order of who looks.
const SHOTS: &[Shot] = &[
    shot("login", "", LOGIN),
    shot("login-narrow-dark", "", LOGIN).narrow().dark(),
    shot("account", "alice", "/realms/demo/account/sessions"),
    shot("account-narrow", "alice", "/realms/demo/account/sessions").narrow(),
    shot("overview", "dana", "/admin/demo/overview?range=7d"),
    shot("overview-dark", "dana", "/admin/demo/overview").dark(),
    shot("sessions", "dana", "/admin/demo/sessions").pressed(TICKED),
    shot("sessions-dark", "dana", "/admin/demo/sessions?q=an").dark(),
    shot("sessions-narrow", "dana", "/admin/demo/sessions").narrow(),
    shot("preview", "dana", "/admin/demo/sessions").pressed(PREVIEW),
    shot("receipt", "dana", "/admin/demo/sessions").pressed(DONE),
    shot("deliveries", "dana", "/admin/demo/deliveries"),
    shot("apps", "dana", "/admin/demo/apps"),
    shot("users", "dana", "/admin/demo/users"),
    shot("events", "dana", "/admin/demo/events"),
    shot("settings", "dana", "/admin/demo/settings"),
    shot("keys-dark", "dana", "/admin/demo/keys").dark(),
];

async fn company(folder: &Path) -> (Process, String) {
    let (process, url) = demonstration(folder, &["--sessions", "2400"]).await;
    until(
        "the company is there",
        Duration::from_secs(120),
        async || process.log().contains("2400 sessions of"),
    )
    .await;
    (process, url)
}

/// Leaves nobody signed in but this one.
async fn sign_in(chromium: &Chromium, url: &str, who: &str) {
    chromium.forget().await;
    if who.is_empty() {
        return;
    }
    let at = if who == "dana" {
        format!("{url}/admin/demo/sessions")
    } else {
        LOGIN.to_owned()
    };
    chromium.goto(&at).await;
    chromium.log_in(who).await;
    until("signed in", Duration::from_secs(15), async || {
        !chromium.has("#password").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes the documentation's pictures"]
async fn the_pictures_are_made() {
    crate::support::install();
    let folder = tempfile::tempdir().unwrap();
    let (_process, url) = company(folder.path()).await;
    let driver = Driver::start().await;
    let chromium = Chromium::open(&driver, true).await;
    chromium.without_scrollbars().await;
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screens");
    std::fs::create_dir_all(&to).unwrap();
    let mut who = "";
    for shot in SHOTS {
        if shot.who != who {
            sign_in(&chromium, &url, shot.who).await;
            who = shot.who;
        }
        chromium.look(shot.width, shot.scheme).await;
        let at = match shot.at.strip_prefix('/') {
            Some(rest) => format!("{url}/{rest}"),
            None => shot.at.to_owned(),
        };
        chromium.goto(&at).await;
        if !chromium.has("main").await {
            eprintln!("not there: {}", shot.at);
            continue;
        }
        for css in shot.pressed {
            chromium.click(css).await;
        }
        if shot.name == "receipt" {
            // The page fetches it by itself.
            chromium.find("tr[data-status=acknowledged]").await;
        }
        // Fonts.
        tokio::time::sleep(Duration::from_millis(800)).await;
        let picture = chromium.driver.screenshot_as_png().await.unwrap();
        let small = palette::reduced(&picture);
        assert!(small.len() < 150_000, "{}: {}", shot.name, small.len());
        std::fs::write(to.join(format!("{}.png", shot.name)), small).unwrap();
    }
    chromium.driver.quit().await.unwrap();
}
