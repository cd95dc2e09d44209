//! The real program as two and three nodes on one PostgreSQL store: what is done on one holds on the others on the very
//! next request, whatever happens to a node or to the database.

mod outage;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::nodes::Front;
use crate::support::process::{Home, Process, free_port};
use crate::support::{Answer, App, Browser, Operator, Receiver, Tokens, postgres, realms, until};

/// Within this a change of a realm, a client or a key is seen everywhere; the machine of the tests may be slow.
const SPREAD: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);

/// Several nodes behind one address.
struct Fleet {
    home: Home,
    front: Front,
    ports: Vec<u16>,
    nodes: Vec<Process>,
    web: App,
    ops: Operator,
}

impl Fleet {
    /// So many nodes, called `a`, `b`, `c`; nothing where there is no PostgreSQL.
    async fn start(many: usize, demo: Option<&str>) -> Option<Fleet> {
        let store = postgres::shared()?.fresh();
        Some(Fleet::on(&store, many, demo).await)
    }

    async fn on(store: &str, many: usize, demo: Option<&str>) -> Fleet {
        let home = Home::on(store);
        if let Some(text) = demo {
            let path = home.path("realms/demo.toml");
            std::fs::write(path, text.replace("{url}", &home.url)).unwrap();
        }
        let listener = std::net::TcpListener::bind(("127.0.0.1", home.port)).unwrap();
        let front = Front::new(&listener);
        let ports: Vec<u16> = (0..many).map(|_| free_port()).collect();
        let mut nodes = Vec::new();
        // Together: they make the tables, the first realm and its keys at one moment.
        for (port, name) in ports.iter().zip(["a", "b", "c"]) {
            nodes.push(Process::spawn(node(&home, *port, name)));
        }
        for (process, port) in nodes.iter_mut().zip(&ports) {
            process.ready(&format!("http://127.0.0.1:{port}")).await;
        }
        front.lead_to(ports.clone());
        let web = App::discover(&home.url, "demo", "web").await;
        let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
        Fleet {
            home,
            front,
            ports,
            nodes,
            web,
            ops,
        }
    }

    /// Everything that is asked from now on is asked of this node.
    fn at(&self, node: usize) -> &Fleet {
        self.front.lead_to(vec![self.ports[node]]);
        self
    }

    async fn sign_in(&self, browser: &Browser, who: &str) -> Tokens {
        let password = format!("{who}-password");
        self.web
            .sign_in(browser, who, &password, &["offline_access"], false)
            .await
    }

    async fn restart(&mut self, number: usize) {
        let name = ["a", "b", "c"][number];
        let mut process = Process::spawn(node(&self.home, self.ports[number], name));
        process
            .ready(&format!("http://127.0.0.1:{}", self.ports[number]))
            .await;
        self.nodes[number] = process;
    }
}

fn node(home: &Home, port: u16, name: &str) -> std::process::Command {
    // The master key lies in the folder that the nodes of a test share; elsewhere each is given it.
    home.serve_at(port, &["--node", name, "--log", "warn"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_on_one_is_denied_on_the_others_on_the_very_next_request() {
    let Some(fleet) = Fleet::start(3, None).await else {
        return;
    };
    for round in 0..12 {
        let (here, there, last) = (round % 3, (round + 1) % 3, (round + 2) % 3);
        let browser = Browser::default();
        let tokens = fleet.at(there).sign_in(&browser, "alice").await;
        // Every node has seen the session, and remembers what it remembers of it.
        for node in [here, there, last] {
            let web = &fleet.at(node).web;
            assert_eq!(web.silent_error(&browser).await, None, "round {round}");
            let shown = web.introspect(&tokens.access).await.json();
            assert_eq!(shown["active"], true, "{shown}");
            web.userinfo(&tokens.access).await.expect(200);
        }
        fleet
            .at(here)
            .ops
            .sign_out(json!({ "sessions": [tokens.sid] }))
            .await;
        for node in [there, last, here] {
            let web = &fleet.at(node).web;
            let refused = web.try_refresh(&tokens.refresh).await;
            assert_eq!(
                refused.error(),
                "invalid_grant",
                "round {round} node {node}"
            );
            let shown = web.introspect(&tokens.access).await.json();
            assert_eq!(
                shown,
                json!({ "active": false }),
                "round {round} node {node}"
            );
            web.userinfo(&tokens.access).await.expect(401);
            assert_eq!(
                web.silent_error(&browser).await.as_deref(),
                Some("login_required"),
                "round {round} node {node}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_through_everything_of_a_user_or_a_realm_holds_everywhere_and_spares_who_comes_after()
{
    let Some(fleet) = Fleet::start(2, None).await else {
        return;
    };
    let alice = fleet.ops.user_id("alice").await;
    for round in 0..10 {
        let (here, there) = (round % 2, (round + 1) % 2);
        let browser = Browser::default();
        // Signed in there, cut here at once: no two nodes know the time to the millisecond.
        let tokens = fleet.at(there).sign_in(&browser, "alice").await;
        let select = if round < 8 {
            json!({ "users": [alice] })
        } else {
            json!({ "all": true })
        };
        fleet.at(here).ops.sign_out(select).await;
        let web = &fleet.at(there).web;
        assert_eq!(
            web.try_refresh(&tokens.refresh).await.error(),
            "invalid_grant",
            "round {round}"
        );
        assert_eq!(
            web.silent_error(&browser).await.as_deref(),
            Some("login_required"),
            "round {round}"
        );
        // And whoever signs in after it is in, on either node.
        let again = fleet.at(there).sign_in(&Browser::default(), "alice").await;
        let kept = fleet.at(here).web.try_refresh(&again.refresh).await;
        assert_eq!(kept.status, 200, "round {round}: {}", kept.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_shows_which_node_it_came_in_by() {
    let Some(fleet) = Fleet::start(2, None).await else {
        return;
    };
    for (node, name) in [(0, "a"), (1, "b")] {
        let tokens = fleet.at(node).sign_in(&Browser::default(), "alice").await;
        let other = &fleet.at(1 - node).ops;
        assert_eq!(other.session(&tokens.sid).await["node"], name);
        let found = other.sessions(&format!("node:{name}"), "active").await;
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_sessions_is_one_limit_for_all_nodes() {
    let text = realms::DEMO.replace(
        "[sessions]\n",
        "[sessions]\nlimit = 2\nlimit_action = \"end-oldest\"\n",
    );
    let Some(fleet) = Fleet::start(3, Some(&text)).await else {
        return;
    };
    // Each request goes to another node.
    let mut coming = tokio::task::JoinSet::new();
    for _ in 0..9 {
        let web = App::discover(&fleet.home.url, "demo", "web").await;
        coming.spawn(async move {
            let pending = web.begin(&["profile"]);
            let browser = Browser::default();
            let page = browser.open(pending.url.as_str()).await;
            let page = browser
                .log_in(&page, "alice", "alice-password", false)
                .await;
            page.status
        });
    }
    let answers = coming.join_all().await;
    let active = fleet.ops.sessions("user:alice", "active").await;
    assert_eq!(active.len(), 2, "after {answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_clients_and_keys_spread_within_a_second() {
    let Some(fleet) = Fleet::start(2, None).await else {
        return;
    };
    let asks = async || {
        let url = format!(
            "{}/realms/demo/protocol/openid-connect/token",
            fleet.home.url
        );
        let request = crate::support::browser::client()
            .post(url)
            .basic_auth("plain", Some("plain-secret"))
            .form(&[("grant_type", "client_credentials")]);
        Answer::of(request).await.status
    };
    let uuid = fleet.at(0).ops.client_uuid("plain").await;
    for round in 0..3 {
        // Both remember the client.
        for node in [0, 1] {
            fleet.at(node);
            assert_eq!(asks().await, 200, "round {round}");
        }
        for (enabled, expected) in [(false, 401), (true, 200)] {
            let path = format!("/clients/{uuid}");
            let mut client = fleet.at(0).ops.get(&path).await.expect(200).json();
            client["enabled"] = json!(enabled);
            let changed = fleet.at(0).ops.put(&path, &client).await;
            assert!(changed.status < 300, "{}", changed.text);
            let began = Instant::now();
            fleet.at(1);
            until("the other node knows", PATIENCE, async || {
                asks().await == expected
            })
            .await;
            let took = began.elapsed();
            assert!(
                took < SPREAD * 5,
                "{took:?} until a change of a client was seen"
            );
        }
    }
    // Tokens of the old key and of the new one are good on both nodes.
    let browser = Browser::default();
    let before = fleet.at(1).sign_in(&browser, "alice").await;
    let kid = |jwt: &str| header(jwt)["kid"].as_str().unwrap().to_owned();
    let rotated = fleet.at(0).ops.post("/keys/rotate", &json!({})).await;
    assert!(rotated.status < 300, "{}", rotated.text);
    let began = Instant::now();
    let after = fleet.at(0).web.refresh(&before).await;
    assert_ne!(
        kid(&after.access),
        kid(&before.access),
        "signed with the old key"
    );
    fleet.at(1).web.userinfo(&after.access).await.expect(200);
    loop {
        let fresh = fleet.at(1).sign_in(&Browser::default(), "alice").await;
        if kid(&fresh.access) == kid(&after.access) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "never signed with the new key");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() < SPREAD * 10, "{:?}", began.elapsed());
    for node in [0, 1] {
        fleet
            .at(node)
            .web
            .userinfo(&before.access)
            .await
            .expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_is_held_up_holds_up_no_change() {
    let Some(fleet) = Fleet::start(2, None).await else {
        return;
    };
    let cluster = postgres::shared().unwrap();
    let uuid = fleet.at(0).ops.client_uuid("plain").await;
    let path = format!("/clients/{uuid}");
    let mut client = fleet.ops.get(&path).await.expect(200).json();
    let asks = async || {
        let url = format!(
            "{}/realms/demo/protocol/openid-connect/token",
            fleet.home.url
        );
        let request = crate::support::browser::client()
            .post(url)
            .basic_auth("plain", Some("plain-secret"))
            .form(&[("grant_type", "client_credentials")]);
        Answer::of(request).await.status
    };
    fleet.at(1);
    assert_eq!(asks().await, 200);
    // Somebody's long transaction, older than the change: the feed can tell nothing until it is over.
    let held = tokio::task::spawn_blocking(move || {
        cluster.sql("BEGIN; SELECT pg_current_xact_id(); SELECT pg_sleep(12); COMMIT")
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    client["enabled"] = json!(false);
    let changed = fleet.at(0).ops.put(&path, &client).await;
    assert!(changed.status < 300, "{}", changed.text);
    let began = Instant::now();
    fleet.at(1);
    until("the other node knows all the same", PATIENCE, async || {
        asks().await == 401
    })
    .await;
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "only when the feed went on: {:?}",
        began.elapsed()
    );
    held.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_expires_is_ended_once_though_every_node_sweeps() {
    let text = realms::DEMO.replace("idle_timeout = \"2h\"\n", "idle_timeout = \"2s\"\n");
    let Some(fleet) = Fleet::start(3, Some(&text)).await else {
        return;
    };
    let mut sids = Vec::new();
    for _ in 0..12 {
        sids.push(fleet.sign_in(&Browser::default(), "alice").await.sid);
    }
    until("all are over", PATIENCE, async || {
        fleet.ops.sessions("user:alice", "active").await.is_empty()
    })
    .await;
    for sid in &sids {
        let shown = fleet.ops.session(sid).await;
        assert_eq!(
            (&shown["state"], &shown["endReason"]),
            (&json!("ended"), &json!("idle"))
        );
    }
    // Each ended by one act: what the acts say they ended is as much as there was.
    let acts = fleet
        .ops
        .get("/signouts?limit=500")
        .await
        .expect(200)
        .json();
    let acts = acts["signouts"]
        .as_array()
        .or(acts.as_array())
        .unwrap()
        .clone();
    let ended: u64 = acts
        .iter()
        .filter_map(|act| {
            act["counts"]["sessions"]
                .as_u64()
                .or(act["sessions"].as_u64())
        })
        .sum();
    assert_eq!(ended, 12, "{acts:?}");
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

type Known = Vec<(String, String)>;

/// Signs in a few times and signs every other one out; what of it was acknowledged. No answer is no fact.
async fn come_and_go(web: &App, url: &str, token: &str) -> (Known, Known) {
    let (mut alive, mut ended) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let Some((sid, refresh)) = come(web).await else {
            continue;
        };
        if number % 2 == 0 {
            alive.push((sid, refresh));
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

fn header(jwt: &str) -> serde_json::Value {
    use base64::Engine as _;
    let part = jwt.split('.').next().unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
