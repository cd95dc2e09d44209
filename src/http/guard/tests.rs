//! The guard around small routes of the tests' own.

use std::sync::Mutex;

use axum::body::to_bytes;
use axum::extract::Path;
use axum::routing::{get, post};
use bytes::Bytes;
use tracing::field::{Field, Visit};

use super::*;
use crate::domain::testing;
use crate::http::state::Web;

fn router() -> Router {
    let (ctx, _) = testing::context();
    let routes = Router::new()
        .route("/plain", get(|| async { "plain" }))
        .route(
            "/kept",
            get(|| async { ([(header::CACHE_CONTROL, "public, max-age=60")], "kept") }),
        )
        .route("/panic", get(panics))
        .route(
            "/echo",
            post(|body: Bytes| async move { body.len().to_string() }),
        )
        .route(
            "/admin/realms",
            get(|uri: Uri| async move { uri.to_string() }),
        )
        .route(
            "/admin/realms/{realm}/users",
            get(|Path(realm): Path<String>| async move { realm }),
        );
    around(
        routes,
        App {
            ctx,
            web: Arc::new(Web::default()),
        },
    )
}

async fn panics() -> &'static str {
    panic!("a program error")
}

async fn send(request: Request) -> (StatusCode, HeaderMap, String) {
    let response = router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (
        parts.status,
        parts.headers,
        String::from_utf8(bytes.to_vec()).unwrap(),
    )
}

async fn fetch(path: &str) -> (StatusCode, HeaderMap, String) {
    send(Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_answer_carries_the_headers_and_an_id_of_its_own() {
    for path in ["/plain", "/panic", "/nowhere", "/admin/realms/"] {
        let (_, headers, _) = fetch(path).await;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers.get_all("x-request-id").iter().count(), 1, "{path}");
    }
    assert_eq!(
        fetch("/kept").await.1["cache-control"],
        "public, max-age=60"
    );
    let mine = Request::get("/plain")
        .header("x-request-id", "mine")
        .body(Body::empty())
        .unwrap();
    assert_ne!(send(mine).await.1["x-request-id"], "mine");
    let router = router();
    let ask = async || {
        router
            .clone()
            .oneshot(Request::get("/plain").body(Body::empty()).unwrap())
            .await
            .unwrap()
    };
    assert_ne!(
        ask().await.headers()["x-request-id"],
        ask().await.headers()["x-request-id"]
    );
}

#[tokio::test]
async fn what_no_route_takes_is_said_in_json() {
    let (status, _, text) = fetch("/nowhere").await;
    assert_eq!(status, 404);
    assert!(text.starts_with(r#"{"error":"not_found""#), "{text}");
    let (status, headers, text) =
        send(Request::delete("/plain").body(Body::empty()).unwrap()).await;
    assert_eq!(
        (status.as_u16(), headers["allow"].to_str().unwrap()),
        (405, "GET,HEAD")
    );
    assert!(text.contains("method_not_allowed"), "{text}");
}

#[tokio::test]
async fn a_program_error_is_a_500_in_the_callers_own_words() {
    let (status, _, text) = fetch("/panic").await;
    assert_eq!(status, 500);
    assert!(
        text.contains("server_error") && !text.contains("program error"),
        "{text}"
    );
    let (status, headers, text) = send(
        Request::get("/panic")
            .header("accept", "text/html,*/*")
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    assert_eq!(
        (status.as_u16(), headers["content-type"].to_str().unwrap()),
        (500, "text/html; charset=utf-8")
    );
    assert!(
        text.contains(headers["x-request-id"].to_str().unwrap()),
        "{text}"
    );
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused_whether_it_says_so_or_not() {
    let post = |body: Body| send(Request::post("/echo").body(body).unwrap());
    assert_eq!(post(vec![0; MAX_BODY].into()).await.2, MAX_BODY.to_string());
    let (status, _, text) = post(vec![0; MAX_BODY + 1].into()).await;
    assert_eq!(status, 413);
    assert!(text.contains("request_too_large"), "{text}");
    let chunks = (0..17).map(|_| Ok::<_, Infallible>(Bytes::from(vec![0; 64 * 1024])));
    let endless = Body::from_stream(futures_util::stream::iter(chunks));
    assert_eq!(post(endless).await.0, 413);
}

#[tokio::test]
async fn a_slash_behind_an_admin_collection_changes_nothing_and_elsewhere_it_does() {
    assert_eq!(fetch("/admin/realms/").await.2, "/admin/realms");
    assert_eq!(
        fetch("/admin/realms/?first=0&max=1").await.2,
        "/admin/realms?first=0&max=1"
    );
    assert_eq!(fetch("/admin/realms/demo/users/").await.2, "demo");
    assert_eq!(fetch("/admin/realms/demo/nothing/").await.0, 404);
    assert_eq!(fetch("/plain/").await.0, 404);
}

/// Keeps what a subscriber would write.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Visit for Lines {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{field}={value:?}"));
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("realmkeep")
    }
    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        attributes.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_request_is_one_line_that_names_the_route_and_no_secret() {
    let lines = Lines::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tracing::subscriber::with_default(lines.clone(), || {
        runtime.block_on(async {
            let request = Request::get("/admin/realms/acme-hush/users?code=hush")
                .header("authorization", "Bearer hush")
                .header("cookie", "s=hush")
                .body(Body::empty())
                .unwrap();
            assert_eq!(send(request).await.0, 200);
        });
    });
    let lines = lines.0.lock().unwrap().join(" ");
    assert!(
        lines.contains("path=\"/admin/realms/{realm}/users\""),
        "{lines}"
    );
    assert!(
        lines.contains("method=\"GET\"") && lines.contains("status=200") && lines.contains("ms="),
        "{lines}"
    );
    assert_eq!(lines.matches("answered").count(), 1, "{lines}");
    assert!(!lines.contains("hush"), "{lines}");
}
