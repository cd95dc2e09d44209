//! Text of the layers → checked values, one method a thing.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use url::Url;

use super::TlsFiles;
use crate::config::layers::{Layers, Raw};
use crate::config::problem::{Problem, shown};
use crate::config::uri::is_loopback;
use crate::crypto::vault::Origin;
use crate::crypto::{KeySource, MAX_PASSWORD_BYTES, Secret};

/// The reading of the layers: each method reads one thing, notes what is wrong and goes on with something harmless.
pub(super) struct Reading {
    pub(super) layers: Layers,
    pub(super) problems: Vec<Problem>,
}

impl Reading {
    /// Notes a problem at the place where the key was given, or under its flag when only its default is to blame.
    pub(super) fn refuse(&mut self, key: &str, message: &str) {
        self.refuse_with(key, message, None);
    }

    fn refuse_with(&mut self, key: &str, message: &str, suggestion: Option<String>) {
        let problem = match self.layers.one(key) {
            Some(raw) => raw.problem(key, message),
            None => Problem::nowhere(format!("--{}: {message}", key.replace('_', "-"))),
        };
        self.problems.push(problem.suggest(suggestion));
    }

    pub(super) fn address(&mut self, key: &str, port: u16) -> SocketAddr {
        let default = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let Some(text) = self.layers.one(key).map(|raw| raw.text.clone()) else {
            return default;
        };
        if let Ok(address) = text.parse() {
            return address;
        }
        // What people write most often instead: a name, no address, no port.
        let guesses = [
            text.replacen("localhost", "127.0.0.1", 1),
            format!("127.0.0.1:{}", text.trim_start_matches(':')),
            format!("{text}:{port}"),
            format!("[{text}]:{port}"),
        ];
        let guess = guesses
            .into_iter()
            .find(|guess| guess.parse::<SocketAddr>().is_ok());
        let message = format!(
            "expected an address and a port such as {default}, found {}",
            shown(&text)
        );
        self.refuse_with(
            key,
            &message,
            guess.map(|guess| format!("did you mean `{guess}`?")),
        );
        default
    }

    pub(super) fn networks(&mut self, key: &str) -> Vec<IpNet> {
        let mut networks = Vec::new();
        let mut problems = Vec::new();
        for raw in self.layers.all(key) {
            match network(raw, key) {
                Ok(network) => networks.push(network),
                Err(problem) => problems.push(problem),
            }
        }
        self.problems.append(&mut problems);
        networks
    }

    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let raw = self.layers.one(key)?;
        if raw.text.is_empty() {
            self.refuse(key, "expected a path, found nothing");
            return None;
        }
        Some(PathBuf::from(&raw.text))
    }

    pub(super) fn existing_file(&mut self, key: &str) -> Option<PathBuf> {
        let path = self.path(key)?;
        if let Err(error) = fs::File::open(&path) {
            self.refuse(key, &format!("cannot read {}: {error}", path.display()));
        }
        Some(path)
    }

    pub(super) fn realms(&mut self) -> PathBuf {
        match self.path("realms") {
            Some(path) => {
                if !path.is_dir() {
                    self.refuse("realms", &format!("there is no folder {}", path.display()));
                }
                path
            }
            None => "./realms".into(),
        }
    }

    pub(super) fn tls(&mut self) -> Option<TlsFiles> {
        match (
            self.existing_file("tls_cert"),
            self.existing_file("tls_key"),
        ) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (Some(_), None) => {
                self.refuse(
                    "tls_cert",
                    "a certificate needs its key: give `tls_key` too",
                );
                None
            }
            (None, Some(_)) => {
                self.refuse(
                    "tls_key",
                    "a key needs its certificate: give `tls_cert` too",
                );
                None
            }
            (None, None) => None,
        }
    }

    pub(super) fn public_url(&mut self, listen: SocketAddr, tls: bool, proxy: bool) -> String {
        let Some(text) = self.layers.one("public_url").map(|raw| raw.text.clone()) else {
            if listen.port() == 0 {
                self.refuse(
                    "public_url",
                    "is needed when `listen` leaves the port to the system",
                );
            }
            let scheme = if tls { "https" } else { "http" };
            return format!("{scheme}://localhost:{}", listen.port());
        };
        match public_url(&text, tls, proxy) {
            Ok(()) => {}
            Err((message, suggestion)) => self.refuse_with("public_url", &message, suggestion),
        }
        text
    }

    pub(super) fn refuse_plain_http(&mut self, listen: SocketAddr, protected: bool) {
        if !protected && !listen.ip().is_loopback() {
            let message = format!("{listen} would serve plain http beyond this machine");
            self.refuse_with("listen", &message, Some(PROTECT.to_owned()));
        }
    }

    pub(super) fn node(&mut self) -> String {
        let Some(name) = self.layers.one("node").map(|raw| raw.text.clone()) else {
            return host_name();
        };
        if !is_node_name(&name) {
            let message = format!(
                "expected 1 to 63 letters, digits, '.', '-' or '_', found {}",
                shown(&name)
            );
            self.refuse("node", &message);
        }
        name
    }

    pub(super) fn admin_password(&mut self) -> Option<Secret> {
        let password = self.layers.secret("admin_password")?.clone();
        if password.expose().is_empty() || password.expose().len() > MAX_PASSWORD_BYTES {
            let message =
                format!("REALMKEEP_ADMIN_PASSWORD: expected 1 to {MAX_PASSWORD_BYTES} bytes");
            self.problems.push(Problem::nowhere(message));
        }
        Some(password)
    }

    /// Where the master keys come from: one place, or the file in the data folder.
    pub(super) fn master_key(&mut self, data: &Path) -> KeySource {
        let given = self.layers.secret("master_key").cloned();
        let file = self.existing_file("master_key_file");
        let command = self
            .layers
            .one("master_key_command")
            .map(|raw| raw.text.clone());
        if usize::from(given.is_some())
            + usize::from(file.is_some())
            + usize::from(command.is_some())
            > 1
        {
            self.problems.push(Problem::nowhere(
                "the master key is given twice: give one of REALMKEEP_MASTER_KEY, --master-key-file and --master-key-command"
                    .to_owned(),
            ));
        }
        let origin = match (given, file, command) {
            (Some(text), _, _) => Origin::Text(text),
            (None, Some(path), _) => Origin::File(path),
            (None, None, Some(command)) => Origin::Command(command),
            (None, None, None) => Origin::Folder(data.to_owned()),
        };
        KeySource {
            origin,
            previous: self.layers.secret("master_key_previous").cloned(),
        }
    }

    pub(super) fn hash_threads(&mut self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let default = cores.saturating_sub(1).max(1);
        let Some(text) = self.layers.one("hash_threads").map(|raw| raw.text.clone()) else {
            return default;
        };
        match text.parse() {
            Ok(threads @ 1..=256) => threads,
            _ => {
                let message = format!(
                    "expected a number of threads from 1 to 256, found {}",
                    shown(&text)
                );
                self.refuse("hash_threads", &message);
                default
            }
        }
    }

    pub(super) fn log(&mut self) -> String {
        let filter = self
            .layers
            .one("log")
            .map_or_else(|| "info".to_owned(), |raw| raw.text.clone());
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&filter) {
            let message = format!(
                "expected a filter such as info or realmkeep=debug,warn, found {}",
                shown(&filter)
            );
            self.refuse("log", &format!("{message} ({error})"));
        }
        filter
    }
}

/// How plain http is left behind.
const PROTECT: &str = "give --tls-cert and --tls-key, or --trusted-proxy with the network of the proxy that speaks TLS in front";

fn public_url(text: &str, tls: bool, proxy: bool) -> Result<(), (String, Option<String>)> {
    let expected = format!(
        "expected an address such as https://id.example.com, found {}",
        shown(text)
    );
    let Ok(url) = Url::parse(text) else {
        let guess = format!("https://{text}");
        let guess = Url::parse(&guess)
            .is_ok()
            .then(|| format!("did you mean `{guess}`?"));
        return Err((expected, guess));
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err((expected, None));
    }
    // `origin` is the canonical scheme, host and port: the only spelling that every comparison of issuers agrees on.
    let origin = url.origin().ascii_serialization();
    if text != origin {
        let message = format!(
            "expected scheme, host and port only, without a slash at the end, found {}",
            shown(text)
        );
        return Err((message, Some(format!("did you mean `{origin}`?"))));
    }
    if url.scheme() == "http" && tls {
        return Err((
            "is http, but this server speaks TLS".to_owned(),
            Some(format!(
                "did you mean `{}`?",
                origin.replacen("http", "https", 1)
            )),
        ));
    }
    if url.scheme() == "http" && !proxy && !is_loopback(&url) {
        let message = format!("{text} would carry passwords over plain http");
        return Err((
            message,
            Some(format!(
                "did you mean `{}`?",
                origin.replacen("http", "https", 1)
            )),
        ));
    }
    Ok(())
}

fn network(raw: &Raw, key: &str) -> Result<IpNet, Problem> {
    let text = raw.text.as_str();
    // One address is the network of itself.
    let network = text
        .parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let Some(network) = network else {
        let message = format!(
            "expected a network such as 10.0.0.0/8 or an address, found {}",
            shown(text)
        );
        return Err(raw.problem(key, &message));
    };
    if network.trunc() != network {
        let message = format!("{text} is an address inside a network");
        let suggestion = format!("did you mean `{}`?", network.trunc());
        return Err(raw.problem(key, &message).suggest(Some(suggestion)));
    }
    Ok(network)
}

fn is_node_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// The host's name, as far as it can serve as a node's.
fn host_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .filter_map(|file| fs::read_to_string(Path::new(file)).ok())
        .map(|text| text.trim().to_owned())
        .find(|name| is_node_name(name))
        .unwrap_or_else(|| "keep-1".to_owned())
}
