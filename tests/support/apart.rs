//! A server in a process of its own, whose clock the test holds: for what a server in this process cannot suffer, being
//! killed. The process is this test program again, running nothing but [`serve`].

use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use realmkeep::{Clock as _, ManualClock, Parts, Settings, Span, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

const ORDERS: &str = "REALMKEEP_TEST_APART";

/// What a server in a process of its own is told at its start. Its listener is its standard input.
#[derive(Serialize, Deserialize)]
struct Orders {
    /// Where the test waits for it.
    control: SocketAddr,
    data: String,
    realms: String,
    url: String,
    store: String,
    node: String,
    now: u64,
    /// By how many milliseconds its machine's clock is wrong.
    wrong: i64,
}

/// What the test asks of it meanwhile: move the clock on, and let everything happen that is due then.
#[derive(Serialize, Deserialize)]
struct Advance {
    secs: u64,
}

/// What it says once it serves.
#[derive(Serialize, Deserialize)]
struct Ready {
    generated_password: Option<String>,
}

/// A process with a server.
pub struct Apart {
    process: Child,
    control: Mutex<Lines<BufStream<TcpStream>>>,
    /// As of the first start on this folder.
    pub generated_password: Option<String>,
}

impl Apart {
    /// Starts a process that serves with these settings on this listener, where it is `now` and the machine's clock is
    /// wrong by so many milliseconds.
    pub async fn start(
        settings: &Settings,
        listener: &TcpListener,
        now: Timestamp,
        wrong: i64,
    ) -> Apart {
        let waiting = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        let orders = Orders {
            control: waiting.local_addr().unwrap(),
            data: text(&settings.data),
            realms: text(&settings.realms),
            url: settings.public_url.clone(),
            store: settings.store.clone(),
            node: settings.node.clone(),
            now: now.0,
            wrong,
        };
        let listener = OwnedFd::from(listener.try_clone().unwrap());
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["support::apart::serve", "--exact", "--ignored"])
            .env(ORDERS, serde_json::to_string(&orders).unwrap())
            .stdin(Stdio::from(listener))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("this program again");
        let (control, _) = waiting.accept().await.unwrap();
        let mut control = BufStream::new(control).lines();
        let ready = control.next_line().await.unwrap();
        let ready: Ready = serde_json::from_str(&ready.expect("a server that starts")).unwrap();
        Apart {
            process,
            control: Mutex::new(control),
            generated_password: ready.generated_password,
        }
    }

    /// Moves its clock and lets everything happen that is due then.
    pub async fn advance(&self, span: Span) {
        let secs = span.whole_secs();
        let mut order = serde_json::to_string(&Advance { secs }).unwrap();
        order.push('\n');
        let mut control = self.control.lock().await;
        let stream = control.get_mut();
        stream.write_all(order.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let done = control.next_line().await.unwrap();
        assert_eq!(done.as_deref(), Some("done"), "the server's process died");
    }

    /// SIGKILL: whatever it was doing, it does not finish.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// The server of other tests. Ends with the test that asked for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "not a test but the server of some, in a process of its own"]
async fn serve() {
    let Ok(orders) = std::env::var(ORDERS) else {
        return;
    };
    let orders: Orders = serde_json::from_str(&orders).unwrap();
    super::install();
    let listener = TcpListener::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let clock = Arc::<ManualClock>::default();
    clock.advance(Timestamp(orders.now).since(clock.now()));
    let (data, realms) = (orders.data.into(), orders.realms.into());
    let address = listener.local_addr().unwrap();
    let mut settings = Settings::for_folder(data, realms, address, &orders.url);
    settings.store = orders.store;
    settings.node = orders.node;
    let parts = Parts {
        clock: Arc::new(super::nodes::Wrong {
            by: orders.wrong,
            right: clock.clone(),
        }),
        cheap_passwords: true,
        listener: Some(listener),
        ..Parts::default()
    };
    let running = Box::pin(realmkeep::start(settings, parts)).await;
    let running = running.unwrap_or_else(|error| panic!("{error}"));
    let ready = Ready {
        generated_password: running.generated_password.clone(),
    };
    let mut control = BufStream::new(TcpStream::connect(orders.control).await.unwrap()).lines();
    let mut answer = serde_json::to_string(&ready).unwrap();
    loop {
        answer.push('\n');
        let stream = control.get_mut();
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let Ok(Some(order)) = control.next_line().await else {
            // The test is over, or gone.
            std::process::exit(0);
        };
        let order: Advance = serde_json::from_str(&order).unwrap();
        clock.advance(Span::secs(order.secs));
        running.sweep_now().await.unwrap();
        "done".clone_into(&mut answer);
    }
}
