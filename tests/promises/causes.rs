//! How each reason comes about, always through the front door, and what it must end.

use std::time::Duration;

use realmkeep::Span;
use serde_json::json;

use super::cast::{Cast, EVERYBODY, Who};
use crate::support::{Answer, Browser, Tokens, until};

/// What an act must have ended. Whatever is not named here must live.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Whose sessions are over, with everything that needs a session.
    pub over: Vec<Who>,
    /// Whether their offline grants are over too.
    pub offline: bool,
    /// Grants to `web` that are over although their session lives.
    pub web_over: Vec<Who>,
    /// More grants of `web` that must live.
    pub web_lives: Vec<Tokens>,
    /// What the password is now, when it was changed.
    pub password: Option<&'static str>,
    /// Whether the person cannot sign in again.
    pub gone: bool,
    /// When, in seconds.
    pub cut: u64,
}

/// Sessions with everything that hangs on them.
fn everything(cast: &Cast, over: &[Who]) -> Outcome {
    Outcome {
        over: over.to_vec(),
        offline: true,
        cut: cast.server.now().secs(),
        ..Outcome::default()
    }
}

/// Sessions; offline grants stay (Back-Channel Logout 1.0 section 2.7).
fn session_only(cast: &Cast, over: &[Who]) -> Outcome {
    Outcome {
        offline: false,
        ..everything(cast, over)
    }
}

/// Grants to `web`; the sessions stay.
fn web_only(cast: &Cast, of: &[Who]) -> Outcome {
    Outcome {
        web_over: of.to_vec(),
        ..session_only(cast, &[])
    }
}

/// An administrator selects one of alice's two sessions.
pub async fn admin(cast: &mut Cast) -> Outcome {
    let made = cast
        .ops()
        .sign_out(json!({ "sessions": [cast.laptop.sid()] }))
        .await;
    assert_eq!(made["reason"], "admin", "{made}");
    everything(cast, &[Who::Laptop])
}

/// alice signs out at the provider.
pub async fn user(cast: &mut Cast) -> Outcome {
    let browser = &cast.laptop.browser;
    let page = browser.open(&cast.server.endpoint("demo", "logout")).await;
    // A request nobody vouches for must not sign anybody out by itself.
    let form = page.form("logout-form");
    assert_eq!(
        cast.web.silent_error(browser).await,
        None,
        "a GET without a hint changes nothing"
    );
    let done = browser.submit(&page, form.press("logout-confirm")).await;
    assert_eq!(done.text("logged-out"), "You are signed out");
    session_only(cast, &[Who::Laptop])
}

/// The app sends alice to sign out (RP-Initiated Logout 1.0).
pub async fn rp_logout(cast: &mut Cast) -> Outcome {
    let browser = &cast.laptop.browser;
    let mut url = url::Url::parse(&cast.server.endpoint("demo", "logout")).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("id_token_hint", cast.laptop.web.id_token.as_str()),
        ("post_logout_redirect_uri", "https://web.example/bye"),
        ("state", "a&b=c d"),
    ]);
    let page = browser.open(url.as_str()).await;
    let back = page
        .location()
        .unwrap_or_else(|| panic!("not back at the app but {page}"));
    assert!(
        back.as_str().starts_with("https://web.example/bye?"),
        "{back}"
    );
    assert_eq!(page.answered("state").as_deref(), Some("a&b=c d"));
    session_only(cast, &[Who::Laptop])
}

/// alice is disabled, and enabled again afterwards: that must bring nothing back.
pub async fn user_disabled(cast: &mut Cast) -> Outcome {
    let ops = cast.ops();
    let path = format!("/users/{}", ops.user_id("alice").await);
    let answer = ops.put(&path, &json!({ "enabled": false })).await;
    assert!(answer.status < 300, "{}", answer.text);
    let outcome = everything(cast, &[Who::Laptop, Who::Phone]);
    let browser = crate::support::Browser::default();
    let page = browser.open(cast.web.begin(&[]).url.as_str()).await;
    let page = browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    assert!(
        page.is_login() && page.html().has("login-error"),
        "a disabled user signs in: {page}"
    );
    let answer = ops.put(&path, &json!({ "enabled": true })).await;
    assert!(answer.status < 300, "{}", answer.text);
    outcome
}

/// alice is deleted.
pub async fn user_deleted(cast: &mut Cast) -> Outcome {
    let ops = cast.ops();
    let path = format!("/users/{}", ops.user_id("alice").await);
    assert_eq!(ops.delete(&path).await.status, 204);
    assert_eq!(ops.get(&path).await.status, 404);
    Outcome {
        gone: true,
        ..everything(cast, &[Who::Laptop, Who::Phone])
    }
}

/// An administrator gives alice a new password.
pub async fn password_changed(cast: &mut Cast) -> Outcome {
    let ops = cast.ops();
    let path = format!("/users/{}/reset-password", ops.user_id("alice").await);
    let body = json!({ "type": "password", "value": "a-new-password", "temporary": false });
    assert_eq!(ops.put(&path, &body).await.status, 204);
    Outcome {
        password: Some("a-new-password"),
        ..everything(cast, &[Who::Laptop, Who::Phone])
    }
}

/// Nobody uses the phone for longer than an ordinary session may idle; the others are remembered.
pub async fn idle(cast: &mut Cast) -> Outcome {
    cast.moved = true;
    cast.server.advance(Span::mins(121)).await;
    session_only(cast, &[Who::Phone])
}

/// The phone is used again and again, until its session has lived its longest.
pub async fn expired(cast: &mut Cast) -> Outcome {
    cast.moved = true;
    for _ in 0..2 {
        cast.server.advance(Span::mins(80)).await;
        assert_eq!(
            cast.web.silent_error(&cast.phone.browser).await,
            None,
            "used in time"
        );
    }
    cast.server.advance(Span::mins(21)).await;
    session_only(cast, &[Who::Phone])
}

/// A refresh token is presented again after its successor was.
pub async fn refresh_reuse(cast: &mut Cast) -> Outcome {
    let first = cast.laptop.web.clone();
    let second = cast.web.refresh(&first).await;
    cast.laptop.web = cast.web.refresh(&second).await;
    let answer = cast.web.try_refresh(&first.refresh).await.expect(400);
    assert_eq!(answer.error(), "invalid_grant");
    web_only(cast, &[Who::Laptop])
}

/// An authorization code is presented again after it was exchanged.
pub async fn code_replay(cast: &mut Cast) -> Outcome {
    let (code, verifier) = cast.laptop.code.take().expect("a code under way");
    // With a wrong verifier nothing is revoked (OAuth 2.1 section 7.5.2): not even the code.
    let wrong = cast
        .web
        .try_exchange(&code, &"x".repeat(43))
        .await
        .expect(400);
    assert_eq!(wrong.error(), "invalid_grant");
    let answer = cast
        .web
        .try_exchange(&code, &verifier)
        .await
        .expect(200)
        .json();
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let before = cast.laptop.web.clone();
    cast.laptop.web = Tokens {
        access: text("access_token"),
        refresh: text("refresh_token"),
        id_token: text("id_token"),
        ..before.clone()
    };
    let wrong = cast
        .web
        .try_exchange(&code, &"x".repeat(43))
        .await
        .expect(400);
    assert_eq!(wrong.error(), "invalid_grant");
    cast.web.userinfo(&cast.laptop.web.access).await.expect(200);
    let replayed = cast.web.try_exchange(&code, &verifier).await.expect(400);
    assert_eq!(replayed.error(), "invalid_grant");
    Outcome {
        web_lives: vec![before],
        ..web_only(cast, &[Who::Laptop])
    }
}

/// The app gives its refresh token back (RFC 7009).
pub async fn token_revoked(cast: &mut Cast) -> Outcome {
    // Somebody else's token is none of its business.
    assert_eq!(
        cast.notes.revoke(&cast.laptop.web.refresh).await.status,
        200
    );
    cast.web.userinfo(&cast.laptop.web.access).await.expect(200);
    assert_eq!(cast.web.revoke(&cast.laptop.web.refresh).await.status, 200);
    web_only(cast, &[Who::Laptop])
}

/// An administrator takes back what alice granted an app, by its client id.
pub async fn access_removed(cast: &mut Cast) -> Outcome {
    let ops = cast.ops();
    let alice = ops.user_id("alice").await;
    let path = format!("/users/{alice}/consents/web");
    let answer = ops.delete(&path).await.expect(204);
    assert!(!answer.header("realmkeep-signout").is_empty());
    // A code that was on its way becomes nothing.
    for who in [Who::Laptop, Who::Phone] {
        let (code, verifier) = cast.held_mut(who).code.take().expect("a code");
        let late = cast.web.try_exchange(&code, &verifier).await.expect(400);
        assert_eq!(late.error(), "invalid_grant", "{}", late.text);
    }
    web_only(cast, &[Who::Laptop, Who::Phone])
}

/// The app is disabled, and enabled again afterwards: that must bring nothing back.
/// Waits until every node knows how this app's client is now: each is asked in turn.
async fn known(cast: &Cast, expected: u16) {
    until("known everywhere", Duration::from_secs(30), || async {
        for _ in 0..6 {
            if cast.web.try_refresh("no-token").await.status != expected {
                return false;
            }
        }
        true
    })
    .await;
}

pub async fn client_disabled(cast: &mut Cast) -> Outcome {
    let ops = cast.ops();
    let path = format!("/clients/{}", ops.client_uuid("web").await);
    let answer = ops.put(&path, &json!({ "enabled": false })).await;
    assert!(answer.status < 300, "{}", answer.text);
    // Whoever still takes the app for a good one denies what ended all the same.
    let early = cast.web.try_refresh(&cast.bob.web.refresh).await;
    assert!(matches!(early.status, 400 | 401), "{}", early.text);
    known(cast, 401).await;
    let refused = cast.web.try_refresh(&cast.bob.web.refresh).await;
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (401, "invalid_client")
    );
    assert_eq!(cast.web.userinfo(&cast.bob.web.access).await.status, 401);
    let page = cast
        .bob
        .browser
        .open(cast.web.begin(&[]).url.as_str())
        .await;
    assert!(
        page.location().is_none() && page.html().has("error-code"),
        "a disabled app gets people: {page}"
    );
    let answer = ops.put(&path, &json!({ "enabled": true })).await;
    assert!(answer.status < 300, "{}", answer.text);
    known(cast, 400).await;
    for who in EVERYBODY {
        let (code, verifier) = cast.held_mut(who).code.take().expect("a code under way");
        let answer = cast.web.try_exchange(&code, &verifier).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (400, "invalid_grant"),
            "{}",
            answer.text
        );
    }
    web_only(cast, &EVERYBODY)
}

/// The realm is disabled, and enabled again afterwards: that must bring nothing back.
pub async fn realm_disabled(cast: &mut Cast) -> Outcome {
    let root = cast.server.root().at("demo");
    let answer = root.put("", &json!({ "enabled": false })).await;
    assert!(answer.status < 300, "{}", answer.text);
    let outcome = everything(cast, &EVERYBODY);
    for who in EVERYBODY {
        let held = cast.held(who);
        assert_eq!(
            cast.web.userinfo(&held.web.access).await.status,
            401,
            "while it is disabled"
        );
        let refused = cast.web.try_refresh(&held.web.refresh).await;
        assert!(
            (400..500).contains(&refused.status),
            "while it is disabled: {refused:?}"
        );
    }
    let answer = root.put("", &json!({ "enabled": true })).await;
    assert!(answer.status < 300, "{}", answer.text);
    until("known everywhere", Duration::from_secs(30), || async {
        for _ in 0..6 {
            let (browser, pending) = (Browser::default(), cast.web.begin(&[]));
            if !browser.open(pending.url.as_str()).await.is_login() {
                return false;
            }
        }
        true
    })
    .await;
    // A service account's token says when it was made in whole seconds: one of the cut's own second is over.
    cast.server.advance(Span::secs(1)).await;
    outcome
}

/// alice's company has everything of hers ended (draft-parecki-oauth-global-token-revocation-06).
pub async fn global_revocation(cast: &mut Cast) -> Outcome {
    let endpoint = format!("{}/global-token-revocation", cast.server.issuer("demo"));
    let send = async |token: Option<&str>| {
        let body = json!({ "sub_id": { "format": "email", "email": "ALICE@example.com" } });
        let mut request = cast.web.wire.0.post(&endpoint).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        Answer::of(request).await
    };
    // Not just anybody: not a person's token, not another service's, not nobody's.
    let plain = cast.server.service("plain").token().await;
    for (token, status) in [
        (None, 401),
        (Some("nonsense"), 401),
        (Some(plain.as_str()), 403),
        (Some(cast.laptop.panel.access.as_str()), 403),
    ] {
        assert_eq!(send(token).await.status, status, "{token:?}");
    }
    cast.web.userinfo(&cast.laptop.web.access).await.expect(200);
    let siem = cast.server.service("siem").token().await;
    let done = send(Some(&siem)).await.expect(204);
    let act = cast
        .ops()
        .get(&format!("/signouts/{}", done.header("realmkeep-signout")))
        .await;
    let act = act.expect(200).json();
    assert_eq!(
        (&act["reason"], &act["actor"]["id"]),
        (&json!("global_revocation"), &json!("siem"))
    );
    everything(cast, &[Who::Laptop, Who::Phone])
}

/// The realm allows two sessions, and alice signs in on a third device: the one that started first gives way.
pub async fn session_limit(cast: &mut Cast) -> Outcome {
    let root = cast.server.root().at("demo");
    let policy = json!({ "sessions": { "limit": 2, "limit_action": "end-oldest" } });
    root.put("", &policy).await.expect(204);
    let third = crate::support::Browser::default();
    cast.web
        .sign_in(&third, "alice", "alice-password", &["profile"], false)
        .await;
    session_only(cast, &[Who::Laptop])
}

/// The realm allows one address, and somebody uses the laptop's cookie at another.
pub async fn address_rule(cast: &mut Cast) -> Outcome {
    let root = cast.server.root().at("demo");
    let policy = json!({ "sessions": { "one_address": "deny" } });
    root.put("", &policy).await.expect(204);
    cast.server.spread().await;
    let thief = cast.laptop.browser.copy_at([127, 0, 0, 2]);
    assert_eq!(
        cast.web.silent_error(&thief).await.as_deref(),
        Some("login_required"),
        "a stolen cookie is worth something"
    );
    everything(cast, &[Who::Laptop])
}

/// alice is blocked from signing in, and the block is lifted afterwards: that must bring nothing back.
pub async fn sign_in_blocked(cast: &mut Cast) -> Outcome {
    let ops = cast.ops();
    let path = format!("/users/{}", ops.user_id("alice").await);
    let body = json!({ "until": "2h", "reason": "lost device" });
    ops.post(&format!("{path}/block"), &body).await.expect(204);
    let outcome = everything(cast, &[Who::Laptop, Who::Phone]);
    let browser = crate::support::Browser::default();
    for (password, says) in [
        ("not-the-password", "Invalid username or password."),
        ("alice-password", "Sign-in is blocked until"),
    ] {
        let page = browser.open(cast.web.begin(&[]).url.as_str()).await;
        let page = browser.log_in(&page, "alice", password, false).await;
        let error = page.text("login-error");
        assert!(error.starts_with(says), "{error}");
    }
    ops.post(&format!("{path}/unblock"), &json!({}))
        .await
        .expect(204);
    outcome
}

/// alice sends the form of one of her own pages from her phone.
async fn on_the_phone(cast: &Cast, page: &str, ticked: Option<&str>) {
    let browser = &cast.phone.browser;
    let address = format!("{}/account{page}", cast.server.issuer("demo"));
    let page = browser.open(&address).await;
    let mut form = page.form("act-form");
    if let Some(id) = ticked {
        form = form.press(id);
    }
    if page.html().has("password") {
        form = form.fill("password", "alice-password");
    }
    let done = browser.submit(&page, form).await;
    assert!(done.html().has("done"), "{done}");
}

/// alice does not recognise the session on the laptop.
pub async fn not_recognised(cast: &mut Cast) -> Outcome {
    let page = format!("/sessions/{}/not-mine", cast.laptop.sid());
    on_the_phone(cast, &page, None).await;
    everything(cast, &[Who::Laptop])
}

/// alice signs out everywhere else, and what apps may do while she is away goes too.
pub async fn signed_out_elsewhere(cast: &mut Cast) -> Outcome {
    on_the_phone(cast, "/sign-out-others", Some("away")).await;
    everything(cast, &[Who::Laptop])
}
