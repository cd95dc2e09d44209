//! What must be over is over at every endpoint; what must live lives at every endpoint; the receipt says which.

use serde_json::Value;

use super::cast::{Cast, EVERYBODY, Held, Who};
use super::causes::Outcome;
use crate::support::{App, Operator, Tokens};

/// The whole promise. Safe to ask again: after a restart it must still hold.
pub async fn everything(cast: &mut Cast, outcome: &Outcome, reason: &str) {
    for who in EVERYBODY {
        let over = outcome.over.contains(&who);
        let web_over = over || outcome.web_over.contains(&who);
        if web_over {
            grant_is_over(&cast.web, &cast.held(who).web, reason).await;
        }
        if over {
            session_is_over(cast, cast.held(who)).await;
            offline_grant(cast, who, outcome.offline).await;
        } else {
            session_lives(cast, who, web_over).await;
        }
    }
    for tokens in &outcome.web_lives {
        cast.web.userinfo(&tokens.access).await.expect(200);
    }
    let (app, browser, tokens) = &mut cast.namesake;
    assert_eq!(
        app.silent_error(browser).await,
        None,
        "another realm's session"
    );
    grant_lives(app, tokens).await;
    receipt(cast, outcome, reason).await;
}

/// P5: whoever was signed out comes back with credentials only, and the ID token says when they were given.
pub async fn fresh_sign_in(cast: &mut Cast, outcome: &Outcome) {
    for who in &outcome.over {
        let held = cast.held(*who);
        let password = format!("{}-password", held.username);
        let page = held
            .browser
            .open(cast.web.begin(&["profile"]).url.as_str())
            .await;
        if outcome.gone || outcome.password.is_some() {
            let page = held
                .browser
                .log_in(&page, held.username, &password, false)
                .await;
            assert_eq!(page.text("login-error"), "Invalid username or password.");
        }
        if outcome.gone {
            continue;
        }
        let password = outcome.password.map_or(password, str::to_owned);
        let tokens = cast
            .web
            .sign_in(&held.browser, held.username, &password, &["profile"], false)
            .await;
        assert!(
            tokens.auth_time >= outcome.cut,
            "auth_time {} is before {}",
            tokens.auth_time,
            outcome.cut
        );
        assert_ne!(tokens.sid, held.sid(), "a new session, not the old one");
    }
}

/// P1 to P4 for one session.
async fn session_is_over(cast: &Cast, held: &Held) {
    let page = held
        .browser
        .copy()
        .open(cast.web.begin(&["profile"]).url.as_str())
        .await;
    assert!(page.is_login(), "the cookie still leads somewhere: {page}");
    // A thief's copy, and the browser itself.
    for browser in [&held.browser.copy(), &held.browser] {
        assert_eq!(
            cast.web.silent_error(browser).await.as_deref(),
            Some("login_required")
        );
    }
    if let Some(page) = &held.consent {
        let answer = held
            .browser
            .submit(page, page.form("consent-form").press("consent-allow"))
            .await;
        assert_eq!(
            answer.answered("code"),
            None,
            "an open form finished: {answer}"
        );
    }
    if let Some((code, verifier)) = &held.code {
        let answer = cast.web.try_exchange(code, verifier).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (400, "invalid_grant"),
            "{}",
            answer.text
        );
    }
    if let Some(code) = &held.device {
        let answer = cast.tv.poll(code).await.expect(400);
        // A clock that was moved ended the code by itself, and its memory.
        let refused: &[&str] = if cast.moved {
            &["expired_token", "invalid_grant"]
        } else {
            &["access_denied"]
        };
        assert!(
            refused.contains(&answer.error().as_str()),
            "a device gets tokens of a session that is over: {}",
            answer.text
        );
    }
    let admin = Operator::bearer(&cast.server.url, "demo", &held.panel.access);
    assert_eq!(admin.get("/sessions").await.status, 401, "the admin API");
    grant_is_over(&cast.panel, &held.panel, "with its session").await;
}

/// An offline grant goes with an administrator's sign-out and outlives a user's own.
async fn offline_grant(cast: &mut Cast, who: Who, over: bool) {
    let mut notes = cast.held(who).notes.clone();
    if over {
        return grant_is_over(&cast.notes, &notes, "offline").await;
    }
    grant_lives(&cast.notes, &mut notes).await;
    cast.held_mut(who).notes = notes;
}

/// P2 and P3 for one grant.
async fn grant_is_over(app: &App, tokens: &Tokens, why: &str) {
    let answer = app.try_refresh(&tokens.refresh).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (400, "invalid_grant"),
        "{why}: {}",
        answer.text
    );
    assert_eq!(
        answer.json()["error_description"],
        "Session not active",
        "{why}"
    );
    for token in [&tokens.access, &tokens.refresh] {
        let answer = app.introspect(token).await.expect(200);
        assert_eq!(answer.text, r#"{"active":false}"#, "{why}");
    }
    let answer = app.userinfo(&tokens.access).await;
    assert_eq!(answer.status, 401, "{why}: {}", answer.text);
    assert!(
        answer.header("www-authenticate").contains("invalid_token"),
        "{:?}",
        answer.headers
    );
}

/// P11: what was not in scope goes on as if nothing had happened.
async fn session_lives(cast: &mut Cast, who: Who, web_over: bool) {
    let url = cast.server.url.clone();
    let moved = cast.moved;
    let held = cast.held(who);
    assert_eq!(
        cast.web.silent_error(&held.browser).await,
        None,
        "{who:?} was signed out too"
    );
    let (mut web, mut notes, mut panel) =
        (held.web.clone(), held.notes.clone(), held.panel.clone());
    if !web_over {
        grant_lives(&cast.web, &mut web).await;
    }
    grant_lives(&cast.notes, &mut notes).await;
    grant_lives(&cast.panel, &mut panel).await;
    if held.username == "alice" {
        assert_eq!(
            Operator::bearer(&url, "demo", &panel.access)
                .get("/sessions")
                .await
                .status,
            200
        );
    }
    let held = cast.held_mut(who);
    (held.web, held.notes, held.panel) = (web, notes, panel);
    let (code, consent) = (held.code.take(), held.consent.take());
    let device = held.device.take();
    if moved {
        return;
    }
    if let Some((code, verifier)) = code {
        cast.web.try_exchange(&code, &verifier).await.expect(200);
    }
    if let Some(code) = device {
        cast.tv.poll(&code).await.expect(200);
    }
    if let Some(page) = consent {
        let browser = &cast.held(who).browser;
        let answer = browser
            .submit(&page, page.form("consent-form").press("consent-allow"))
            .await;
        assert!(
            answer.answered("code").is_some(),
            "{who:?}'s open form: {answer}"
        );
    }
}

async fn grant_lives(app: &App, tokens: &mut Tokens) {
    *tokens = app.refresh(tokens).await;
    assert_eq!(
        app.introspect(&tokens.access).await.expect(200).json()["active"],
        true
    );
    let about = app.userinfo(&tokens.access).await.expect(200).json();
    assert_eq!(about["sub"], tokens.sub.as_str());
}

/// The act is in the audit log: once, by whom the receipt says, and with the reason in words.
async fn audit(ops: &Operator, receipt: &Value, reason: &str) {
    let id = receipt["id"].as_str().expect("an id");
    let records = ops.get(&format!("/audit?target={id}")).await.expect(200);
    let records = records.json()["records"].clone();
    let [record] = records.as_array().expect("records").as_slice() else {
        panic!("{reason} is not once in the audit log: {records}")
    };
    assert_eq!(record["actor"], receipt["actor"], "{reason}");
    let words = receipt["reasonText"].as_str().expect("words");
    let detail = record["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with(words), "{reason}: {record}");
    let action = record["action"].as_str().unwrap_or_default();
    assert!(
        ["sessions.invalidate", "grant.revoke"].contains(&action),
        "{record}"
    );
}

/// P7: the receipt exists, names the reason, lists the sessions and says of every app what is known. And the sessions
/// themselves stay visible, with their end.
async fn receipt(cast: &Cast, outcome: &Outcome, reason: &str) {
    let ops = cast.ops();
    let receipts = ops.receipts(reason).await;
    let [receipt] = receipts.as_slice() else {
        panic!("{} receipts of {reason}: {receipts:?}", receipts.len())
    };
    let listed = |name: &str| receipt[name].as_array().cloned().unwrap_or_default();
    let ended: Vec<Value> = listed("sessions")
        .into_iter()
        .filter(|s| s["outcome"] == "ended")
        .collect();
    let sids: Vec<&str> = ended.iter().filter_map(|s| s["id"].as_str()).collect();
    for who in &outcome.over {
        let sid = cast.held(*who).sid();
        assert!(
            sids.contains(&sid),
            "{sid} is not on the receipt: {receipt}"
        );
        let session = ops.session(sid).await;
        assert_eq!(
            (&session["state"], &session["endReason"]),
            (&"ended".into(), &reason.into()),
            "{session}"
        );
        assert_eq!(session["signOutId"], receipt["id"], "{session}");
        assert!(session["endedAt"].is_string(), "{session}");
    }
    assert_eq!(sids.len(), outcome.over.len(), "{receipt}");
    audit(&ops, receipt, reason).await;
    let apps = listed("apps");
    let told = if outcome.over.is_empty() {
        vec!["web"]
    } else {
        vec!["web", "notes", "panel"]
    };
    for client_id in told {
        let app = apps.iter().find(|a| a["clientId"] == client_id);
        let app = app.unwrap_or_else(|| panic!("{client_id} is not on the receipt: {receipt}"));
        match app["state"].as_str() {
            Some("bounded") => assert!(app["boundUntil"].is_string(), "{app}"),
            Some("not_capable") => assert!(app["boundUntil"].is_null(), "{app}"),
            other => panic!("{client_id} is {other:?}: {receipt}"),
        }
        // Its access token had not run out when the clock was not moved, and had when it was.
        if !(outcome.offline || client_id == "web") {
            continue;
        }
        assert_eq!(app["state"] == "bounded", !cast.moved, "{app}");
    }
}
