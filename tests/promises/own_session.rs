//! P8: the asking administrator's own current session survives any selection, and is reported as protected.

use serde_json::{Value, json};

use crate::support::{App, Browser, Engine, Operator, Page, TestServer, Tokens};

/// dana at work with a console and an app, dana at home, and alice.
struct Office {
    server: TestServer,
    web: App,
    work: Browser,
    dana: Operator,
    own: Tokens,
}

impl Office {
    async fn open(engine: Engine) -> Office {
        let server = TestServer::start(engine).await;
        let work = Browser::default();
        let (dana, own) = Operator::person(&server.url, &work, "dana").await;
        let web = server.app("web").await;
        Office {
            server,
            web,
            work,
            dana,
            own,
        }
    }

    /// Somebody signs in on a fresh device.
    async fn somebody(&self, who: &str) -> (Browser, Tokens) {
        let browser = Browser::default();
        let password = format!("{who}-password");
        let tokens = self
            .web
            .sign_in(&browser, who, &password, &["offline_access"], true)
            .await;
        (browser, tokens)
    }

    async fn own_lives(&self, after: &str) {
        assert_eq!(
            self.dana.get("/sessions").await.status,
            200,
            "dana's token, after {after}"
        );
        assert_eq!(
            self.web.silent_error(&self.work).await,
            None,
            "dana's cookie, after {after}"
        );
    }

    async fn is_over(&self, (browser, tokens): &(Browser, Tokens), after: &str) {
        assert_eq!(
            self.web.silent_error(browser).await.as_deref(),
            Some("login_required"),
            "after {after}"
        );
        assert_eq!(
            self.web.try_refresh(&tokens.refresh).await.error(),
            "invalid_grant",
            "after {after}"
        );
    }

    /// The console's list, or whatever page a browser gets there.
    async fn console(&self, query: &str) -> Page {
        self.work
            .open(&format!("{}/admin/demo/sessions{query}", self.server.url))
            .await
    }

    /// Confirms on the preview; answers the receipt's page.
    async fn confirm(&self, preview: Page) -> Page {
        assert!(preview.html().has("confirm-yes"), "no preview: {preview}");
        let form = preview
            .form("confirm-form")
            .fill("reason", "other")
            .press("confirm-yes");
        self.work.submit(&preview, form).await
    }
}

fn holds(list: &Value, sid: &str) -> bool {
    list.as_array()
        .is_some_and(|all| all.iter().any(|s| s == sid || s["id"] == sid))
}

/// Whether an answer of the API says that this session was left out because it is the asker's own.
fn is_protected(answer: &Value, sid: &str) -> bool {
    let outcome = |s: &Value| s["id"] == sid && s["outcome"] == "protected";
    holds(&answer["protected"], sid)
        || answer["sessions"]
            .as_array()
            .is_some_and(|all| all.iter().any(outcome))
}

/// Each on one server and on several, whose nodes are asked in turn.
macro_rules! everywhere {
    ($($property:ident,)*) => {
        mod on_one {
            use super::*;
            $(#[tokio::test] async fn $property() { super::$property(Engine::Memory).await })*
        }
        mod on_several {
            use super::*;
            $(#[tokio::test] async fn $property() {
                if Engine::Nodes.is_there() { super::$property(Engine::Nodes).await }
            })*
        }
    };
}

everywhere! {
    only_ones_own_session_selected_is_a_conflict,
    no_selection_of_the_api_ends_ones_own_session,
    no_call_of_the_keycloak_set_ends_ones_own_session,
    the_console_offers_no_box_for_ones_own_session_and_refuses_a_forged_one,
    select_all_in_the_console_keeps_ones_own_session,
    signing_out_on_purpose_ends_ones_own_session,
}

async fn only_ones_own_session_selected_is_a_conflict(engine: Engine) {
    let office = Office::open(engine).await;
    let select = json!({ "select": { "sessions": [office.own.sid] } });
    let answer = office.dana.post("/signouts", &select).await.expect(409);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/problem+json"),
        "{:?}",
        answer.headers
    );
    assert!(answer.json()["type"].is_string(), "{}", answer.text);
    let mut dry = select;
    dry["dryRun"] = true.into();
    office.dana.post("/signouts", &dry).await.expect(409);
    office.own_lives("a conflict").await;
}

async fn no_selection_of_the_api_ends_ones_own_session(engine: Engine) {
    let office = Office::open(engine).await;
    let dana_id = office.own.sub.clone();
    for kind in ["mixed", "users", "clients", "filter", "wide filter", "all"] {
        // dana uses the app in this session too, so that a selection by app holds it.
        office
            .web
            .sign_in_silently(&office.work, &["profile"])
            .await;
        let (alice, home) = (
            office.somebody("alice").await,
            office.somebody("dana").await,
        );
        let select = match kind {
            "mixed" => json!({ "sessions": [office.own.sid, alice.1.sid, home.1.sid] }),
            "users" => json!({ "users": [dana_id, alice.1.sub] }),
            "clients" => json!({ "clients": ["web"] }),
            "filter" => json!({ "filter": "client:web" }),
            "wide filter" => json!({ "filter": "ip:127.0.0.0/8" }),
            _ => json!({ "all": true }),
        };
        let plan = office
            .dana
            .post("/signouts", &json!({ "select": select, "dryRun": true }))
            .await
            .expect(200)
            .json();
        assert!(
            is_protected(&plan, &office.own.sid),
            "{kind}: the plan is silent: {plan}"
        );
        assert_eq!(
            office.web.silent_error(&alice.0).await,
            None,
            "{kind}: a plan ended something"
        );
        let made = office.dana.sign_out(select).await;
        assert!(
            is_protected(&made, &office.own.sid),
            "{kind}: the answer is silent: {made}"
        );
        let id = made["id"].as_str().unwrap();
        let receipt = office
            .dana
            .get(&format!("/signouts/{id}"))
            .await
            .expect(200)
            .json();
        assert!(
            is_protected(&receipt, &office.own.sid),
            "{kind}: the receipt is silent: {receipt}"
        );
        office.own_lives(kind).await;
        office.is_over(&alice, kind).await;
        office.is_over(&home, kind).await;
        let own = office.dana.session(&office.own.sid).await;
        assert_eq!(
            (&own["state"], &own["current"]),
            (&"active".into(), &true.into()),
            "{kind}: {own}"
        );
    }
}

async fn no_call_of_the_keycloak_set_ends_ones_own_session(engine: Engine) {
    let office = Office::open(engine).await;
    let answer = office
        .dana
        .delete(&format!("/sessions/{}", office.own.sid))
        .await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    office.own_lives("DELETE /sessions/{own}").await;
    let home = office.somebody("dana").await;
    let answer = office
        .dana
        .post(&format!("/users/{}/logout", office.own.sub), &json!({}))
        .await
        .expect(204);
    assert!(
        !answer.header("realmkeep-signout").is_empty(),
        "{:?}",
        answer.headers
    );
    office.own_lives("users/{id}/logout").await;
    office.is_over(&home, "users/{id}/logout").await;
    let alice = office.somebody("alice").await;
    office
        .dana
        .post("/logout-all", &json!({}))
        .await
        .expect(200);
    office.own_lives("logout-all").await;
    office.is_over(&alice, "logout-all").await;
}

async fn the_console_offers_no_box_for_ones_own_session_and_refuses_a_forged_one(engine: Engine) {
    let office = Office::open(engine).await;
    let alice = office.somebody("alice").await;
    let list = office.console("").await;
    let rows = list.html().all("tr", "data-session-id");
    let row = |sid: &str| {
        rows.iter()
            .find(|r| r.attribute("data-session-id") == Some(sid))
            .unwrap_or_else(|| panic!("{list}"))
    };
    // The console is an app of its own: the browser's session is the one that it shows as current.
    let current: Vec<_> = rows
        .iter()
        .filter(|r| r.attribute("data-current") == Some("true"))
        .collect();
    assert_eq!(current.len(), 1, "{list}");
    assert_eq!(
        current[0].attribute("data-session-id"),
        Some(office.own.sid.as_str())
    );
    assert_eq!(row(&alice.1.sid).attribute("data-user"), Some("alice"));
    let boxes = list.html().all("input", "disabled");
    assert!(
        boxes
            .iter()
            .any(|b| b.attribute("value") == Some(office.own.sid.as_str())),
        "own box: {list}"
    );

    let mut form = list
        .html()
        .form_around("invalidate-selected")
        .expect("the selection's form");
    form.fields.push(("sid".to_owned(), office.own.sid.clone()));
    let refused = office.work.submit(&list, form.clone()).await;
    assert!(
        !refused.html().has("confirm-yes") || !refused.body.contains(">Invalidate 1 session"),
        "{refused}"
    );
    office.own_lives("a forged selection of only oneself").await;

    let form = form.tick("sid", &alice.1.sid);
    let preview = office.work.submit(&list, form).await;
    let receipt = office.confirm(preview).await;
    assert!(
        receipt.url.path().starts_with("/admin/demo/signouts/"),
        "{receipt}"
    );
    let outcomes = receipt.html().all("li", "data-outcome");
    let outcome = |sid: &str| {
        let found = outcomes
            .iter()
            .find(|o| o.attribute("data-session-id") == Some(sid));
        found
            .and_then(|o| o.attribute("data-outcome"))
            .map(str::to_owned)
    };
    assert_eq!(outcome(&alice.1.sid).as_deref(), Some("ended"), "{receipt}");
    assert_eq!(
        outcome(&office.own.sid).as_deref(),
        Some("protected"),
        "{receipt}"
    );
    office.own_lives("a forged mixed selection").await;
    office.is_over(&alice, "the console").await;
}

async fn select_all_in_the_console_keeps_ones_own_session(engine: Engine) {
    let office = Office::open(engine).await;
    let (alice, home) = (
        office.somebody("alice").await,
        office.somebody("dana").await,
    );
    // With a filter the whole of it is offered, also when one page shows it all.
    let list = office.console("?client=web").await;
    let form = list
        .html()
        .form_around("select-all")
        .unwrap_or_else(|| panic!("no select-all: {list}"));
    let preview = office.work.submit(&list, form.press("select-all")).await;
    office.confirm(preview).await;
    office.own_lives("select all").await;
    office.is_over(&alice, "select all").await;
    office.is_over(&home, "select all").await;
}

async fn signing_out_on_purpose_ends_ones_own_session(engine: Engine) {
    let office = Office::open(engine).await;
    let list = office.console("").await;
    let form = list
        .html()
        .form_around("sign-out")
        .unwrap_or_else(|| panic!("no sign-out: {list}"));
    office.work.submit(&list, form.press("sign-out")).await;
    assert_eq!(
        office.web.silent_error(&office.work).await.as_deref(),
        Some("login_required")
    );
    assert_eq!(office.dana.get("/sessions").await.status, 401);
}
