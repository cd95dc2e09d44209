//! Search and lists.

use super::*;

#[tokio::test]
async fn sessions_are_found_by_everything_the_search_knows() {
    let place = Place::open(Engine::Memory).await;
    let (_a, alice) = place.somebody("alice", LAPTOP).await;
    let (_b, bob) = place.somebody("bob", PHONE).await;
    place.server.clock.advance(Span::mins(40));
    let (_c, dana) = place.somebody("dana", LAPTOP).await;
    let all = [&alice.sid, &bob.sid, &dana.sid];
    let tomorrow = place.server.now().plus(Span::days(1)).rfc3339();
    let tomorrow = &tomorrow[..10];
    for (q, expected) in [
        ("", &all[..]),
        ("ali", &[&alice.sid]),
        ("user:alice", &[&alice.sid]),
        ("user:ali", &[]),
        ("device:iphone", &[&bob.sid]),
        ("client:web", &all),
        ("client:notes", &[]),
        ("ip:127.0.0.0/8", &all),
        ("ip:192.0.2.0/24", &[]),
        ("node:node-1", &all),
        ("idle>30m", &[&alice.sid, &bob.sid]),
        ("idle>30m bob", &[&bob.sid]),
        (&format!("started<{tomorrow}"), &all),
        (&format!("started>{tomorrow}"), &[]),
    ] {
        let (mut found, mut expected): (Vec<String>, Vec<String>) = (
            place.found(q).await,
            expected.iter().map(|s| (*s).clone()).collect(),
        );
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{q:?}");
    }
    let wrong = place.ops.get("/sessions?q=colour:red").await;
    assert!(
        (400..=422).contains(&wrong.status) && wrong.text.contains("user:"),
        "{}",
        wrong.text
    );
}

#[tokio::test]
async fn a_session_shows_what_an_administrator_needs_to_know() {
    let place = Place::open(Engine::Memory).await;
    let (_browser, alice) = place.somebody("alice", LAPTOP).await;
    let shown = place.ops.session(&alice.sid).await;
    for (name, value) in [
        ("id", json!(alice.sid)),
        ("userId", json!(alice.sub)),
        ("username", json!("alice")),
        ("ipAddress", json!("127.0.0.1")),
        ("node", json!("node-1")),
        ("rememberMe", json!(false)),
        ("current", json!(false)),
        ("state", json!("active")),
        ("offlineGrants", json!(0)),
    ] {
        assert_eq!(shown[name], value, "{name}: {shown}");
    }
    assert_eq!(shown["device"]["os"], "Linux", "{shown}");
    assert!(
        shown["device"]["browser"]
            .as_str()
            .is_some_and(|b| b.contains("Chrome")),
        "{shown}"
    );
    assert_eq!(shown["clients"][0]["clientId"], "web");
    for name in ["startedAt", "lastActiveAt", "idleTimeoutAt", "expiresAt"] {
        assert!(
            shown[name].as_str().is_some_and(|t| t.ends_with('Z')),
            "{name}: {shown}"
        );
    }
    assert_eq!(shown["authMethods"], json!(["pwd"]), "{shown}");
    assert!(
        shown["endedAt"].is_null() && shown["endReason"].is_null(),
        "{shown}"
    );
}

#[tokio::test]
async fn a_list_is_read_page_by_page_without_gaps_or_repeats() {
    let place = Place::open(Engine::Memory).await;
    let mut sids = Vec::new();
    for _ in 0..7 {
        sids.push(place.somebody("alice", LAPTOP).await.1.sid);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = place
            .ops
            .get(&format!("/sessions?limit=3&cursor={cursor}"))
            .await
            .expect(200)
            .json();
        if cursor.is_empty() {
            assert_eq!(
                (&page["total"], &page["totalIsExact"]),
                (&json!(7), &json!(true)),
                "{page}"
            );
        }
        let sessions = page["sessions"].as_array().unwrap();
        assert!(sessions.len() <= 3);
        seen.extend(
            sessions
                .iter()
                .map(|s| s["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    seen.sort();
    sids.sort();
    assert_eq!(seen, sids);
}
