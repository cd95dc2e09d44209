//! Applications that redirect, never end, never begin, or break off.

use super::*;

/// A client that reaches loopback, with a short time.
async fn exchange(app: &App, change: impl FnOnce(&mut Outgoing)) -> Result<Answered, WireError> {
    let outbound = outbound(&["127.0.0.0/8"], Book::new(&[]));
    let mut request = post(&app.url("127.0.0.1"));
    change(&mut request);
    outbound.send(request).await
}

fn unreachable(result: Result<Answered, WireError>) -> String {
    match result {
        Err(WireError::Unreachable(why)) => why,
        other => panic!("expected no answer, found {other:?}"),
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let other = App::says("127.0.0.1:0", OK).await;
    let to = other.url("127.0.0.1");
    let app = App::start("127.0.0.1:0", move |mut stream| {
        let answer =
            format!("HTTP/1.1 307 Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        async move { stream.write_all(answer.as_bytes()).await.unwrap() }
    })
    .await;
    let answered = exchange(&app, |_| {}).await.unwrap();
    assert_eq!(answered.status, 307);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn no_more_than_the_beginning_of_an_endless_body_is_read() {
    let written = Arc::new(AtomicUsize::new(0));
    let count = written.clone();
    let app = App::start("127.0.0.1:0", move |mut stream| {
        let count = count.clone();
        async move {
            let head = "HTTP/1.1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {
                count.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    let answered = exchange(&app, |_| {}).await.unwrap();
    assert_eq!((answered.status, answered.body.len()), (400, 1000));
    let answered = exchange(&app, |request| request.max_answer = 0)
        .await
        .unwrap();
    assert_eq!((answered.status, answered.body.len()), (400, 0));
    // What the system's buffers on the way hold, and not what twenty seconds would bring.
    let written = written.load(Ordering::SeqCst);
    assert!(written < 32 << 20, "{written} bytes were taken");
}

#[tokio::test]
async fn a_body_that_breaks_off_or_drips_leaves_the_status() {
    let app = App::says(
        "127.0.0.1:0",
        "HTTP/1.1 400 Bad\r\ncontent-length: 100\r\n\r\nhalf",
    )
    .await;
    let answered = exchange(&app, |_| {}).await.unwrap();
    assert_eq!((answered.status, &*answered.body), (400, &b"half"[..]));

    let app = App::start("127.0.0.1:0", |mut stream| async move {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nd";
        stream.write_all(head.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let answered = exchange(&app, |request| request.timeout = Duration::from_millis(300))
        .await
        .unwrap();
    assert_eq!((answered.status, &*answered.body), (200, &b"d"[..]));
}

#[tokio::test]
async fn an_application_that_hangs_is_left_when_the_time_is_up() {
    let short = Duration::from_millis(200);
    let silent = App::start("127.0.0.1:0", |stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let dripping = App::start("127.0.0.1:0", |mut stream| async move {
        for byte in "HTTP/1.1 200 OK\r\nx: "
            .bytes()
            .chain(std::iter::repeat(b'x'))
        {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for app in [silent, dripping] {
        let error = exchange(&app, |request| request.timeout = short)
            .await
            .unwrap_err();
        assert_eq!(error, WireError::TimedOut(short));
    }
    // Names that never resolve count too.
    struct Never;
    #[async_trait]
    impl Names for Never {
        async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            std::future::pending().await
        }
    }
    let outbound = Outbound::with_names(rules(&[]), Arc::new(Never)).unwrap();
    let mut request = post("https://app.example/");
    request.timeout = short;
    let error = outbound.send(request).await.unwrap_err();
    assert_eq!(error, WireError::TimedOut(short));
}

#[tokio::test]
async fn an_endless_head_is_given_up() {
    let app = App::start("127.0.0.1:0", |mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    unreachable(exchange(&app, |_| {}).await);
}

#[tokio::test]
async fn broken_connections_are_told_apart() {
    let reset = App::start("127.0.0.1:0", |stream| async move {
        stream.set_zero_linger().unwrap();
    })
    .await;
    let why = unreachable(exchange(&reset, |_| {}).await);
    assert_eq!(why, "the connection was cut off");

    let garbage = App::says("127.0.0.1:0", "SSH-2.0-OpenSSH\r\n").await;
    let why = unreachable(exchange(&garbage, |_| {}).await);
    assert!(why.contains("not HTTP"), "{why}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = App {
        address: listener.local_addr().unwrap(),
        seen: Arc::default(),
    };
    drop(listener);
    let why = unreachable(exchange(&gone, |_| {}).await);
    assert_eq!(why, "the connection was refused");
}

#[tokio::test]
async fn retry_after_is_read_when_it_is_a_number() {
    let app = App::says(
        "127.0.0.1:0",
        "HTTP/1.1 503 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let answered = exchange(&app, |_| {}).await.unwrap();
    assert_eq!((answered.status, answered.retry_after), (503, Some(120)));
    let app = App::says(
        "127.0.0.1:0",
        "HTTP/1.1 503 Busy\r\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(exchange(&app, |_| {}).await.unwrap().retry_after, None);
}

#[tokio::test]
async fn a_header_cannot_carry_another() {
    let app = App::says("127.0.0.1:0", OK).await;
    let sent = exchange(&app, |request| {
        request.headers = vec![("authorization", "Bearer a\r\nx: y".to_owned())];
    })
    .await;
    assert_eq!(
        refused(sent),
        "the header authorization holds a character that no header can carry"
    );
    assert!(app.seen().is_empty());
}
