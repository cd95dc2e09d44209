//! What the operator sees: logs and figures.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;

static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts logging to stderr, once a process. `filter` is an `EnvFilter`, checked by `config`.
pub fn log(filter: &str) {
    let mut filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // At debug the database driver writes out what is stored.
    for quiet in [
        "tokio_postgres=info",
        "tokio_postgres::query=info",
        "tokio_postgres::prepare=info",
    ] {
        if let Ok(directive) = quiet.parse() {
            filter = filter.add_directive(directive);
        }
    }
    // A second server in the same process logs where the first does.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

/// The figures of this process in Prometheus' text form; starts collecting at the first call.
pub fn figures() -> &'static PrometheusHandle {
    FIGURES.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // Only the first recorder of a process counts, and this is the only place that makes one.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}
