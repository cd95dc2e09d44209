//! Browser state: what was deleted stays deleted, and what nobody asks for costs nothing.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::response::IntoResponse as _;
use axum::routing::get;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::*;
use crate::domain::id::RealmId;
use crate::domain::testing;
use crate::http::state::Web;
use crate::protocol::Params;
use crate::protocol::authorize::{AuthorizeRequest, ClientRules};
use crate::protocol::scope::ScopeSet;

fn app(https: bool) -> App {
    App {
        ctx: testing::context().0,
        web: Arc::new(Web {
            https,
            ..Web::default()
        }),
    }
}

async fn visit(router: &Router, path: &str, cookie: Option<&str>) -> (StatusCode, Option<String>) {
    let mut request = Request::get(path);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let response = router
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let line = response
        .headers()
        .get(header::SET_COOKIE)
        .map(|line| line.to_str().unwrap().to_owned());
    (response.status(), line)
}

fn pair(line: Option<String>) -> String {
    line.unwrap().split(';').next().unwrap().to_owned()
}

async fn write(State(app): State<App>, browser: BrowserState) -> StatusCode {
    browser.set("n", &app.ctx.new_id()).await.unwrap();
    StatusCode::OK
}

async fn read(browser: BrowserState) -> StatusCode {
    if browser.get::<String>("n").await.unwrap().is_some() {
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    }
}

async fn forget(browser: BrowserState) -> StatusCode {
    browser.0.flush().await.unwrap();
    StatusCode::OK
}

fn router(app: &App) -> Router {
    let routes = Router::new()
        .route("/write", get(write))
        .route("/read", get(read))
        .route("/forget", get(forget))
        .route("/plain", get(async |_: BrowserState| StatusCode::OK));
    attach(routes, app).with_state(app.clone())
}

#[tokio::test]
async fn what_was_deleted_under_a_request_does_not_come_back_with_its_answer() {
    let app = app(false);
    let (reached, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (reached, go) = (reached.clone(), go.clone());
        get(async move |browser: BrowserState| {
            assert!(browser.get::<String>("n").await.unwrap().is_some());
            reached.notify_one();
            go.notified().await;
            browser.set("late", &1).await.unwrap();
            StatusCode::OK
        })
    };
    let router = router(&app)
        .merge(attach(Router::new().route("/slow", slow), &app).with_state(app.clone()));
    let cookie = pair(visit(&router, "/write", None).await.1);
    assert_eq!(
        visit(&router, "/read", Some(&cookie)).await.0,
        StatusCode::OK
    );
    let flight = {
        let (router, cookie) = (router.clone(), cookie.clone());
        tokio::spawn(async move { visit(&router, "/slow", Some(&cookie)).await })
    };
    reached.notified().await;
    assert_eq!(
        visit(&router, "/forget", Some(&cookie)).await.0,
        StatusCode::OK
    );
    go.notify_one();
    assert_eq!(flight.await.unwrap().0, StatusCode::OK);
    assert_eq!(
        visit(&router, "/read", Some(&cookie)).await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_request_that_needs_no_state_touches_none() {
    let app = app(false);
    let router = router(&app);
    let cookie = pair(visit(&router, "/write", None).await.1);
    let before = testing::position(&app.ctx).await;
    assert_eq!(
        visit(&router, "/plain", Some(&cookie)).await,
        (StatusCode::OK, None)
    );
    assert_eq!(visit(&router, "/plain", None).await, (StatusCode::OK, None));
    assert_eq!(
        visit(&router, "/read", Some(&cookie)).await,
        (StatusCode::OK, None)
    );
    assert_eq!(testing::position(&app.ctx).await, before);
}

#[tokio::test]
async fn state_ends_twelve_hours_after_it_last_changed() {
    let (ctx, clock) = testing::context();
    let app = App {
        ctx,
        web: Arc::default(),
    };
    let router = router(&app);
    let cookie = pair(visit(&router, "/write", None).await.1);
    clock.advance(Span::hours(11));
    visit(&router, "/write", Some(&cookie)).await;
    clock.advance(Span::hours(11));
    assert_eq!(
        visit(&router, "/read", Some(&cookie)).await.0,
        StatusCode::OK
    );
    clock.advance(Span::hours(1));
    assert_eq!(
        visit(&router, "/read", Some(&cookie)).await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_taken_id_is_not_shared() {
    let store = Store {
        ctx: testing::context().0,
    };
    let record = |value: i32| Record {
        id: Id(7),
        data: [("n".to_owned(), value.into())].into(),
        expiry_date: OffsetDateTime::UNIX_EPOCH,
    };
    let (mut first, mut second) = (record(1), record(2));
    store.create(&mut first).await.unwrap();
    store.create(&mut second).await.unwrap();
    assert!(first.id == Id(7) && second.id != Id(7));
    assert_eq!(store.load(&Id(7)).await.unwrap().unwrap().data["n"], 1);
    assert_eq!(store.load(&second.id).await.unwrap().unwrap().data["n"], 2);
}

#[tokio::test]
async fn a_host_cookie_is_removed_the_way_browsers_accept() {
    let app = app(true);
    let router = router(&app);
    let line = visit(&router, "/write", None).await.1.unwrap();
    assert!(
        line.starts_with("__Host-rk_browser=") && line.contains("Secure"),
        "{line}"
    );
    let line = visit(&router, "/forget", Some(&pair(Some(line))))
        .await
        .1
        .unwrap();
    assert!(
        line.starts_with("__Host-rk_browser=;") && line.contains("Max-Age=0"),
        "{line}"
    );
    assert!(
        line.contains("Path=/") && line.ends_with("; Secure"),
        "{line}"
    );
    let mut other = StatusCode::OK.into_response();
    other.headers_mut().insert(
        header::SET_COOKIE,
        HeaderValue::from_static("plain=1; Path=/"),
    );
    assert_eq!(
        mend(other).await.headers()[header::SET_COOKIE],
        "plain=1; Path=/"
    );
}

#[tokio::test]
async fn the_newest_ten_sign_ins_wait() {
    let ctx = testing::context().0;
    let browser = BrowserState(Session::new(
        None,
        Arc::new(Store { ctx: ctx.clone() }),
        None,
    ));
    let params = Params::read("client_id=web&response_type=code").unwrap();
    let rules = ClientRules {
        redirect_uri: "https://app.example/cb",
        may_use_code: true,
        require_pkce: false,
        allowed_scopes: &ScopeSet::default(),
        default_max_age: None,
    };
    let request = Box::new(AuthorizeRequest::parse(&params, &rules).unwrap());
    let mut ids = Vec::new();
    for _ in 0..=MAX_PENDING {
        let goal = Goal::App(request.clone());
        let pending = Pending {
            realm: RealmId(1),
            started_at: ctx.now(),
            before: None,
            goal,
            asked: None,
            chosen: None,
        };
        ids.push(browser.keep_pending(&ctx, pending).await.unwrap());
    }
    assert!(
        browser
            .pending(RealmId(1), &ids[0])
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        browser
            .pending(RealmId(1), &ids[1])
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        browser
            .pending(RealmId(2), &ids[1])
            .await
            .unwrap()
            .is_none()
    );
    browser.drop_pending(&ids[1]).await.unwrap();
    assert!(
        browser
            .pending(RealmId(1), &ids[1])
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_token_is_one_browsers_and_changes_with_its_id() {
    let ctx = testing::context().0;
    let fresh = || {
        BrowserState(Session::new(
            None,
            Arc::new(Store { ctx: ctx.clone() }),
            None,
        ))
    };
    let (browser, other) = (fresh(), fresh());
    let token = browser.csrf(&ctx).await.unwrap();
    assert_eq!(browser.csrf(&ctx).await.unwrap(), token);
    assert!(browser.check_csrf(&token).await.unwrap());
    assert!(!browser.check_csrf("").await.unwrap());
    assert!(!other.check_csrf(&token).await.unwrap() && !other.check_csrf("").await.unwrap());
    browser.renew(&ctx).await.unwrap();
    assert!(!browser.check_csrf(&token).await.unwrap());
}
