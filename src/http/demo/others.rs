//! The other applications of the demonstration: they take sign-out notices and nothing else, each in its own way. What they answer is
//! all that a provider sees of an application.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;

/// Where they listen.
pub const OTHERS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9092);

/// Serves them until `stop` resolves.
///
/// # Errors
/// Those of the listener.
pub async fn serve_others(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new().route("/{app}/backchannel-logout", post(told));
    axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await
}

async fn told(Path(app): Path<String>) -> (StatusCode, &'static str) {
    match app.as_str() {
        // Out of order.
        "warehouse" => (StatusCode::SERVICE_UNAVAILABLE, ""),
        // Not set up rightly.
        "crm" => (
            StatusCode::BAD_REQUEST,
            "{\"error\":\"invalid_request\",\"error_description\":\"unknown issuer\"}",
        ),
        // Far away.
        "tickets" => {
            tokio::time::sleep(Duration::from_millis(180)).await;
            (StatusCode::OK, "")
        }
        _ => (StatusCode::OK, ""),
    }
}
