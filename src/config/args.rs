//! The flags of `realmkeep serve`, as text: they are checked together with the other layers, by the same rules.

use clap::Args;

/// Where and how the server runs. Every option is also an environment variable (`--public-url` is
/// `REALMKEEP_PUBLIC_URL`) and a key of the configuration file (`public_url`); the flag wins, then the variable, then
/// the file.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// Configuration file (TOML) with any of these options as keys, such as `public_url = "https://id.example.com"`
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// The address that browsers and applications use; issuers and links begin with it [default: http://localhost:PORT]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Folder for everything that is remembered [default: ./data]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// Folder of realm files, applied at start [default: ./realms]
    #[arg(long, value_name = "FOLDER")]
    pub realms: Option<String>,
    /// What remembers: sled or redb (in the data folder), memory (nothing survives a stop) [default: sled]
    #[arg(long, value_name = "STORE")]
    pub store: Option<String>,
    /// Name of this server process in lists and logs [default: the host's name]
    #[arg(long, value_name = "NAME")]
    pub node: Option<String>,
    /// Address and port of /healthz, /readyz and /metrics [default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub management_listen: Option<String>,
    /// Certificate chain (PEM), for https without a proxy
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<String>,
    /// Private key (PEM) of the certificate
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,
    /// File with the master key, in place of master.key in the data folder
    #[arg(long, value_name = "FILE")]
    pub master_key_file: Option<String>,
    /// Shell command that prints the master key, such as a call of a key management service; 30 s at most
    #[arg(long, value_name = "COMMAND")]
    pub master_key_command: Option<String>,
    /// Private network that notices may be sent to; may be repeated
    #[arg(long, value_name = "CIDR")]
    pub outbound_allow: Vec<String>,
    /// More certificate authorities (PEM) to trust when sending notices
    #[arg(long, value_name = "FILE")]
    pub outbound_ca: Option<String>,
    /// Network of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; may be repeated
    #[arg(long, value_name = "CIDR")]
    pub trusted_proxy: Vec<String>,
    /// Threads that hash passwords [default: one fewer than there are cores]
    #[arg(long, value_name = "NUMBER")]
    pub hash_threads: Option<String>,
    /// What is logged, such as info or realmkeep=debug,warn [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
}

impl ServeArgs {
    /// The flags that were given for a key of the configuration file.
    pub(super) fn given(&self, key: &str) -> Vec<String> {
        let one = match key {
            "config" => &self.config,
            "listen" => &self.listen,
            "public_url" => &self.public_url,
            "data" => &self.data,
            "realms" => &self.realms,
            "store" => &self.store,
            "node" => &self.node,
            "management_listen" => &self.management_listen,
            "tls_cert" => &self.tls_cert,
            "tls_key" => &self.tls_key,
            "master_key_file" => &self.master_key_file,
            "master_key_command" => &self.master_key_command,
            "outbound_ca" => &self.outbound_ca,
            "hash_threads" => &self.hash_threads,
            "log" => &self.log,
            "outbound_allow" => return self.outbound_allow.clone(),
            "trusted_proxy" => return self.trusted_proxy.clone(),
            _ => &None,
        };
        one.iter().cloned().collect()
    }
}
