//! What the guarded client refuses, and what it does with applications that do not behave.

mod addresses;
mod faults;
mod tls;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::names::Names;
use super::{Outbound, Rules};
use crate::domain::outbox::wire::{Answered, Outgoing, Wire as _, WireError};

/// Names with addresses of the test's choice: one list a look-up, the last one again and again.
#[derive(Default)]
struct Book {
    pages: Mutex<VecDeque<Vec<IpAddr>>>,
    looked: AtomicUsize,
}

impl Book {
    fn new(pages: &[&[&str]]) -> Arc<Book> {
        let page = |page: &&[&str]| page.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Book {
            pages: Mutex::new(pages.iter().map(page).collect()),
            looked: AtomicUsize::new(0),
        })
    }

    fn looked(&self) -> usize {
        self.looked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Names for Book {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.looked.fetch_add(1, Ordering::SeqCst);
        let mut pages = self.pages.lock().unwrap();
        let first = pages.front().cloned().unwrap_or_default();
        if pages.len() > 1 {
            pages.pop_front();
        }
        Ok(first)
    }
}

fn rules(allow: &[&str]) -> Rules {
    Rules {
        allow: allow.iter().map(|net| net.parse().unwrap()).collect(),
        ca: None,
    }
}

fn outbound(allow: &[&str], names: Arc<Book>) -> Outbound {
    Outbound::with_names(rules(allow), names).unwrap()
}

fn post(url: &str) -> Outgoing {
    Outgoing {
        url: url.to_owned(),
        headers: vec![(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )],
        body: Bytes::from_static(b"logout_token=abc"),
        timeout: Duration::from_secs(20),
        max_answer: 1000,
    }
}

async fn send(outbound: &Outbound, url: &str) -> Result<Answered, WireError> {
    outbound.send(post(url)).await
}

/// An application of a few lines: reads each request, then does what the test says; keeps what it read.
struct App {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl App {
    async fn start<F>(at: &str, answer: impl Fn(TcpStream) -> F + Send + 'static) -> App
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(at).await.unwrap();
        let app = App {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let seen = app.seen.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = request(&mut stream).await;
                seen.lock().unwrap().push(request);
                tokio::spawn(answer(stream));
            }
        });
        app
    }

    /// One that answers this and closes.
    async fn says(at: &str, text: &'static str) -> App {
        App::start(at, move |mut stream| async move {
            let _ = stream.write_all(text.as_bytes()).await;
        })
        .await
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/logout?x=1", self.address.port())
    }
}

/// Reads a request of [`post`] to its end.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"logout_token=abc") {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nok";

fn refused(result: Result<Answered, WireError>) -> String {
    match result {
        Err(WireError::Refused(why)) => why,
        other => panic!("expected a refusal, found {other:?}"),
    }
}
