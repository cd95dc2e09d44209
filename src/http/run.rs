//! Runs the router on a listener until told to stop.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum_server::tls_rustls::RustlsConfig;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;

use super::state::App;

/// Serves plain http.
pub async fn plain(listener: TcpListener, app: App, stop: CancellationToken) {
    // Small answers must not wait for the peer's acknowledgement of the ones before.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let service = super::router(app).into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
    {
        tracing::error!(%error, "the listener failed");
    }
}

/// Reads a certificate chain and its key.
///
/// # Errors
/// When a file cannot be read or does not hold what it should.
pub async fn tls_config(cert: &Path, key: &Path) -> io::Result<RustlsConfig> {
    RustlsConfig::from_pem_file(cert, key).await
}

/// Serves https.
pub async fn tls(
    listener: std::net::TcpListener,
    config: RustlsConfig,
    app: App,
    stop: CancellationToken,
) {
    let handle = axum_server::Handle::new();
    let graceful = handle.clone();
    tokio::spawn(async move {
        stop.cancelled().await;
        graceful.graceful_shutdown(Some(Duration::from_secs(3)));
    });
    let service = super::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let served = match axum_server::from_tcp_rustls(listener, config) {
        Ok(server) => server.handle(handle).serve(service).await,
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        tracing::error!(%error, "the listener failed");
    }
}

/// Serves health and figures.
pub async fn management(
    listener: TcpListener,
    app: App,
    figures: PrometheusHandle,
    stop: CancellationToken,
) {
    let metrics = get(move || async move { figures.render() });
    let router = health()
        .route("/metrics", metrics)
        .route(super::master_key::PATH, get(super::master_key::show))
        .with_state(app);
    if let Err(error) = axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
    {
        tracing::error!(%error, "the management listener failed");
    }
}

/// Serves whoever may enter the data folder: what needs no token, since the whole store lies beside it.
pub async fn local(listener: UnixListener, app: App, stop: CancellationToken) {
    let router = Router::new()
        .route("/backup", get(super::admin::backup::local))
        .route("/doctor", get(super::admin::doctor::local))
        .with_state(app);
    if let Err(error) = axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
    {
        tracing::error!(%error, "the socket in the data folder failed");
    }
}

/// `/healthz`: the process answers. `/readyz`: the store takes commits; a line for each remark on it.
pub fn health() -> Router<App> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
}

async fn ready(State(app): State<App>) -> (StatusCode, String) {
    let health = app.ctx.store.health().await;
    if health.writable {
        let mut text = "ready\n".to_owned();
        for remark in health.trouble.iter().chain(&health.remarks) {
            text.push_str(remark);
            text.push('\n');
        }
        (StatusCode::OK, text)
    } else {
        let trouble = health
            .trouble
            .unwrap_or_else(|| "the store takes no commits".to_owned());
        (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {trouble}\n"),
        )
    }
}
