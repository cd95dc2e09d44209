//! Every page of the console, the account and the sign-in family, judged in one Chromium: light and dark, wide and narrow, with
//! scripts and without. axe-core finds nothing, no policy is violated, nothing is wider than the window, and the main controls are
//! reached by keyboard, visibly.
//!
//! A new page is a line of [`PAGES`]. `PAGES=/sessions cargo test --test promises browser::quality` judges those whose address holds
//! that text.

mod keyboard;
pub mod stage;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::support::npm;
use stage::Stage;
use stage::Who::{self, Account, Console, Nobody, Server};

/// A page: who looks at it, where it is, and what is pressed there before it is judged.
///
/// In an address `{session}`, `{signout}`, `{user}`, `{client}`, `{client_id}` and `{user_code}` stand for one of each.
struct Page {
    who: Who,
    at: &'static str,
    steps: &'static [Step],
    status: u64,
}

/// One thing that somebody does on a page.
enum Step {
    /// Presses this.
    Click(&'static str),
    /// Writes into this.
    Write(&'static str, &'static str),
}

use Step::{Click, Write};

const fn page(who: Who, at: &'static str) -> Page {
    Page {
        who,
        at,
        steps: &[],
        status: 200,
    }
}

impl Page {
    /// What is done on it first.
    const fn after(self, steps: &'static [Step]) -> Page {
        Page { steps, ..self }
    }

    /// The status it is sent with, when that is not 200.
    const fn answers(self, status: u64) -> Page {
        Page { status, ..self }
    }
}

const AUTH: &str = "/realms/demo/protocol/openid-connect/auth?response_type=code&client_id=asks&scope=openid%20profile%20email\
    &redirect_uri=https%3A%2F%2Fasks.example%2Fcallback&code_challenge_method=S256\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// In order of who looks, so that everybody signs in once.
const PAGES: &[Page] = &[
    // Sign-in.
    page(Nobody, AUTH),
    page(Nobody, AUTH).after(&[
        Write("#username", "alice"),
        Write("#password", "wrong"),
        Click("#login-submit"),
    ]),
    page(
        Nobody,
        "/realms/demo/protocol/openid-connect/auth?client_id=nobody",
    )
    .answers(400),
    page(Nobody, "/realms/demo/protocol/openid-connect/logout"),
    page(Nobody, "/realms/demo/device"),
    page(Nobody, "/realms/demo/device?user_code={user_code}"),
    page(Nobody, "/realms/demo/device")
        .after(&[Write("#user-code", "BCDF-GHJK"), Click("#device-submit")]),
    page(Nobody, "/realms/demo/device/allowed"),
    page(Nobody, "/realms/demo/device/refused"),
    page(Nobody, "/realms/demo/device/confirm?interaction=none").answers(400),
    page(Nobody, "/admin/nowhere/sessions").answers(404),
    page(Nobody, "/admin/demo/signed-out"),
    // A person.
    page(Account, AUTH),
    page(Account, "/realms/demo/protocol/openid-connect/logout"),
    page(Account, "/realms/demo/device?user_code={user_code}").after(&[Click("#device-submit")]),
    page(Account, "/realms/demo/account"),
    page(Account, "/realms/demo/account/sessions"),
    page(Account, "/realms/demo/account/apps"),
    page(Account, "/realms/demo/account/security"),
    page(Account, "/realms/demo/account/profile"),
    page(Account, "/realms/demo/account/activity"),
    page(Account, "/realms/demo/account/sign-out-others"),
    // An administrator of a realm.
    page(Console, "/admin/demo/overview"),
    page(Console, "/admin/demo/overview?range=7d"),
    page(Console, "/admin/demo/sessions"),
    page(Console, "/admin/demo/sessions?details=1"),
    page(Console, "/admin/demo/sessions?q=zzzz"),
    page(Console, "/admin/demo/sessions?q=adams"),
    page(Console, "/admin/demo/sessions?q=dana%20davis"),
    page(Console, "/admin/demo/sessions?state=ended"),
    page(Console, "/admin/demo/sessions?state=idle"),
    page(Console, "/admin/demo/sessions/{session}"),
    page(Console, "/admin/demo/sessions").after(&[
        Click("input[name=sid]:not([disabled])"),
        Click("#invalidate-selected"),
    ]),
    page(Console, "/admin/demo/signouts"),
    page(Console, "/admin/demo/signouts/{signout}"),
    page(Console, "/admin/demo/signouts?reason=admin&by=nobody"),
    page(Console, "/admin/demo/sessions?sort=name&limit=2"),
    page(Console, "/admin/demo/sessions").after(&[Click("#more")]),
    page(Console, "/admin/demo/sessions").after(&[Click("tr[data-user=bob] .act button")]),
    page(Console, "/admin/demo/signouts/everyone"),
    page(Console, "/admin/demo/deliveries"),
    page(Console, "/admin/demo/deliveries?status=gave_up"),
    page(Console, "/admin/demo/streams"),
    page(Console, "/admin/demo/events"),
    page(Console, "/admin/demo/events?target=alice&action=user."),
    page(Console, "/admin/demo/events?since=nonsense").answers(422),
    page(Console, "/admin/demo/events").after(&[Click("#events td.act a")]),
    page(Console, "/admin/demo/users"),
    page(Console, "/admin/demo/users?q=zzzz"),
    page(Console, "/admin/demo/users/new"),
    page(Console, "/admin/demo/users/new").after(&[Write("#f-email", "nowhere"), Click("#save")]),
    page(Console, "/admin/demo/users/import"),
    page(Console, "/admin/demo/users/import").after(&[
        Write("#text", "username,enabled\nzoe,perhaps"),
        Click("#check"),
    ]),
    page(Console, "/admin/demo/users/import")
        .after(&[Write("#text", "username,name\nzoe,Zoe Z"), Click("#check")]),
    page(Console, "/admin/demo/users/import").after(&[
        Write("#text", "username,name\nzoe,Zoe Z"),
        Click("#check"),
        Click("#begin"),
    ]),
    page(Console, "/admin/demo/users/{user}"),
    page(Console, "/admin/demo/users/{user}?details=1"),
    page(Console, "/admin/demo/users/{user}/edit"),
    page(Console, "/admin/demo/users/{user}/apps"),
    page(Console, "/admin/demo/users/{user}/apps").after(&[Click("#accesses td.act a")]),
    page(Console, "/admin/demo/users/{user}/credentials"),
    page(Console, "/admin/demo/users/{user}/roles"),
    page(Console, "/admin/demo/users/{user}/activity"),
    page(Console, "/admin/demo/users/{user}/details"),
    page(Console, "/admin/demo/users/{user}/sign-out"),
    page(Console, "/admin/demo/users/{user}/block"),
    page(Console, "/admin/demo/users/{user}/block").after(&[Click("#confirm-yes")]),
    page(Console, "/admin/demo/users/{user}/disable"),
    page(Console, "/admin/demo/users/{user}/delete"),
    page(Console, "/admin/demo/admins"),
    page(Console, "/admin/demo/admins?find=bo"),
    page(Console, "/admin/demo/apps"),
    page(Console, "/admin/demo/apps?q=zzzz"),
    page(Console, "/admin/demo/apps/new"),
    page(Console, "/admin/demo/apps/new?kind=web"),
    page(Console, "/admin/demo/apps/new?kind=device"),
    page(Console, "/admin/demo/apps/new?kind=web").after(&[
        Write("#client-id", "no id"),
        Write("#redirect-uris", "http://a.example/*"),
        Click("#save"),
    ]),
    page(Console, "/admin/demo/apps/{client}"),
    page(Console, "/admin/demo/apps/{client}/settings"),
    page(Console, "/admin/demo/apps/{client}/credentials"),
    page(Console, "/admin/demo/apps/{client}/credentials/new"),
    page(Console, "/admin/demo/apps/{client}/sign-out"),
    page(Console, "/admin/demo/apps/{client}/disable"),
    page(Console, "/admin/demo/apps/{client}/delete"),
    page(Console, "/admin/demo/keys"),
    page(Console, "/admin/demo/keys/rotate?alg=ES256"),
    page(Console, "/admin/demo/settings"),
    page(Console, "/admin/demo/settings/sessions"),
    page(Console, "/admin/demo/settings/sessions")
        .after(&[Write("#sessions-idle-timeout", "1m"), Click("#save")]),
    page(Console, "/admin/demo/settings/tokens"),
    page(Console, "/admin/demo/settings/apps"),
    page(Console, "/admin/demo/settings/networks"),
    page(Console, "/admin/demo/settings/retention"),
    page(Console, "/admin/other/sessions").answers(403),
    // The administrator of the server.
    page(Server, "/admin"),
    page(Server, "/admin/new"),
    page(Server, "/admin/other/disable"),
    page(Server, "/admin/other/delete"),
    page(Server, "/admin/other/sessions"),
];

/// How wide the window is and which scheme it has where a page is judged.
const LOOKS: [(u32, &str); 4] = [
    (1440, "light"),
    (1440, "dark"),
    (390, "dark"),
    (390, "light"),
];
/// Where only its width is measured.
const WIDTHS: [u32; 2] = [320, 1920];
const LIMIT: Duration = Duration::from_secs(15);

/// What a page violates of its policy is kept on it.
const LISTENER: &str = "window.violations = [];
addEventListener('securitypolicyviolation', (e) =>
  window.violations.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample), true);";

const JUDGE: &str = "const done = arguments[0];
const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(
  (found) => done(found.violations.flatMap((v) => v.nodes.map((n) =>
    v.id + ': ' + n.target.join(' ') + ': ' + n.failureSummary.replace(/\\s+/g, ' ')))),
  (error) => done(['axe: ' + error]));";

/// axe-core's program, fetched once.
fn axe() -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/axe");
    let modules = npm::packages("axe", &source);
    std::fs::read_to_string(modules.join("axe-core/axe.min.js")).expect("axe-core")
}

fn strings(value: Value) -> Vec<String> {
    let all = value.as_array().cloned().unwrap_or_default();
    all.iter()
        .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
        .collect()
}

/// How far the page reaches beyond the window, and what reaches there.
const WIDER: &str = "(() => {
  const wide = document.documentElement.scrollWidth, room = innerWidth;
  if (wide <= room) return [];
  const scrolls = (e) => e && (getComputedStyle(e).overflowX !== 'visible' || scrolls(e.parentElement));
  const out = [...document.querySelectorAll('body *')].filter((e) =>
    e.getBoundingClientRect().right > room + 1 && !scrolls(e.parentElement));
  return [wide + ' px of ' + room + ': ' + out.slice(-3).map((e) => e.tagName + '.' + e.className).join(', ')];
})()";

/// Opens a page and does its steps.
async fn opened(chromium: &Chromium, stage: &Stage, page: &Page) -> Result<(), String> {
    chromium.goto(&stage.address(page.at)).await;
    let status = "performance.getEntriesByType('navigation')[0].responseStatus";
    let status = chromium.value(status).await.as_u64().unwrap_or_default();
    if status != page.status {
        return Err(format!("answers {status}, not {}", page.status));
    }
    if !chromium.has("main").await {
        return Err("is empty".to_owned());
    }
    for step in page.steps {
        let before = chromium.place().await;
        match step {
            Click(css) => chromium.click(css).await,
            Write(css, text) => chromium.write(css, text).await,
        }
        if let Click("#login-submit" | "#invalidate-selected" | "#device-submit") = step {
            chromium.find("main").await;
            until("the next page", LIMIT, async || {
                chromium.place().await != before || chromium.has("[role=alert]").await
            })
            .await;
        }
    }
    chromium.find("main").await;
    Ok(())
}

/// What is wrong with a page.
async fn judged(chromium: &mut Chromium, stage: &Stage, page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    chromium.look(LOOKS[0].0, LOOKS[0].1).await;
    if let Err(error) = opened(chromium, stage, page).await {
        return vec![error];
    }
    for (width, scheme) in LOOKS {
        chromium.look(width, scheme).await;
        let found = chromium.driver.execute_async(JUDGE, vec![]).await;
        let found = found.expect("axe's verdict").json().clone();
        let wider = chromium.value(WIDER).await;
        let found = strings(found).into_iter().chain(strings(wider));
        wrong.extend(found.map(|what| format!("{width} {scheme}: {what}")));
    }
    for width in WIDTHS {
        chromium.look(width, "light").await;
        wrong.extend(strings(chromium.value(WIDER).await));
    }
    wrong.extend(strings(chromium.value("window.violations").await));
    wrong.extend(chromium.violations().await);
    wrong
}

/// What is wrong with a page whose scripts do not run.
async fn plain(chromium: &mut Chromium, stage: &Stage, page: &Page) -> Vec<String> {
    chromium.goto(&stage.address(page.at)).await;
    if !chromium.has("main h1").await {
        return vec!["without scripts there is no main part with a heading".to_owned()];
    }
    let mut wrong = Vec::new();
    for width in [390, 1440] {
        chromium.look(width, "light").await;
        wrong.extend(strings(chromium.value(WIDER).await));
    }
    if chromium.has("html[data-script]").await {
        wrong.push("a script ran".to_owned());
    }
    wrong.extend(chromium.violations().await);
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_sound() {
    let asked = std::env::var("PAGES").unwrap_or_default();
    let pages = || PAGES.iter().filter(|page| page.at.contains(&asked));
    let stage = Stage::set().await;
    let driver = Driver::start().await;
    let mut chromium = Chromium::open(&driver, true).await;
    chromium.before_each_page(LISTENER).await;
    chromium.before_each_page(&axe()).await;
    chromium.driver.set_script_timeout(LIMIT * 2).await.unwrap();

    let mut who = Nobody;
    let mut wrong = String::new();
    let mut note = |page: &Page, what: &str| wrong.push_str(&format!("{}: {what}\n", page.at));
    for page in pages() {
        if page.who != who {
            stage.sign_in(&chromium, page.who).await;
            who = page.who;
        }
        let found = judged(&mut chromium, &stage, page).await;
        found.iter().for_each(|what| note(page, what));
    }
    // The same person's pages without scripts, in the other order: nobody has to sign in again in between.
    chromium.scripts(false).await;
    for page in pages().rev() {
        if page.who != who {
            chromium.scripts(true).await;
            stage.sign_in(&chromium, page.who).await;
            chromium.scripts(false).await;
            who = page.who;
        }
        if page.steps.is_empty() {
            let found = plain(&mut chromium, &stage, page).await;
            found.iter().for_each(|what| note(page, what));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    chromium.driver.quit().await.unwrap();
}
