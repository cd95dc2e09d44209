//! Several servers behind one address, as a load balancer would put them: each connection goes to the next one, and the
//! clients of the tests make a connection a request.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use realmkeep::{Clock, ManualClock, Timestamp};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// What stands in front. Gone when dropped.
pub struct Front {
    ports: Arc<Mutex<Vec<u16>>>,
    task: JoinHandle<()>,
}

impl Front {
    /// Listens there; nobody is behind it yet.
    pub fn new(listener: &TcpListener) -> Front {
        let listener = listener.try_clone().expect("the listener");
        listener.set_nonblocking(true).expect("the listener");
        let listener = tokio::net::TcpListener::from_std(listener).expect("the listener");
        let ports = Arc::new(Mutex::new(Vec::new()));
        let (behind, next) = (Arc::clone(&ports), AtomicUsize::new(0));
        let task = tokio::spawn(async move {
            while let Ok((client, from)) = listener.accept().await {
                let ports: Vec<u16> = behind.lock().unwrap().clone();
                if ports.is_empty() {
                    continue;
                }
                let port = ports[next.fetch_add(1, Ordering::Relaxed) % ports.len()];
                tokio::spawn(async move {
                    // From the client's own address: every 127.x.y.z is this machine.
                    let socket = TcpSocket::new_v4().expect("a socket");
                    let _ = socket.bind((from.ip(), 0).into());
                    if let Ok(node) = socket.connect(([127, 0, 0, 1], port).into()).await {
                        both(client, node).await;
                    }
                });
            }
        });
        Front { ports, task }
    }

    /// Who is behind it from now on.
    pub fn lead_to(&self, ports: Vec<u16>) {
        *self.ports.lock().unwrap() = ports;
    }
}

async fn both(mut client: TcpStream, mut node: TcpStream) {
    let _ = tokio::io::copy_bidirectional(&mut client, &mut node).await;
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The clock of a machine that is set wrong by so many milliseconds.
pub struct Wrong {
    pub by: i64,
    pub right: Arc<ManualClock>,
}

impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        Timestamp(self.right.now().0.saturating_add_signed(self.by))
    }

    fn told(&self, by_store: Timestamp) -> Timestamp {
        self.right.told(by_store)
    }
}
