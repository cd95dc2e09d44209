//! What every endpoint can reach. No logic.

use std::collections::{BTreeMap, BTreeSet};
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
    /// The realms that realm files name, with their clients: what is changed elsewhere gets the file's values again at the
    /// next start.
    pub realm_files: BTreeMap<String, BTreeSet<String>>,
}

impl Web {
    /// Whether a realm file names this realm.
    pub fn names_realm(&self, realm: &str) -> bool {
        self.realm_files.contains_key(realm)
    }

    /// Whether a realm file names this client of a realm.
    pub fn names_client(&self, realm: &str, client_id: &str) -> bool {
        let clients = self.realm_files.get(realm);
        clients.is_some_and(|clients| clients.contains(client_id))
    }
}

impl App {
    /// `{public_url}{path}`; never from a Host header.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ctx.public_url)
    }
}
