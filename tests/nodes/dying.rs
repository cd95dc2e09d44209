//! Nodes that die: whoever is left goes on with their work, and nothing acknowledged is lost.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_expires_is_ended_once_though_every_node_sweeps() {
    let text = realms::DEMO.replace("idle_timeout = \"2h\"\n", "idle_timeout = \"2s\"\n");
    let Some(mut fleet) = Fleet::start(3, Some(&text)).await else {
        return;
    };
    let mut sids = Vec::new();
    for _ in 0..12 {
        sids.push(fleet.sign_in(&Browser::default(), "alice").await.sid);
    }
    // Nobody waits for the sweep to be denied; the acts that end them follow.
    let acts = async || {
        let acts = fleet
            .ops
            .get("/signouts?limit=100")
            .await
            .expect(200)
            .json();
        acts["signouts"].as_array().unwrap().clone()
    };
    let ended = |acts: &[serde_json::Value]| -> u64 {
        let of = |act: &serde_json::Value| act["counts"]["sessions"].as_u64().unwrap();
        acts.iter().map(of).sum()
    };
    until("all are ended", PATIENCE, || async {
        ended(&acts().await) >= 12
    })
    .await;
    for sid in &sids {
        let shown = fleet.ops.session(sid).await;
        assert_eq!(
            (&shown["state"], &shown["endReason"]),
            (&json!("ended"), &json!("idle"))
        );
    }
    let acts = acts().await;
    assert_eq!(ended(&acts), 12, "ended twice: {acts:?}");
    let idle = |act: &&serde_json::Value| act["counts"]["alreadyEnded"].as_u64() != Some(0);
    let empty: Vec<_> = acts.iter().filter(idle).collect();
    assert!(empty.is_empty(), "two nodes were at one session: {empty:?}");
    // Whoever's turn it was dies: another goes on.
    let late = fleet.sign_in(&Browser::default(), "bob").await;
    fleet.nodes[0].kill();
    fleet.nodes[1].kill();
    fleet.at(2);
    let path = "/signouts?limit=100";
    until("the last node sweeps", PATIENCE, || async {
        let acts = fleet.ops.get(path).await.expect(200).json();
        ended(acts["signouts"].as_array().unwrap()) == 13
    })
    .await;
    assert_eq!(fleet.ops.session(&late.sid).await["state"], "ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_is_told_by_another_node_when_the_one_that_was_at_it_dies() {
    let mut receiver = Receiver::down().await;
    let uri = receiver.at("/backchannel-logout");
    let line = "client_id = \"web\"\n";
    let text = realms::DEMO.replacen(
        line,
        &format!("{line}backchannel_logout_uri = {uri:?}\n"),
        1,
    );
    let Some(mut fleet) = Fleet::start(2, Some(&text)).await else {
        return;
    };
    let tokens = fleet.at(0).sign_in(&Browser::default(), "alice").await;
    fleet
        .ops
        .sign_out(json!({ "sessions": [tokens.sid] }))
        .await;
    fleet.nodes[0].kill();
    receiver.up().await;
    let told = receiver.wait("/backchannel-logout", 1, PATIENCE).await;
    assert_eq!(told[0].logout_token()["sid"], tokens.sid.as_str());
    fleet.restart(0).await;
    let shown = fleet.at(0).ops.session(&tokens.sid).await;
    assert_eq!(shown["state"], "ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_die_and_come_back_under_load_and_nothing_acknowledged_is_lost() {
    let Some(mut fleet) = Fleet::start(3, None).await else {
        return;
    };
    let (mut alive, mut ended) = (Vec::new(), Vec::new());
    for round in 0..6 {
        let victim = round % 3;
        let (one, two) = ((victim + 1) % 3, (victim + 2) % 3);
        let token = fleet.at(one).ops.token().await;
        let mut people = tokio::task::JoinSet::new();
        fleet.front.lead_to(fleet.ports.clone());
        for _ in 0..4 {
            let web = App::discover(&fleet.home.url, "demo", "web").await;
            let (url, token) = (fleet.home.url.clone(), token.clone());
            people.spawn(async move { come_and_go(&web, &url, &token).await });
        }
        tokio::time::sleep(Duration::from_millis(150 + 40 * round as u64)).await;
        fleet.nodes[victim].kill();
        fleet
            .front
            .lead_to(vec![fleet.ports[one], fleet.ports[two]]);
        for (came, went) in people.join_all().await {
            alive.extend(came);
            ended.extend(went);
        }
        fleet.restart(victim).await;
    }
    fleet.front.lead_to(fleet.ports.clone());
    assert!(
        alive.len() > 5 && ended.len() > 5,
        "{} {}",
        alive.len(),
        ended.len()
    );
    for (sid, refresh) in &ended {
        assert_eq!(fleet.ops.session(sid).await["state"], "ended");
        assert_eq!(
            fleet.web.try_refresh(refresh).await.error(),
            "invalid_grant"
        );
    }
    for (sid, refresh) in &alive {
        assert_eq!(fleet.ops.session(sid).await["state"], "active");
        assert_eq!(fleet.web.try_refresh(refresh).await.status, 200, "{sid}");
    }
}

/// Sessions, each with the newest refresh token that was acknowledged.
pub(super) type Known = Vec<(String, String)>;

/// Signs in a few times, refreshes every other one and signs the rest out; what of it was acknowledged. No answer is no fact.
pub(super) async fn come_and_go(web: &App, url: &str, token: &str) -> (Known, Known) {
    let (mut alive, mut ended) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let Some((sid, refresh)) = come(web).await else {
            continue;
        };
        if number % 2 == 0 {
            if let Some(next) = refreshed(web, &refresh).await {
                alive.push((sid, next));
            }
            continue;
        }
        let request = crate::support::browser::client()
            .post(format!("{url}/admin/realms/demo/signouts"))
            .bearer_auth(token)
            .json(&json!({ "select": { "sessions": [sid] } }));
        if Answer::maybe(request)
            .await
            .is_some_and(|answer| answer.status == 201)
        {
            ended.push((sid, refresh));
        }
    }
    (alive, ended)
}

/// Asks as an application does: again at once while nobody answers, because an answer that was lost may have been a new
/// token, and the old one is good for it only inside the reuse window. Nothing when that has passed: nobody knows then.
async fn refreshed(web: &App, refresh: &str) -> Option<String> {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        match Answer::maybe(web.request("token", &fields)).await {
            Some(answer) if answer.status == 200 => {
                return Some(answer.json()["refresh_token"].as_str()?.to_owned());
            }
            Some(answer) if answer.status != 503 => panic!("{}: {}", answer.status, answer.text),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    None
}

async fn come(web: &App) -> Option<(String, String)> {
    let browser = Browser::fragile();
    let pending = web.begin(&["offline_access"]);
    let page = browser.open(pending.url.as_str()).await;
    if !page.is_login() {
        return None;
    }
    let page = browser.log_in(&page, "bob", "bob-password", false).await;
    let code = crate::support::browser::parameter(&page.location()?, "code")?;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code_verifier", pending.verifier()),
        ("redirect_uri", &web.redirect),
    ];
    let answer = Answer::maybe(web.request("token", &fields)).await?;
    if answer.status != 200 {
        return None;
    }
    let answer = answer.json();
    let sid = crate::support::claims(answer["id_token"].as_str()?)["sid"]
        .as_str()?
        .to_owned();
    Some((sid, answer["refresh_token"].as_str()?.to_owned()))
}
