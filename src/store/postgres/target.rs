//! Where the database is: a connection URL as libpq writes it, checked. Holds a password: it has neither `Debug` nor `Display`.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// How far the server's certificate is checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Check {
    /// Not at all: `disable`, `prefer` and `require`.
    Nothing,
    /// That an authority signed it: `verify-ca`, or `require` with a file of authorities.
    Authority,
    /// And that it is the host's: `verify-full`.
    Name,
}

/// A PostgreSQL database, its role and its password.
#[derive(Clone)]
pub struct Target {
    pub(super) config: Config,
    pub(super) check: Check,
    /// Authorities to trust instead of the system's.
    pub(super) roots: Option<PathBuf>,
    /// Connections that reads are spread over.
    pub(super) readers: usize,
    /// The first bytes of keys that the feed is to tell of; all of them when `None`.
    pub(super) watched: Option<&'static [u8]>,
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.config == other.config && self.check == other.check && self.roots == other.roots
    }
}
impl Eq for Target {}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Target")
    }
}

/// Why a URL is not one. Never quotes it: it may hold a password, and a slip may put the password anywhere.
#[derive(thiserror::Error, Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetError {
    /// It does not read.
    #[error(
        "expected postgresql://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full (write @ : / ? # % of a password as %40 %3A %2F %3F %23 %25)"
    )]
    Malformed,
    /// No host, user or database.
    #[error("the URL names no {0}; expected postgresql://USER:PASSWORD@HOST:5432/DATABASE")]
    Missing(&'static str),
    /// A value is not one of those there are.
    #[error("{name} is not {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

impl Target {
    /// Reads a URL. Beside what the driver knows (`host`, `port`, `options`, `connect_timeout`, `keepalives`, …) it takes
    /// libpq's `sslmode` in full, `sslrootcert`, and our own `pool`.
    ///
    /// # Errors
    /// [`TargetError`], which never quotes the URL.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut check, mut roots, mut readers) = (Check::Nothing, None, 8);
        let mut mode = None;
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(TargetError::Malformed)?;
            match name {
                "sslmode" => {
                    (mode, check) = match value {
                        "disable" => (Some(SslMode::Disable), Check::Nothing),
                        "allow" | "prefer" => (Some(SslMode::Prefer), Check::Nothing),
                        "require" => (Some(SslMode::Require), Check::Nothing),
                        "verify-ca" => (Some(SslMode::Require), Check::Authority),
                        "verify-full" => (Some(SslMode::Require), Check::Name),
                        _ => {
                            return Err(TargetError::Value {
                                name: "sslmode",
                                expected: "disable, prefer, require, verify-ca or verify-full",
                            });
                        }
                    };
                }
                "sslrootcert" => {
                    let path = percent(value).ok_or(TargetError::Malformed)?;
                    // libpq's word for the system's own store.
                    roots = (path != "system").then(|| PathBuf::from(path));
                }
                "pool" => {
                    readers = value.parse().ok().filter(|n| (1..=200).contains(n)).ok_or(
                        TargetError::Value {
                            name: "pool",
                            expected: "a number of connections from 1 to 200",
                        },
                    )?;
                }
                _ => rest.push(pair),
            }
        }
        let plain = if rest.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{}", rest.join("&"))
        };
        let mut config: Config = plain.parse().map_err(|_| TargetError::Malformed)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(TargetError::Missing("host"));
        }
        // An @ that was not written as %40 leaves half of the password where the host should be.
        if config
            .get_hosts()
            .iter()
            .any(|host| matches!(host, Host::Tcp(name) if name.contains(['@', '/'])))
        {
            return Err(TargetError::Malformed);
        }
        if config.get_user().is_none_or(str::is_empty) {
            return Err(TargetError::Missing("user"));
        }
        if config.get_dbname().is_none_or(str::is_empty) {
            return Err(TargetError::Missing("database"));
        }
        if mode == Some(SslMode::Require) && check == Check::Nothing && roots.is_some() {
            // As libpq does.
            check = Check::Authority;
        }
        if let Some(mode) = mode {
            config.ssl_mode(mode);
        }
        // Only a primary is written and read: what a standby shows may be of the past.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_application_name().is_none() {
            config.application_name("realmkeep");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(3));
        }
        // A server that vanished is noticed within seconds, not after the hours that are the system's default.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(10));
        }
        if config.get_keepalives_idle() > Duration::from_secs(3600) {
            config.keepalives_idle(Duration::from_secs(10));
        }
        if config.get_keepalives_interval().is_none() {
            config.keepalives_interval(Duration::from_secs(3));
        }
        if config.get_keepalives_retries().is_none() {
            config.keepalives_retries(3);
        }
        Ok(Self {
            config,
            check,
            roots,
            readers,
            watched: None,
        })
    }

    /// Limits the feed to keys that begin with one of these bytes.
    #[must_use]
    pub fn watching(self, spaces: &'static [u8]) -> Self {
        Self {
            watched: Some(spaces),
            ..self
        }
    }

    /// The hosts, for messages: never the role or the password.
    pub(in crate::store) fn hosts(&self) -> String {
        let ports = self.config.get_ports();
        let named = self.config.get_hosts().iter().enumerate().map(|(i, host)| {
            let port = ports.get(i).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        });
        named.collect::<Vec<_>>().join(", ")
    }

    /// Whether what is sent can be read or changed on the way by somebody who sits there.
    pub(super) fn is_exposed(&self) -> bool {
        let near = |host: &Host| match host {
            Host::Tcp(name) => {
                name == "localhost"
                    || name
                        .parse::<std::net::IpAddr>()
                        .is_ok_and(|ip| ip.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        self.check != Check::Name && !self.config.get_hosts().iter().all(near)
    }
}

/// Percent-decodes; `None` when it is not text.
fn percent(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        if byte == b'%' {
            let digit = |b: u8| char::from(b).to_digit(16);
            let (high, low) = (digit(left.next()?)?, digit(left.next()?)?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpq_writes_is_read() {
        let target = Target::parse(
            "postgresql://u:p%40ss@a:5433,b/db?sslmode=verify-full&sslrootcert=/etc/ca%20s.pem&pool=3&connect_timeout=7",
        )
        .unwrap();
        assert_eq!(target.config.get_password(), Some(&b"p@ss"[..]));
        assert_eq!(
            target.config.get_connect_timeout(),
            Some(&Duration::from_secs(7))
        );
        assert_eq!((target.check.clone(), target.readers), (Check::Name, 3));
        assert_eq!(target.roots, Some(PathBuf::from("/etc/ca s.pem")));
        assert!(!target.is_exposed());
        let target = Target::parse("postgres://u@a/db?sslmode=require&sslrootcert=x").unwrap();
        assert_eq!(target.check, Check::Authority, "as libpq does");
        assert!(target.is_exposed());
        assert!(
            !Target::parse("postgres://u@%2Ftmp%2Fx/db")
                .unwrap()
                .is_exposed()
        );
        let system =
            Target::parse("postgres://u@a/db?sslmode=verify-full&sslrootcert=system").unwrap();
        assert_eq!(system.roots, None);
    }

    #[test]
    fn a_slip_is_named_and_nothing_of_the_url_is_quoted() {
        for url in [
            "postgres://u:hush@pw@h/db",
            "postgres://u:hush?pw@h/db",
            "postgres://u:hush@h:port/db",
            "postgres://u:hush@h/db?hush=1",
            "postgres://u:hush@h/db?sslmode=hush",
            "postgres://u:hush@h/db?pool=hush",
            "postgres://u:hush@h",
            "postgres://:hush@h/db",
            "postgres://u:hush@/db",
        ] {
            let refused = Target::parse(url).err().unwrap_or_else(|| panic!("{url}"));
            assert!(!refused.to_string().contains("hush"), "{refused}");
        }
        assert_eq!(
            Target::parse("postgres://u@h/db?sslmode=full")
                .err()
                .unwrap()
                .to_string(),
            "sslmode is not disable, prefer, require, verify-ca or verify-full"
        );
    }
}
