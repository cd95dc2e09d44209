//! The administrator's console as a browser without scripts sees it.

mod pages;

use crate::support::browser::LAPTOP;
use crate::support::{App, Browser, Engine, Page, TestServer, Tokens};

struct Desk {
    server: TestServer,
    web: App,
    dana: Browser,
}

impl Desk {
    async fn open() -> Desk {
        let server = TestServer::start(Engine::Memory).await;
        let web = server.app("web").await;
        let desk = Desk {
            server,
            web,
            dana: Browser::new(LAPTOP),
        };
        let page = desk.get("/sessions").await;
        assert!(page.is_login(), "the console asks for credentials: {page}");
        let page = desk
            .dana
            .log_in(&page, "dana", "dana-password", false)
            .await;
        assert!(
            page.html().has("session-search"),
            "the console after login: {page}"
        );
        desk
    }

    async fn get(&self, path: &str) -> Page {
        self.dana
            .open(&format!("{}/admin/demo{path}", self.server.url))
            .await
    }

    async fn somebody(&self, who: &str) -> (Browser, Tokens) {
        let browser = Browser::default();
        let tokens = self
            .web
            .sign_in(
                &browser,
                who,
                &format!("{who}-password"),
                &["profile"],
                false,
            )
            .await;
        (browser, tokens)
    }

    /// Neither the cookie nor the refresh token is good any more.
    async fn is_over(&self, browser: &Browser, tokens: &Tokens) {
        assert_eq!(
            self.web.silent_error(browser).await.as_deref(),
            Some("login_required")
        );
        assert_eq!(
            self.web.try_refresh(&tokens.refresh).await.error(),
            "invalid_grant"
        );
    }
}

fn row_of(page: &Page, sid: &str) -> Option<crate::support::html::Element> {
    page.html()
        .all("tr", "data-session-id")
        .into_iter()
        .find(|r| r.attribute("data-session-id") == Some(sid))
}

#[tokio::test]
async fn search_select_confirm_receipt() {
    let desk = Desk::open().await;
    let (browser, alice) = desk.somebody("alice").await;
    let (bobs, bob) = desk.somebody("bob").await;
    let list = desk.get("/sessions").await;
    let form = list.form("filters").fill("q", "ali");
    let found = desk.dana.submit(&list, form).await;
    let row = row_of(&found, &alice.sid).unwrap_or_else(|| panic!("{found}"));
    assert_eq!(
        (row.attribute("data-user"), row.attribute("data-current")),
        (Some("alice"), Some("false"))
    );
    assert!(
        row.text.contains("Alice Adams")
            && row.text.contains("127.0.0.1")
            && row.text.contains("Web Shop"),
        "{}",
        row.text
    );
    assert!(row_of(&found, &bob.sid).is_none(), "{found}");
    let form = found
        .html()
        .form_around("invalidate-selected")
        .unwrap()
        .tick("sid", &alice.sid);
    let preview = desk.dana.submit(&found, form).await;
    assert!(preview.body.contains("Invalidate 1 session?"), "{preview}");
    assert!(
        preview.body.contains("Web Shop"),
        "the gap is named: {preview}"
    );
    assert_eq!(
        desk.web.silent_error(&browser).await,
        None,
        "the preview ended it"
    );
    let form = preview
        .form("confirm-form")
        .fill("reason", "lost_device")
        .fill("note", "<i>42</i>")
        .press("confirm-yes");
    let receipt = desk.dana.submit(&preview, form).await;
    assert_eq!(receipt.status, 200, "{receipt}");
    assert!(
        receipt.url.path().starts_with("/admin/demo/signouts/"),
        "a page with an address: {}",
        receipt.url
    );
    let apps = receipt.html().all("tr", "data-client-id");
    let app = apps
        .iter()
        .find(|a| a.attribute("data-client-id") == Some("web"))
        .unwrap_or_else(|| panic!("{receipt}"));
    assert!(
        matches!(
            app.attribute("data-status"),
            Some("bounded" | "not_capable")
        ),
        "{receipt}"
    );
    assert!(
        receipt.html().has("receipts") && !receipt.body.contains("<i>42</i>"),
        "{receipt}"
    );
    desk.is_over(&browser, &alice).await;
    assert_eq!(desk.web.silent_error(&bobs).await, None);
    // The same receipt stays where it is, and is in the list; the session is among the ended.
    let id = receipt.url.path().rsplit('/').next().unwrap().to_owned();
    assert!(
        desk.get(&format!("/signouts/{id}"))
            .await
            .html()
            .has("receipts")
    );
    assert!(desk.get("/signouts").await.body.contains(&id));
    assert!(row_of(&desk.get("/sessions?state=ended").await, &alice.sid).is_some());
    assert!(row_of(&desk.get("/sessions").await, &alice.sid).is_none());
}

#[tokio::test]
async fn a_confirmation_is_not_possible_without_a_reason() {
    let desk = Desk::open().await;
    let (browser, alice) = desk.somebody("alice").await;
    let list = desk.get("/sessions").await;
    let form = list
        .html()
        .form_around("invalidate-selected")
        .unwrap()
        .tick("sid", &alice.sid);
    let preview = desk.dana.submit(&list, form).await;
    let again = desk
        .dana
        .submit(&preview, preview.form("confirm-form").press("confirm-yes"))
        .await;
    assert!(
        again.html().has("confirm-yes") && again.html().has("reason-error"),
        "{again}"
    );
    assert_eq!(desk.web.silent_error(&browser).await, None);
    let nothing = desk
        .dana
        .submit(
            &list,
            list.html().form_around("invalidate-selected").unwrap(),
        )
        .await;
    assert!(
        !nothing.html().has("confirm-yes") && nothing.status < 500,
        "an empty selection: {nothing}"
    );
}

#[tokio::test]
async fn a_search_that_finds_nothing_says_whether_the_person_exists() {
    let desk = Desk::open().await;
    let nobody = desk.get("/sessions?q=zzz").await;
    assert!(
        nobody
            .text("session-not-found")
            .contains("No session and no user match"),
        "{nobody}"
    );
    let known = desk.get("/sessions?q=bob").await;
    let text = known.text("session-not-found");
    assert!(
        text.contains("bob") && text.contains("not signed in"),
        "{text}"
    );
    let wrong = desk.get("/sessions?ip=nonsense").await;
    assert!(wrong.text("filter-problem").contains("nonsense"), "{wrong}");
    let injected = desk
        .get("/sessions?q=%3Cscript%3Ealert(1)%3C/script%3E")
        .await;
    assert!(
        injected.status < 500 && !injected.body.contains("<script>alert"),
        "{injected}"
    );
}

#[tokio::test]
async fn what_people_and_browsers_call_themselves_is_text_and_nothing_else() {
    let text = crate::support::realms::DEMO.replace("Bob Brown", "<img src=x onerror=alert(1)>");
    let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
    let web = server.app("web").await;
    let bob = Browser::new("<script>alert(2)</script>");
    let tokens = web.sign_in(&bob, "bob", "bob-password", &[], false).await;
    let dana = Browser::default();
    let page = dana
        .open(&format!("{}/admin/demo/sessions?details=1", server.url))
        .await;
    let list = dana.log_in(&page, "dana", "dana-password", false).await;
    let detail = dana
        .open(&format!(
            "{}/admin/demo/sessions/{}",
            server.url, tokens.sid
        ))
        .await;
    for page in [list, detail] {
        assert!(
            page.body.contains("&#60;img") || page.body.contains("&lt;img"),
            "the name is shown: {page}"
        );
        assert!(
            !page.body.contains("<img src=x") && !page.body.contains("<script>alert"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn whoever_has_no_role_sees_nothing_of_the_console() {
    let desk = Desk::open().await;
    let bob = Browser::default();
    let page = bob
        .open(&format!("{}/admin/demo/sessions", desk.server.url))
        .await;
    let page = bob.log_in(&page, "bob", "bob-password", false).await;
    assert!(
        !page.html().has("session-search") && !page.html().has("sessions"),
        "{page}"
    );
    let page = bob
        .open(&format!("{}/admin/demo/sessions", desk.server.url))
        .await;
    assert!(
        (400..500).contains(&page.status) && !page.html().has("sessions"),
        "{page}"
    );
    // dana rules over demo, not over other.
    let page = desk
        .dana
        .open(&format!("{}/admin/other/sessions", desk.server.url))
        .await;
    assert!(!page.html().has("session-search"), "{page}");
}

#[tokio::test]
async fn a_viewer_sees_sessions_and_ends_none() {
    let desk = Desk::open().await;
    let (bobs, bob) = desk.somebody("bob").await;
    let alice = Browser::default();
    let page = alice
        .open(&format!("{}/admin/demo/sessions", desk.server.url))
        .await;
    let list = alice.log_in(&page, "alice", "alice-password", false).await;
    assert!(
        row_of(&list, &bob.sid).is_some(),
        "a sessions-viewer sees them: {list}"
    );
    // Whatever the page offers, the server decides.
    let theirs = desk.get("/sessions").await;
    let mut form = theirs
        .html()
        .form_around("invalidate-selected")
        .unwrap()
        .tick("sid", &bob.sid);
    for name in ["csrf"] {
        if let Some(token) = list
            .html()
            .form_around("sign-out")
            .and_then(|f| f.value(name).map(str::to_owned))
        {
            form = form.fill(name, &token);
        }
    }
    let preview = alice.submit(&list, form.clone()).await;
    assert!(!preview.html().has("confirm-yes"), "{preview}");
    form.action = "/admin/demo/signouts".to_owned();
    let act = alice.submit(&list, form.fill("reason", "other")).await;
    assert!((400..500).contains(&act.status), "{act}");
    assert_eq!(desk.web.silent_error(&bobs).await, None);
}

#[tokio::test]
async fn a_forged_form_ends_nothing() {
    let desk = Desk::open().await;
    let (browser, alice) = desk.somebody("alice").await;
    let list = desk.get("/sessions").await;
    let form = list
        .html()
        .form_around("invalidate-selected")
        .unwrap()
        .tick("sid", &alice.sid);
    let preview = desk.dana.submit(&list, form).await;
    let form = preview
        .form("confirm-form")
        .fill("reason", "other")
        .press("confirm-yes");
    let refused = desk
        .dana
        .submit(&preview, form.clone().fill("csrf", "forged"))
        .await;
    assert!((400..500).contains(&refused.status), "{refused}");
    let stranger = Browser::default();
    let refused = stranger.submit(&preview, form).await;
    assert!(
        refused.is_login() || (400..500).contains(&refused.status),
        "{refused}"
    );
    assert_eq!(desk.web.silent_error(&browser).await, None);
}

#[tokio::test]
async fn an_administrator_whose_session_is_ended_is_out_of_the_console_at_once() {
    let desk = Desk::open().await;
    let dana = desk.server.ops().user_id("dana").await;
    desk.server
        .ops()
        .sign_out(serde_json::json!({ "users": [dana] }))
        .await;
    assert!(desk.get("/sessions").await.is_login());
}

#[tokio::test]
async fn a_name_or_an_email_finds_who_is_searched_by_username() {
    let desk = Desk::open().await;
    let (_browser, alice) = desk.somebody("alice").await;
    for (typed, by) in [
        ("Adams", "By name:"),
        ("alice adams", "By name:"),
        ("alice@example.com", "By email:"),
    ] {
        let list = desk.get("/sessions").await;
        let form = list.form("filters").fill("q", typed);
        let found = desk.dana.submit(&list, form).await;
        assert_eq!(found.status, 200, "{found}");
        assert!(found.body.contains(by), "{typed}: {found}");
        assert!(found.html().has("session-not-found"), "{typed}: {found}");
        let to = "/admin/demo/sessions?q=user%3Aalice";
        assert!(found.body.contains(to), "{typed}: {found}");
        let theirs = desk.get("/sessions?q=user%3Aalice").await;
        assert!(row_of(&theirs, &alice.sid).is_some(), "{theirs}");
    }
    let away = desk.get("/sessions?q=brown").await;
    assert!(away.body.contains("Bob Brown</a>"), "{away}");
    assert!(away.body.contains("(bob), not signed in"), "{away}");
}
