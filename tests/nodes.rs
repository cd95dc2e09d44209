//! The real program as two and three nodes on one PostgreSQL store: what is done on one holds on the others on the very
//! next request, whatever happens to a node or to the database.

mod dying;
mod failover;
mod outage;
mod spread;

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
    let mut command = home.serve_at(port, &["--node", name, "--log", "warn"]);
    // All nodes of a store are given one key: each would make its own.
    command.env("REALMKEEP_MASTER_KEY", "5e".repeat(32));
    command
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
