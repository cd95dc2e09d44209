//! Telling apps: how soon after the commit, how many a second, and whether others feel it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::token::Minter;
use crate::load::browser::SignedIn;
use crate::load::drive::{Measured, Pace, drive};
use crate::load::lab::{Lab, credentials, text};
use crate::load::oauth;
use crate::load::realm::{API, APPS, HANGING, REALM, WEB};
use crate::load::report::Row;

/// Sign-outs whose first notice is awaited.
const ROUNDS: usize = 60;
/// Apps that never answer.
const HANG: usize = 100;

/// The apps' endpoint: answers every notice at once, or none at all.
struct Receiver {
    address: SocketAddr,
    heard: Rc<RefCell<HashMap<String, Instant>>>,
    count: Rc<Cell<u64>>,
}

impl Receiver {
    async fn start(answers: bool) -> anyhow::Result<Receiver> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let receiver = Receiver {
            address: listener.local_addr()?,
            heard: Rc::default(),
            count: Rc::default(),
        };
        let (heard, count) = (Rc::clone(&receiver.heard), Rc::clone(&receiver.count));
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heard, count) = (Rc::clone(&heard), Rc::clone(&count));
                tokio::task::spawn_local(async move {
                    let _ = serve(stream, answers, &heard, &count).await;
                });
            }
        });
        Ok(receiver)
    }

    fn uri(&self) -> String {
        format!("http://{}/out", self.address)
    }
}

async fn serve(
    mut stream: TcpStream,
    answers: bool,
    heard: &RefCell<HashMap<String, Instant>>,
    count: &Cell<u64>,
) -> anyhow::Result<()> {
    let mut buf = Vec::new();
    loop {
        let head = loop {
            if let Some(at) = oauth_end(&buf) {
                break at;
            }
            if stream.read_buf(&mut buf).await? == 0 {
                return Ok(());
            }
        };
        let length = length_of(&buf[..head])?;
        while buf.len() < head + length {
            if stream.read_buf(&mut buf).await? == 0 {
                return Ok(());
            }
        }
        let at = Instant::now();
        let body = std::str::from_utf8(&buf[head..head + length])?;
        if let Some(sid) = sid_of(body) {
            heard.borrow_mut().entry(sid).or_insert(at);
        }
        count.set(count.get() + 1);
        buf.drain(..head + length);
        if answers {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await?;
        }
    }
}

fn oauth_end(buf: &[u8]) -> Option<usize> {
    buf.windows(4)
        .position(|w| w == b"\r\n\r\n")
        .map(|at| at + 4)
}

fn length_of(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let line = head.lines().find_map(|line| {
        line.split_once(':')
            .filter(|l| l.0.eq_ignore_ascii_case("content-length"))
    });
    Ok(line.context("no content-length")?.1.trim().parse()?)
}

fn sid_of(body: &str) -> Option<String> {
    let claims = body.strip_prefix("logout_token=")?.split('.').nth(1)?;
    let claims: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    Some(claims.get("sid")?.as_str()?.to_owned())
}

/// Has these apps told there.
async fn told_at(lab: &Lab, client_id: &str, uri: &str) -> anyhow::Result<()> {
    let found = lab
        .admin("GET", &format!("/clients?clientId={client_id}"), None, 200)
        .await?;
    let id = text(found.get(0).context("no such client")?, "id").to_owned();
    let body = json!({ "backchannel_logout_uri": uri }).to_string();
    lab.admin_quiet("PUT", &format!("/clients/{id}"), &body)
        .await
}

/// From sending the administrator's request until the app has the notice, over and over.
async fn rounds(lab: &Lab, receiver: &Receiver) -> anyhow::Result<Measured> {
    let mut latencies = Vec::new();
    for number in 0..ROUNDS {
        let (username, _) = credentials(number);
        let mut people = lab.signed_in_at(number).await?;
        let sid = own_session(lab, &username).await?;
        let body = json!({ "select": { "sessions": [sid] } }).to_string();
        let began = Instant::now();
        lab.admin("POST", "/signouts", Some(&body), 201).await?;
        let at = loop {
            if let Some(at) = receiver.heard.borrow().get(&sid) {
                break *at;
            }
            ensure!(
                began.elapsed() < Duration::from_secs(20),
                "the app was not told of session {sid}"
            );
            tokio::time::sleep(Duration::from_micros(200)).await;
        };
        latencies.push(u32::try_from(
            at.saturating_duration_since(began).as_micros(),
        )?);
        people.forget();
    }
    latencies.sort_unstable();
    Ok(Measured {
        connections: 1,
        requests: 0,
        latencies,
        rss: lab.target.rss(),
        ..Measured::default()
    })
}

async fn own_session(lab: &Lab, username: &str) -> anyhow::Result<String> {
    let path = format!("/sessions?limit=1&q=user:{username}");
    let page = lab.admin("GET", &path, None, 200).await?;
    let session = page.pointer("/sessions/0").context("no session")?;
    Ok(text(session, "id").to_owned())
}

pub(super) async fn first(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(true).await?;
    told_at(lab, WEB.0, &receiver.uri()).await?;
    let mut idle = lab.row("told_first (idle)", rounds(lab, &receiver).await?);
    idle.remarks
        .push("from sending the sign-out until the app has the notice".to_owned());

    let silent = Receiver::start(false).await?;
    let mut person = lab.browser(0);
    let (username, password) = credentials(0);
    let SignedIn::Code(code, verifier) = person.sign_in(&username, &password).await? else {
        bail!("the server is busy");
    };
    person.exchange(&code, &verifier).await?;
    for number in 0..HANG {
        let name = format!("{HANGING}{number}");
        let body = json!({
            "client_id": name, "client_secret": WEB.1, "redirect_uris": [oauth::redirect_uri()],
            "backchannel_logout_uri": silent.uri(), "scope": "openid profile email",
        });
        lab.admin("POST", "/clients", Some(&body.to_string()), 201)
            .await?;
        person.client = (Box::leak(name.into_boxed_str()), WEB.1);
        let (code, verifier) = person.single_sign_on().await?;
        person.exchange(&code, &verifier).await?;
    }
    let sid = own_session(lab, &username).await?;
    let body = json!({ "select": { "sessions": [sid] } }).to_string();
    lab.admin("POST", "/signouts", Some(&body), 201).await?;
    let began = Instant::now();
    while silent.count.get() < HANG as u64 {
        ensure!(
            began.elapsed() < Duration::from_secs(30),
            "only {} of {HANG} hanging apps were tried",
            silent.count.get()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut busy = lab.row("told_first (100 hang)", rounds(lab, &receiver).await?);
    busy.remarks.push(format!(
        "while {HANG} other apps leave their notices unanswered"
    ));
    Ok(vec![idle, busy])
}

pub(super) async fn many(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(true).await?;
    for app in APPS {
        told_at(lab, app, &receiver.uri()).await?;
    }
    let wanted = (lab.sessions as usize / 2).min(10_000);
    let ids = lab.session_ids(wanted).await?;
    let body = json!({ "select": { "sessions": ids } }).to_string();
    let (cpu, began) = (lab.target.cpu(), Instant::now());
    let act = lab.admin("POST", "/signouts", Some(&body), 201).await?;
    let (notices, _) = settled(lab, text(&act, "id"), Duration::from_secs(600)).await?;
    let mut row = lab.row(
        "told_many",
        Measured {
            connections: 1,
            seconds: began.elapsed().as_secs_f64(),
            requests: notices,
            cpu: cpu.zip(lab.target.cpu()).map(|(b, a)| a - b),
            rss: lab.target.rss(),
            ..Measured::default()
        },
    );
    row.remarks.push(format!(
        "{} sessions ended and their apps' {notices} notices acknowledged; one act, rates are in notices",
        ids.len()
    ));
    Ok(vec![row])
}

/// Waits until an act is settled; how many notices were confirmed, and the most memory seen.
async fn settled(lab: &Lab, id: &str, patience: Duration) -> anyhow::Result<(u64, f64)> {
    let began = Instant::now();
    let mut most = 0.0f64;
    loop {
        let act = lab
            .admin("GET", &format!("/signouts/{id}"), None, 200)
            .await?;
        most = most.max(lab.target.rss().unwrap_or_default());
        let count = |name: &str| -> u64 {
            let channels = act["apps"].as_array().into_iter().flatten();
            let channels =
                channels.flat_map(|app| app["channels"].as_array().into_iter().flatten());
            channels.filter_map(|c| c[name].as_u64()).sum()
        };
        if text(&act, "state") == "settled" {
            return Ok((count("acknowledged"), most));
        }
        ensure!(
            began.elapsed() < patience,
            "not settled after {:?}: {} of {} sessions written out, {} of {} notices confirmed",
            patience,
            act["counts"]["sessions"],
            act["counts"]["total"],
            count("acknowledged"),
            count("notices")
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

pub(super) async fn all(lab: &mut Lab) -> anyhow::Result<Vec<Row>> {
    let receiver = Receiver::start(true).await?;
    for app in APPS {
        told_at(lab, app, &receiver.uri()).await?;
    }
    let calm = tokens(lab).await;
    let (cpu, began) = (lab.target.cpu(), Instant::now());
    let act = lab
        .admin("POST", "/signouts", Some(r#"{"select":{"all":true}}"#), 201)
        .await?;
    let answered = began.elapsed();
    let mut loaded = tokens(lab).await;
    loaded.cpu = None;
    let mut during = lab.row("told_all: tokens meanwhile", loaded.clone());
    for share in [0.5, 0.99] {
        if let (Some(before), Some(after)) = (calm.quantile(share), loaded.quantile(share)) {
            during.remarks.push(format!(
                "p{:.0} {:.2} × the {before:.2} ms before",
                share * 100.0,
                after / before
            ));
        }
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    lab.renew().await?;
    let (notices, most) = settled(lab, text(&act, "id"), Duration::from_secs(3 * 3600)).await?;
    let mut row = lab.row(
        "told_all",
        Measured {
            connections: 1,
            seconds: began.elapsed().as_secs_f64(),
            requests: notices,
            cpu: cpu.zip(lab.target.cpu()).map(|(b, a)| a - b),
            rss: Some(most),
            ..Measured::default()
        },
    );
    row.remarks.push(format!(
        "answered after {:.1} ms; written out and {notices} notices acknowledged after {:.1} s; memory is the most seen",
        answered.as_secs_f64() * 1000.0,
        began.elapsed().as_secs_f64()
    ));
    Ok(vec![during, row])
}

/// Tokens of clients at an easy pace: an open server.
async fn tokens(lab: &Lab) -> Measured {
    let pace = Pace {
        rest: Duration::from_millis(5),
        ..Pace::full(lab.span)
    };
    let minters = (0..4).map(|_| Minter::new(lab, REALM, API)).collect();
    drive(&lab.target, pace, minters).await
}
