//! Everything `realmkeep serve` needs to know, checked.

mod reading;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use super::args::ServeArgs;
use super::layers::Layers;
use super::problem::Problem;
use crate::crypto::{KeySource, Secret};
use reading::Reading;

/// The settings of a server process.
#[derive(Clone)]
pub struct Settings {
    /// Where the product listens.
    pub listen: SocketAddr,
    /// The root of every issuer and link: scheme, host and port, without a trailing slash.
    pub public_url: String,
    /// The folder of everything that is remembered.
    pub data: PathBuf,
    /// The folder of realm files; missing only when it is the default.
    pub realms: PathBuf,
    /// Which engine remembers, as written; the store reads it. May hold a password of a database.
    pub store: String,
    /// This process' name: the "Server" column.
    pub node: String,
    /// Where health and metrics are answered.
    pub management_listen: SocketAddr,
    /// Certificate and key, when this process speaks TLS itself.
    pub tls: Option<TlsFiles>,
    /// Private networks that notices may be sent to.
    pub outbound_allow: Vec<IpNet>,
    /// More certificate authorities to trust when sending notices.
    pub outbound_ca: Option<PathBuf>,
    /// Proxies whose forwarded headers are believed.
    pub trusted_proxy: Vec<IpNet>,
    /// The password of the first administrator, used at the first start only.
    pub admin_password: Option<Secret>,
    /// Where the master keys come from; the vault reads them.
    pub master_key: KeySource,
    /// Threads that hash passwords; at least one.
    pub hash_threads: usize,
    /// What is logged, in the form of tracing's `EnvFilter`.
    pub log: String,
    /// The configuration file that was read.
    pub config: Option<PathBuf>,
}

/// The files of a TLS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain (PEM).
    pub cert: PathBuf,
    /// Its private key (PEM).
    pub key: PathBuf,
}

impl fmt::Debug for Settings {
    // Not derived: `store` may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("data", &self.data)
            .field("realms", &self.realms)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The settings of a server inside another program, tests above all: these folders and this address, health and
    /// figures on any free port, the default for everything else.
    pub fn for_folder(
        data: PathBuf,
        realms: PathBuf,
        listen: SocketAddr,
        public_url: &str,
    ) -> Settings {
        let master_key = KeySource::folder(&data);
        Settings {
            listen,
            public_url: public_url.trim_end_matches('/').to_owned(),
            data,
            realms,
            store: "sled".to_owned(),
            node: "node-1".to_owned(),
            management_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            outbound_allow: Vec::new(),
            outbound_ca: None,
            trusted_proxy: Vec::new(),
            admin_password: None,
            master_key,
            hash_threads: 1,
            log: "info".to_owned(),
            config: None,
        }
    }

    /// Flag over environment over file over default.
    ///
    /// # Errors
    /// Every problem there is, not only the first.
    pub fn resolve(
        args: ServeArgs,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Settings, Vec<Problem>> {
        let mut problems = Vec::new();
        let layers = Layers::read(&args, env, &mut problems);
        let mut reading = Reading { layers, problems };

        let listen = reading.address("listen", 8080);
        let management_listen = reading.address("management_listen", 9000);
        let tls = reading.tls();
        let trusted_proxy = reading.networks("trusted_proxy");
        // Whether they were meant, even if badly written: one slip gives one problem.
        let given = |key: &str| !reading.layers.all(key).is_empty();
        let (secure, proxied) = (
            given("tls_cert") || given("tls_key"),
            given("trusted_proxy"),
        );
        let public_url = reading.public_url(listen, secure, proxied);
        reading.refuse_plain_http(listen, secure || proxied);
        if listen == management_listen && listen.port() != 0 {
            reading.refuse("management_listen", "must differ from `listen`");
        }
        let data = reading.path("data").unwrap_or_else(|| "./data".into());
        let master_key = reading.master_key(&data);
        let settings = Settings {
            listen,
            public_url,
            data,
            realms: reading.realms(),
            store: reading
                .layers
                .one("store")
                .map_or_else(|| "sled".to_owned(), |raw| raw.text.clone()),
            node: reading.node(),
            management_listen,
            tls,
            outbound_allow: reading.networks("outbound_allow"),
            outbound_ca: reading.existing_file("outbound_ca"),
            trusted_proxy,
            admin_password: reading.admin_password(),
            master_key,
            hash_threads: reading.hash_threads(),
            log: reading.log(),
            config: reading.layers.file.clone(),
        };
        if reading.problems.is_empty() {
            return Ok(settings);
        }
        // Flags and variables first, then the file from its top to its end.
        reading
            .problems
            .sort_by_key(|problem| (problem.file.is_some(), problem.line, problem.column));
        Err(reading.problems)
    }
}

#[cfg(test)]
mod tests;
