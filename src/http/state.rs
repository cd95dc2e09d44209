//! What every endpoint can reach. No logic.

use std::sync::Arc;

use ipnet::IpNet;

use crate::domain::Context;

/// The state of the router; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The domain's context.
    pub ctx: Arc<Context>,
    /// What the web layer itself was told.
    pub web: Arc<Web>,
}

/// Settings of the web layer.
#[derive(Clone, Debug, Default)]
pub struct Web {
    /// Whether browsers reach the server by https: cookies are then `Secure` and `__Host-`.
    pub https: bool,
    /// Whether this server speaks TLS itself.
    pub tls: bool,
    /// Proxies whose `X-Forwarded-For` is believed; nobody's otherwise.
    pub trusted_proxies: Vec<IpNet>,
}

impl App {
    /// `{public_url}{path}`; never from a Host header.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ctx.public_url)
    }
}
