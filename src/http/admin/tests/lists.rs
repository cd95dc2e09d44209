//! Lists: pages that miss nothing and show nothing twice, the search language, and what a row says.

use std::collections::HashSet;

use super::*;

const PATH: &str = "/admin/realms/demo/sessions";

fn ids(page: &Value) -> Vec<String> {
    page["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn paging_shows_each_of_250_sessions_once_while_others_start_and_end() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let (ann, zed) = (
        house.user(&house.demo, "ann", &[]).await,
        house.user(&house.demo, "zed", &[]).await,
    );
    let mut kept = HashSet::new();
    let mut passing = Vec::new();
    for number in 0..250 {
        kept.insert(
            house
                .session(&house.demo, ann.id, "192.0.2.3")
                .await
                .to_string(),
        );
        if number % 10 == 0 {
            passing.push(house.session(&house.demo, zed.id, "192.0.2.4").await);
        }
    }
    for (query, limit) in [
        ("", 7),
        ("q=ann&", 50),
        ("q=user%3Aann&", 33),
        ("q=ip%3A192.0.2.0/24&", 200),
        ("state=all&", 20),
    ] {
        let mut seen: Vec<String> = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = house
                .get(&format!("{PATH}?{query}limit={limit}{cursor}"), &ada.token)
                .await
                .is(200)
                .json;
            assert!(ids(&page).len() <= limit);
            seen.extend(ids(&page));
            house.session(&house.demo, zed.id, "192.0.2.4").await;
            if let Some(sid) = passing.pop() {
                let body = json!({"select": {"sessions": [sid]}});
                house
                    .post("/admin/realms/demo/signouts", &ada.token, body)
                    .await
                    .is(201);
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let shown: Vec<&String> = seen.iter().filter(|id| kept.contains(*id)).collect();
        let once: HashSet<&&String> = shown.iter().collect();
        assert_eq!((shown.len(), once.len()), (250, 250), "{query}");
    }
}

/// A page that is full exactly where the active sessions end goes on with the ended ones.
#[tokio::test]
async fn a_page_that_ends_with_the_last_active_session_is_not_the_last() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let ann = house.user(&house.demo, "ann", &[]).await;
    let mut all = HashSet::from([ada.sid.to_string()]);
    for _ in 0..5 {
        all.insert(
            house
                .session(&house.demo, ann.id, "192.0.2.3")
                .await
                .to_string(),
        );
    }
    let over: Vec<&String> = all
        .iter()
        .filter(|id| **id != ada.sid.to_string())
        .take(3)
        .collect();
    house
        .post(
            "/admin/realms/demo/signouts",
            &ada.token,
            json!({"select": {"sessions": over}}),
        )
        .await
        .is(201);
    for limit in 1..=7 {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = house
                .get(
                    &format!("{PATH}?state=all&limit={limit}{cursor}"),
                    &ada.token,
                )
                .await
                .is(200)
                .json;
            seen.extend(ids(&page));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 6, "limit {limit}");
        assert_eq!(seen.into_iter().collect::<HashSet<_>>(), all);
    }
}

#[tokio::test]
async fn the_search_language_works_end_to_end() {
    let house = house().await;
    house.somebody(&house.demo, "ada", &[]).await;
    house.client(&house.demo, "crm", &[]).await;
    let (ann, bob) = (
        house.user(&house.demo, "Ann", &[]).await,
        house.user(&house.demo, "bob", &[]).await,
    );
    house
        .sign_in(&house.demo, ann.id, "crm", "openid offline_access")
        .await;
    house.session(&house.demo, bob.id, "10.1.2.3").await;
    house.clock.advance(Span::mins(20));
    house.session(&house.demo, bob.id, "2001:db8::7").await;
    let ada = house
        .somebody(&house.master, "root", &["server-admin"])
        .await;
    for (query, found) in [
        ("", 4),
        ("an", 1),
        ("bob", 2),
        ("user:ANN", 1),
        ("ip:10.0.0.0/8", 1),
        ("10.1.2.3", 0), // an IPv4 address without ip: is the start of a username
        ("ip:2001:db8::/32", 1),
        ("client:crm", 1),
        ("client:nobody", 0),
        ("device:firefox", 4),
        ("device:safari", 0),
        ("node:test", 4),
        ("idle>10m", 3),
        ("idle<10m", 1),
        ("started<2020-01-01", 0),
        ("started>2020-01-01", 4),
        ("bob idle<10m ip:2001:db8::7", 1),
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let page = house
            .get(&format!("{PATH}?q={encoded}"), &ada.token)
            .await
            .is(200)
            .json;
        assert_eq!(ids(&page).len(), found, "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    }
    for (query, words) in [
        ("q=ip%3Anowhere", "ip: wants an address"),
        ("q=a+b", "stands twice"),
        ("state=dead", "active, ended or all"),
        ("limit=0", "limit must be"),
        ("cursor=AAAA", "cursor must be"),
        ("sort=name", "not known"),
    ] {
        let answer = house
            .get(&format!("{PATH}?{query}"), &ada.token)
            .await
            .is(400);
        assert!(
            answer.json["detail"].as_str().unwrap().contains(words),
            "{query}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_row_says_everything_and_null_where_it_knows_nothing() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let ann = house.user(&house.demo, "ann", &[]).await;
    let one = house
        .sign_in(&house.demo, ann.id, "console", "openid offline_access")
        .await;
    let row = house
        .get(&format!("{PATH}/{}", one.sid), &ada.token)
        .await
        .is(200)
        .json;
    let names: HashSet<&str> = row
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let promised = "id userId username organisation ipAddress lastIpAddress node device startedAt lastActiveAt idleTimeoutAt \
        expiresAt rememberMe authMethods clients offlineGrants current state endedAt endReason signOutId";
    assert_eq!(names, promised.split_whitespace().collect());
    assert_eq!(
        (&row["state"], &row["current"], &row["offlineGrants"]),
        (&json!("active"), &json!(false), &json!(1))
    );
    assert_eq!(row["clients"][0]["clientId"], json!("console"));
    assert_eq!(
        row["device"],
        json!({"os": "Linux", "browser": "Firefox 145", "kind": "desktop"})
    );
    assert_eq!(
        (&row["organisation"], &row["endedAt"], &row["endReason"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    for time in ["startedAt", "lastActiveAt", "idleTimeoutAt", "expiresAt"] {
        assert!(row[time].as_str().unwrap().ends_with('Z'), "{time}");
    }
    let own = house
        .get(&format!("{PATH}/{}", ada.sid), &ada.token)
        .await
        .is(200)
        .json;
    assert_eq!(own["current"], json!(true));
    let act = house
        .post(
            "/admin/realms/demo/signouts",
            &ada.token,
            json!({"select": {"sessions": [one.sid]}}),
        )
        .await
        .is(201)
        .json;
    let page = house
        .get(&format!("{PATH}?state=ended"), &ada.token)
        .await
        .is(200)
        .json;
    let row = &page["sessions"][0];
    assert_eq!(
        (&row["state"], &row["endReason"], &row["signOutId"]),
        (&json!("ended"), &json!("admin"), &act["id"])
    );
    assert_eq!(
        (&row["idleTimeoutAt"], &row["expiresAt"]),
        (&Value::Null, &Value::Null)
    );
    assert!(row["endedAt"].is_string() && row["lastActiveAt"].is_string());
    assert_eq!(page["sessions"].as_array().unwrap().len(), 1);
    house
        .get(&format!("{PATH}/nonsense"), &ada.token)
        .await
        .is(404);
    // A session nobody has ended yet but that is over by itself is not called active.
    house.clock.advance(Span::mins(31));
    let root = house
        .somebody(&house.master, "root", &["server-admin"])
        .await;
    let row = house
        .get(&format!("{PATH}/{}", ada.sid), &root.token)
        .await
        .is(200)
        .json;
    assert_eq!(
        (&row["state"], &row["endReason"], &row["signOutId"]),
        (&json!("ended"), &json!("idle"), &Value::Null)
    );
}
