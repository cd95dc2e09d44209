//! A server in this process, with a folder, a port and a clock of its own.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use realmkeep::{Clock, ManualClock, Parts, Running, Settings, Span, Timestamp};
use tempfile::TempDir;

use super::apart::Apart;
use super::nodes::{Front, Wrong};
use super::{App, Operator, postgres, realms};

/// Which store a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Nothing on disk.
    Memory,
    /// sled in a folder: survives a restart.
    Sled,
    /// redb in a folder: survives a restart, too.
    Redb,
    /// A schema of a PostgreSQL database.
    Postgres,
    /// The same with several servers behind one address, each request at another one, and their machines' clocks wrong by
    /// half a minute either way.
    Nodes,
}

/// The servers of [`Engine::Nodes`]: by how many milliseconds each one's machine is wrong.
const NODES: [i64; 3] = [0, -30_000, 30_000];

impl Engine {
    /// Whether this machine has it; where all tests were asked for, what is missing is a failure.
    pub fn is_there(self) -> bool {
        !matches!(self, Engine::Postgres | Engine::Nodes) || postgres::shared().is_some()
    }

    /// The engine itself, or the one that all tests are to run on: `TEST_ON=nodes tests/run`, or `postgres`.
    fn asked(self) -> Engine {
        match std::env::var("TEST_ON").as_deref() {
            Ok("nodes") => Engine::Nodes,
            Ok("postgres") => Engine::Postgres,
            Ok(other) => panic!("TEST_ON is postgres or nodes, not {other}"),
            Err(_) => self,
        }
    }

    fn store(self) -> String {
        match self {
            Engine::Memory => "memory".to_owned(),
            Engine::Sled => "sled".to_owned(),
            Engine::Redb => "redb".to_owned(),
            Engine::Postgres | Engine::Nodes => postgres::shared().expect("PostgreSQL").fresh(),
        }
    }
}

/// A server of one test.
pub struct TestServer {
    /// Its public address.
    pub url: String,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// The password of the user `admin` in the realm `master`.
    pub admin_password: String,
    store: String,
    folder: TempDir,
    /// Kept open over a restart, so that nobody else gets the port.
    listener: TcpListener,
    /// Where there are several servers.
    front: Option<Front>,
    running: Vec<Served>,
    apart: bool,
}

/// Where a server is.
enum Served {
    /// In this process.
    Here(Running),
    /// In one of its own.
    Apart(Box<Apart>),
}

impl TestServer {
    /// A server with the realms of [`realms`].
    pub async fn start(engine: Engine) -> TestServer {
        TestServer::with_realm(engine, None).await
    }

    /// The same with one more realm file, or another text for one of the realms.
    pub async fn with_realm(engine: Engine, realm: Option<(&str, &str)>) -> TestServer {
        TestServer::make(engine, realm, false).await
    }

    /// The same in a process of its own, which can be killed.
    pub async fn apart(engine: Engine, realm: Option<(&str, &str)>) -> TestServer {
        TestServer::make(engine, realm, true).await
    }

    async fn make(engine: Engine, realm: Option<(&str, &str)>, apart: bool) -> TestServer {
        super::install();
        let engine = engine.asked();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let folder = tempfile::tempdir().expect("a folder");
        realms::write(&folder.path().join("realms"), &url);
        if let Some((name, text)) = realm {
            let path = folder.path().join("realms").join(format!("{name}.toml"));
            std::fs::write(path, text.replace("{url}", &url)).expect("a realm file");
        }
        let mut server = TestServer {
            url,
            clock: Arc::default(),
            admin_password: String::new(),
            store: engine.store(),
            front: (engine == Engine::Nodes).then(|| Front::new(&listener)),
            folder,
            listener,
            running: Vec::new(),
            apart,
        };
        server.run().await;
        server
    }

    async fn run(&mut self) {
        let Some(front) = &self.front else {
            let listener = self.listener.try_clone().expect("the listener");
            return self.run_one("node-1", 0, listener).await;
        };
        let listeners = NODES.map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        let port = |l: &TcpListener| l.local_addr().expect("its address").port();
        front.lead_to(listeners.iter().map(port).collect());
        for (number, (listener, wrong)) in listeners.into_iter().zip(NODES).enumerate() {
            self.run_one(&format!("node-{}", number + 1), wrong, listener)
                .await;
        }
    }

    async fn run_one(&mut self, node: &str, wrong: i64, listener: TcpListener) {
        let folder = |name: &str| -> PathBuf { self.folder.path().join(name) };
        let address = listener.local_addr().expect("its address");
        // Nodes need the same master key: here it lies in a folder that they share.
        let mut settings =
            Settings::for_folder(folder("data"), folder("realms"), address, &self.url);
        settings.store.clone_from(&self.store);
        node.clone_into(&mut settings.node);
        let (running, password) = if self.apart {
            let apart = Apart::start(&settings, &listener, self.clock.now(), wrong).await;
            let password = apart.generated_password.clone();
            (Served::Apart(Box::new(apart)), password)
        } else {
            let parts = Parts {
                clock: Arc::new(Wrong {
                    by: wrong,
                    right: self.clock.clone(),
                }),
                cheap_passwords: true,
                listener: Some(listener),
                ..Parts::default()
            };
            let running = Box::pin(realmkeep::start(settings, parts))
                .await
                .unwrap_or_else(|e| panic!("{e}"));
            let password = running.generated_password.clone();
            (Served::Here(running), password)
        };
        if let Some(password) = password {
            self.admin_password = password;
        }
        self.running.push(running);
    }

    /// Stops it (in good order, or with SIGKILL when it is apart) and starts it again on the same folder and port; the
    /// realm files are applied again.
    pub async fn restart(&mut self) {
        assert_ne!(self.store, "memory", "a store in memory does not survive");
        self.stop().await;
        self.run().await;
    }

    /// Stops it: in good order when it is in this process, with SIGKILL when it is apart.
    pub async fn stop(&mut self) {
        for running in self.running.drain(..) {
            match running {
                Served::Here(running) => running.stop().await,
                Served::Apart(apart) => apart.kill().await,
            }
        }
    }

    /// Moves the clock and lets everything happen that is due then.
    pub async fn advance(&self, span: Span) {
        self.clock.advance(span);
        self.due(span).await;
    }

    /// Lets everything happen that is due now.
    pub async fn sweep(&self) {
        self.due(Span::secs(0)).await;
    }

    async fn due(&self, ahead: Span) {
        assert!(!self.running.is_empty(), "no running server");
        for running in &self.running {
            match running {
                Served::Here(running) => drop(running.sweep_now().await.unwrap()),
                Served::Apart(apart) => apart.advance(ahead).await,
            }
        }
    }

    /// The folder of everything that it remembers.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Waits until every node knows of a change of a realm or a client: that takes up to a second, and nothing where there
    /// is one.
    pub async fn spread(&self) {
        if self.front.is_some() {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
    }

    /// What time it is there.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `{url}/realms/{realm}`.
    pub fn issuer(&self, realm: &str) -> String {
        format!("{}/realms/{realm}", self.url)
    }

    /// A protocol endpoint of a realm.
    pub fn endpoint(&self, realm: &str, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.issuer(realm))
    }

    /// A relying party of the realm `demo`, found by discovery.
    pub async fn app(&self, client_id: &str) -> App {
        App::discover(&self.url, "demo", client_id).await
    }

    /// A relying party of another realm.
    pub async fn app_of(&self, realm: &str, client_id: &str) -> App {
        App::discover(&self.url, realm, client_id).await
    }

    /// The service account that administers the realm `demo`.
    pub fn ops(&self) -> Operator {
        Operator::service(&self.url, "demo", "ops", "ops-secret")
    }

    /// Another service account of the realm `demo`.
    pub fn service(&self, client_id: &str) -> Operator {
        Operator::service(&self.url, "demo", client_id, &format!("{client_id}-secret"))
    }

    /// The service account that administers the whole server.
    pub fn root(&self) -> Operator {
        Operator::service(&self.url, "master", "root", "root-secret")
    }
}
