//! The admin API as a fake server gives it, and how the commands read it.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// One request as it came.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Seen {
    /// Method and target.
    pub(in crate::cli) line: String,
    /// The rest of the head, in small letters.
    pub(in crate::cli) head: String,
    /// The body.
    pub(in crate::cli) body: String,
}

/// A server of a few lines: one answer a connection.
pub(in crate::cli) struct Fake {
    /// Its address.
    pub(in crate::cli) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

type Answer = fn(&Seen, &[Seen]) -> (u16, Value);

impl Fake {
    /// Starts one; `answer` gets the request and all that came so far.
    pub(in crate::cli) async fn start(answer: Answer) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Fake {
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::default(),
        };
        let seen = fake.seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, answer, &seen).await;
            }
        });
        fake
    }

    /// What came so far.
    pub(in crate::cli) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answer: Answer, seen: &Mutex<Vec<Seen>>) {
    let mut bytes = Vec::new();
    let request = loop {
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return;
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let (line, rest) = head.split_once("\r\n").unwrap();
            let head = rest.to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                let line = line.trim_end_matches(" HTTP/1.1").to_owned();
                break Seen {
                    line,
                    head,
                    body: body.to_owned(),
                };
            }
        }
    };
    let (status, body) = {
        let mut all = seen.lock().unwrap();
        all.push(request.clone());
        answer(&request, &all)
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
}

fn to(fake: &Fake) -> Connection {
    Connection {
        server: fake.url.parse().unwrap(),
        realm: "a b/c".to_owned(),
        client_id: Some("ops".to_owned()),
        client_secret: Some(Secret::new("s".to_owned())),
        client_secret_file: None,
        json: false,
    }
}

async fn refused(to: &Connection) -> RemoteError {
    match Remote::connect(to).await {
        Ok(_) => panic!("connected"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn names_in_addresses_are_escaped() {
    let fake = Fake::start(|_, _| (200, json!({ "access_token": "t" }))).await;
    let mut remote = Remote::connect(&to(&fake)).await.unwrap();
    remote.get(&["signouts", "../../x"], &[]).await.unwrap();
    assert_eq!(
        fake.seen()[1].line,
        "GET /admin/realms/a%20b%2Fc/signouts/..%2F..%2Fx"
    );
}

#[tokio::test]
async fn a_token_that_ended_is_replaced_once() {
    let fake = Fake::start(|seen, all| match seen.line.starts_with("POST /realms") {
        true => (200, json!({ "access_token": format!("t{}", all.len()) })),
        false if seen.head.contains("bearer t1") => (401, json!({ "title": "Unauthorized" })),
        false => (200, json!("fine")),
    })
    .await;
    let mut remote = Remote::connect(&to(&fake)).await.unwrap();
    assert_eq!(remote.get(&["x"], &[]).await.unwrap(), "fine");
    assert_eq!(fake.seen().len(), 4);
}

#[tokio::test]
async fn a_repeated_act_carries_the_same_idempotency_key() {
    let fake = Fake::start(
        |seen, all| match (seen.line.starts_with("POST /realms"), all.len()) {
            (true, _) => (200, json!({ "access_token": "t" })),
            (false, 2) => (503, json!({ "title": "Busy" })),
            _ => (201, json!({})),
        },
    )
    .await;
    let mut remote = Remote::connect(&to(&fake)).await.unwrap();
    remote.post(&["signouts"], &json!({})).await.unwrap();
    remote.post(&["signouts"], &json!({})).await.unwrap();
    let key = |at: usize| {
        let head = fake.seen()[at].head.clone();
        head.lines()
            .find(|line| line.starts_with("idempotency-key"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(key(1), key(2));
    assert_ne!(key(2), key(3));
}

#[tokio::test]
async fn refused_credentials_are_told_in_the_servers_words() {
    let fake = Fake::start(|_, _| {
        (
            401,
            json!({ "error": "invalid_client", "error_description": "Unknown\u{1b}[1m client" }),
        )
    })
    .await;
    let error = refused(&to(&fake)).await;
    assert_eq!(
        error.to_string(),
        "invalid_client: Unknown\u{fffd}[1m client"
    );
}

#[tokio::test]
async fn credentials_come_from_the_file_first_and_must_be_there() {
    let fake = Fake::start(|_, _| (200, json!({ "access_token": "t" }))).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "from-file\n").unwrap();
    let with_file = Connection {
        client_secret_file: Some(file),
        ..to(&fake)
    };
    let remote = Remote::connect(&with_file).await.unwrap();
    assert_eq!(remote.client_secret.expose(), "from-file");

    let absent = Connection {
        client_secret_file: Some("/nowhere/secret".into()),
        ..to(&fake)
    };
    assert!(matches!(
        refused(&absent).await,
        RemoteError::SecretFile(..)
    ));
    assert!(matches!(
        refused(&Connection {
            client_id: None,
            ..to(&fake)
        })
        .await,
        RemoteError::Usage(_)
    ));
    assert!(matches!(
        refused(&Connection {
            client_secret: None,
            ..to(&fake)
        })
        .await,
        RemoteError::Usage(_)
    ));
}

#[tokio::test]
async fn an_absent_server_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let fake = Fake {
        url: format!("http://{address}"),
        seen: Arc::default(),
    };
    let error = refused(&to(&fake)).await;
    assert!(
        Chain(&error)
            .to_string()
            .starts_with(&format!("cannot reach http://{address}/: "))
    );
}
