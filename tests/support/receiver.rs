//! The other end of a notice: an endpoint of an app on loopback that answers as a test tells it to, well or badly, and
//! keeps every request it got.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{claims, until};

/// What one request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// This status and nothing more.
    Status(u16),
    /// This status with a body.
    Body(u16, String),
    /// A page.
    Html(String),
    /// 503, and when to come again, in seconds.
    RetryAfter(u64),
    /// Nothing, and the connection stays open.
    Hang,
    /// 200, one byte at a time, without an end.
    Drip,
    /// The connection is reset.
    Reset,
    /// The connection is closed in good order, without an answer.
    Close,
    /// 307 to this address.
    Redirect(String),
    /// This status and a body without an end.
    Endless(u16),
    /// A head without an end.
    EndlessHead,
    /// Something that is not HTTP.
    Garbage,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Told {
    /// The method.
    pub method: String,
    /// The path, with its query.
    pub path: String,
    /// The headers; names in small letters.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: String,
    /// When it was here in full.
    pub at: Instant,
}

impl Told {
    /// A field of a form; empty when it is not there.
    pub fn field(&self, name: &str) -> String {
        url::form_urlencoded::parse(self.body.as_bytes())
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The claims of the logout token, not verified.
    pub fn logout_token(&self) -> Value {
        claims(&self.field("logout_token"))
    }

    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

#[derive(Default)]
struct Plan {
    /// For each path what comes next.
    next: HashMap<String, VecDeque<Reply>>,
    /// For each path what comes after that; a path without its query stands for all of them.
    always: HashMap<String, Reply>,
    told: Vec<Told>,
}

/// An endpoint of an app.
pub struct Receiver {
    /// Its root: `http://127.0.0.1:port`.
    pub url: String,
    port: u16,
    plan: Arc<Mutex<Plan>>,
    accepting: Option<JoinHandle<()>>,
}

impl Receiver {
    /// One that answers 200 until it is told otherwise.
    pub async fn start() -> Receiver {
        let mut receiver = Receiver::down().await;
        receiver.up().await;
        receiver
    }

    /// One that nobody is at: the connection is refused until it is [`Receiver::up`].
    pub async fn down() -> Receiver {
        let port = super::process::free_port();
        Receiver {
            url: format!("http://127.0.0.1:{port}"),
            port,
            plan: Arc::default(),
            accepting: None,
        }
    }

    /// Starts to listen.
    pub async fn up(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port))
            .await
            .expect("the receiver's port");
        let plan = self.plan.clone();
        self.accepting = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, plan.clone()));
            }
        }));
    }

    /// An address of it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// From now on every request of this path is answered so.
    pub fn answers(&self, path: &str, reply: Reply) {
        let mut plan = self.plan.lock().unwrap();
        plan.next.remove(path);
        plan.always.insert(path.to_owned(), reply);
    }

    /// The next requests of this path are answered so, one by one; those after them as before.
    pub fn answers_next(&self, path: &str, replies: &[Reply]) {
        let mut plan = self.plan.lock().unwrap();
        plan.next
            .entry(path.to_owned())
            .or_default()
            .extend(replies.iter().cloned());
    }

    /// Everything it got.
    pub fn all(&self) -> Vec<Told> {
        self.plan.lock().unwrap().told.clone()
    }

    /// What it got at a path, whatever the query.
    pub fn told(&self, path: &str) -> Vec<Told> {
        let mut told = self.all();
        told.retain(|t| t.path.split('?').next() == Some(path));
        told
    }

    /// Waits until it got so many requests at a path, and answers all of them.
    pub async fn wait(&self, path: &str, count: usize, limit: Duration) -> Vec<Told> {
        let what = format!("{count} requests at {}{path}", self.url);
        until(&what, limit, async || self.told(path).len() >= count).await;
        self.told(path)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

/// Answers the requests of one connection.
async fn serve(mut stream: TcpStream, plan: Arc<Mutex<Plan>>) {
    let mut read = Vec::new();
    while let Some(told) = request(&mut stream, &mut read).await {
        let reply = {
            let mut plan = plan.lock().unwrap();
            let next = plan.next.get_mut(&told.path).and_then(VecDeque::pop_front);
            let bare = told.path.split('?').next().unwrap_or_default();
            let always = plan.always.get(&told.path).or(plan.always.get(bare));
            let always = always.cloned();
            plan.told.push(told);
            next.or(always).unwrap_or(Reply::Status(200))
        };
        if !answer(&mut stream, reply).await {
            return;
        }
    }
}

/// Reads one request; nothing when the connection ends before.
async fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<Told> {
    let end = loop {
        if let Some(at) = read.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut line = lines.next()?.split(' ');
    let (method, path) = (line.next()?.to_owned(), line.next()?.to_owned());
    let headers: HashMap<String, String> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_lowercase(), v.trim().to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |l| l.parse().expect("a length"));
    let whole = end + 4 + length;
    while read.len() < whole {
        if stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&read[end + 4..whole]).into_owned();
    read.drain(..whole);
    Some(Told {
        method,
        path,
        headers,
        body,
        at: Instant::now(),
    })
}

/// Answers; whether the connection goes on.
async fn answer(stream: &mut TcpStream, reply: Reply) -> bool {
    let whole = |status: u16, more: &str, body: &str| {
        let length = match status {
            204 => String::new(),
            _ => format!("content-length: {}\r\n", body.len()),
        };
        format!("HTTP/1.1 {status} -\r\n{length}{more}\r\n{body}")
    };
    let text = match reply {
        Reply::Status(status) => whole(status, "", ""),
        Reply::Body(status, body) => whole(status, "content-type: application/json\r\n", &body),
        Reply::Html(page) => whole(200, "content-type: text/html; charset=utf-8\r\n", &page),
        Reply::RetryAfter(seconds) => whole(503, &format!("retry-after: {seconds}\r\n"), ""),
        Reply::Redirect(to) => whole(307, &format!("location: {to}\r\n"), ""),
        Reply::Close => return false,
        Reply::Reset => {
            let _ = stream.set_zero_linger();
            return false;
        }
        Reply::Hang => {
            // Until the other side has had enough.
            let mut more = [0; 64];
            while stream.read(&mut more).await.is_ok_and(|n| n > 0) {}
            return false;
        }
        Reply::Drip => {
            let endless = std::iter::repeat(b'x');
            for byte in "HTTP/1.1 200 -\r\nx-slow: ".bytes().chain(endless) {
                if stream.write_all(&[byte]).await.is_err() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            return false;
        }
        Reply::Endless(status) => {
            let head = format!("HTTP/1.1 {status} -\r\ntransfer-encoding: chunked\r\n\r\n");
            let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
            return forever(stream, &head, &chunk).await;
        }
        Reply::EndlessHead => {
            let line = format!("x-more: {}\r\n", "x".repeat(0x1000));
            return forever(stream, "HTTP/1.1 200 -\r\n", &line).await;
        }
        Reply::Garbage => {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await;
            return false;
        }
    };
    stream.write_all(text.as_bytes()).await.is_ok()
}

/// Writes the head, and then the same again and again until nobody reads any more.
async fn forever(stream: &mut TcpStream, head: &str, again: &str) -> bool {
    let _ = stream.write_all(head.as_bytes()).await;
    while stream.write_all(again.as_bytes()).await.is_ok() {}
    false
}
