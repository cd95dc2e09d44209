//! HTTP/1.1, as little of it as a load program needs: one keep-alive connection, one request at a time.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One keep-alive connection; opened when first used and again after a failure.
pub(super) struct Conn {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buf: Vec<u8>,
}

/// An answer, whole.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    head: &'a [u8],
    pub(super) body: &'a [u8],
}

/// Where the parts of an answer lie in the buffer.
struct Shape {
    status: u16,
    head: usize,
    body: std::ops::Range<usize>,
    close: bool,
}

impl Conn {
    pub(super) fn new(address: SocketAddr) -> Conn {
        Conn {
            address,
            stream: None,
            buf: Vec::with_capacity(8192),
        }
    }

    /// Sends a request and reads its answer.
    pub(super) async fn call(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        let shape = match self.exchange(request).await {
            Ok(shape) => shape,
            Err(error) => {
                self.stream = None;
                return Err(error);
            }
        };
        if shape.close {
            self.stream = None;
        }
        Ok(Answer {
            status: shape.status,
            head: self.buf.get(..shape.head).unwrap_or_default(),
            body: self.buf.get(shape.body).unwrap_or_default(),
        })
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Shape> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address).await.context("connect")?;
                stream.set_nodelay(true)?;
                none.insert(stream)
            }
        };
        stream.write_all(request).await.context("send")?;
        self.buf.clear();
        let head = loop {
            // The head comes in one piece nearly always: looking again from the start costs nothing then.
            if let Some(at) = find(&self.buf, b"\r\n\r\n") {
                break at + 4;
            }
            more(stream, &mut self.buf).await?;
        };
        let (status, length, close) = read_head(self.buf.get(..head).unwrap_or_default())?;
        let body = match length {
            Length::Known(length) => {
                while self.buf.len() < head + length {
                    more(stream, &mut self.buf).await?;
                }
                head..head + length
            }
            Length::Chunked => {
                let mut at = head;
                let mut end = head;
                loop {
                    let Some(line) = find(self.buf.get(at..).unwrap_or_default(), b"\r\n") else {
                        more(stream, &mut self.buf).await?;
                        continue;
                    };
                    let size = self
                        .buf
                        .get(at..at + line)
                        .map(String::from_utf8_lossy)
                        .unwrap_or_default();
                    let size = usize::from_str_radix(
                        size.split(';').next().unwrap_or_default().trim(),
                        16,
                    )?;
                    let from = at + line + 2;
                    while self.buf.len() < from + size + 2 {
                        more(stream, &mut self.buf).await?;
                    }
                    if size == 0 {
                        break head..end;
                    }
                    self.buf.copy_within(from..from + size, end);
                    end += size;
                    at = from + size + 2;
                }
            }
        };
        Ok(Shape {
            status,
            head,
            body,
            close,
        })
    }
}

async fn more(stream: &mut TcpStream, buf: &mut Vec<u8>) -> anyhow::Result<()> {
    buf.reserve(4096);
    if stream.read_buf(buf).await.context("receive")? == 0 {
        bail!("the server closed the connection");
    }
    Ok(())
}

enum Length {
    Known(usize),
    Chunked,
}

fn read_head(head: &[u8]) -> anyhow::Result<(u16, Length, bool)> {
    let status = head
        .get(9..12)
        .and_then(|s| std::str::from_utf8(s).ok())
        .context("no status line")?
        .parse()?;
    let answer = Answer {
        status,
        head,
        body: &[],
    };
    let close = answer
        .header("connection")
        .is_some_and(|v| v.eq_ignore_ascii_case("close"));
    let length = match (
        answer.header("content-length"),
        answer.header("transfer-encoding"),
    ) {
        (Some(length), _) => Length::Known(length.parse()?),
        (None, Some(_)) => Length::Chunked,
        (None, None) => Length::Known(0),
    };
    Ok((status, length, close))
}

impl<'a> Answer<'a> {
    /// All headers of a name, which is given in lower case.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.split(|b| *b == b'\n').skip(1);
        lines.filter_map(move |line| {
            let line = std::str::from_utf8(line).ok()?;
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The first header of a name.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// The body as text.
    pub(super) fn text(&self) -> &'a str {
        std::str::from_utf8(self.body).unwrap_or_default()
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(self.body).with_context(|| format!("no JSON: {}", self.start()))
    }

    /// That the status is the one expected.
    pub(super) fn expect(&self, status: u16) -> anyhow::Result<()> {
        if self.status != status {
            bail!(
                "status {} instead of {status}: {}",
                self.status,
                self.start()
            );
        }
        Ok(())
    }

    /// That the status and a piece of the body are those expected.
    pub(super) fn expect_with(&self, status: u16, piece: &str) -> anyhow::Result<()> {
        self.expect(status)?;
        if find(self.body, piece.as_bytes()).is_none() {
            bail!("the answer lacks {piece}: {}", self.start());
        }
        Ok(())
    }

    /// The start of the body, for an error.
    pub(super) fn start(&self) -> String {
        let text: String = self.text().chars().take(200).collect();
        text.replace(['\n', '\r'], " ")
    }
}

/// Where `piece` begins.
pub(super) fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    text.windows(piece.len()).position(|window| window == piece)
}

/// Writes a request down, to be sent as often as needed.
pub(super) fn request(
    method: &str,
    host: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Vec<u8> {
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: {USER_AGENT}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    text.into_bytes()
}

const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
