//! Express with npm's express-openid-connect, both lines that are in use, each with its own way of keeping sessions.

use super::node::Script;
use super::*;
use crate::support::process::free_port;

async fn loses_its_sessions(library: &str, sessions: &str) {
    let port = free_port();
    let root = format!("http://127.0.0.1:{port}");
    let told_at = format!("{root}/backchannel-logout");
    let server = provider(&format!("{root}/callback"), &told_at).await;
    let settings = [
        ("LIBRARY", library),
        ("SESSIONS", sessions),
        ("ISSUER", &server.issuer("demo")),
        ("CLIENT_ID", ID),
        ("CLIENT_SECRET", SECRET),
        ("SECRET", "a secret for cookies, of this test alone"),
    ];
    let _app = Script::start("app.js", port, &settings).await;
    // Out of the box this library ends more than it was told: a notice with `sid` and `sub` ends whatever it holds of `sub`.
    // The session at the provider goes on, so the other browser is back without a question.
    let other = Seen::Back("Alice Adams".to_owned());
    loses_what_is_invalidated_and_nothing_else(&server, &format!("{root}/private"), other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn express_openid_connect_2_loses_what_is_invalidated() {
    loses_its_sessions("express-openid-connect-2", "cookie").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn express_openid_connect_3_loses_what_is_invalidated() {
    loses_its_sessions("express-openid-connect-3", "server").await;
}
