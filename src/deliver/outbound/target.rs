//! Where a request goes: the address as it was registered, taken apart and judged before anything is resolved.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::{Allowed, Kind};
use super::names;
use crate::domain::outbox::wire::WireError;

/// An address that may be gone to, as far as can be said before its name is resolved.
#[derive(Debug)]
pub(super) struct Target {
    /// In its normal form: numbers in any notation have become addresses.
    pub(super) url: Url,
    /// The host, as it is shown.
    pub(super) host: String,
    /// Whether it is http.
    pub(super) clear: bool,
    literal: Option<IpAddr>,
}

const LONGEST: usize = 4096;

impl Target {
    /// Takes an address apart.
    pub(super) fn parse(text: &str) -> Result<Target, WireError> {
        let refuse = |why: &str| Err(WireError::Refused(why.to_owned()));
        if text.len() > LONGEST {
            return refuse("the address is longer than 4096 characters");
        }
        // Parsers differ on these, and what a check and a request read differently is a hole.
        if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return refuse("the address holds a space, a control character or a backslash");
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("the address is no URL");
        };
        let clear = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return refuse("the address is neither https nor http"),
        };
        if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
            return refuse("the address holds a user name or a password");
        }
        if url.fragment().is_some() {
            return refuse("the address holds a fragment");
        }
        if url.port() == Some(0) {
            return refuse("the address names port 0");
        }
        let (host, literal) = match url.host() {
            Some(Host::Domain(name)) => (name.to_owned(), None),
            Some(Host::Ipv4(ip)) => (ip.to_string(), Some(IpAddr::V4(ip))),
            Some(Host::Ipv6(ip)) => (ip.to_string(), Some(IpAddr::V6(ip))),
            None => return refuse("the address names no host"),
        };
        Ok(Target {
            url,
            host,
            clear,
            literal,
        })
    }

    /// Judges a host that is an address by itself: no resolver is asked for those.
    pub(super) fn check(&self, allowed: &Allowed) -> Result<(), WireError> {
        match self.literal {
            Some(ip) => {
                judge(ip, allowed, self.clear).map_err(|no| WireError::Refused(no.say(&self.host)))
            }
            None => Ok(()),
        }
    }
}

/// Why an address is not gone to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    /// It is not public.
    Kind(Kind),
    /// It is public, and http is not for those.
    Clear,
}

impl No {
    /// A sentence for administrators. It names the host as it was registered and never an address that it resolved to.
    pub(super) fn say(self, host: &str) -> String {
        match self {
            No::Kind(kind) if kind.can_open => format!(
                "{host:?} leads to a {} address; --outbound-allow opens such networks",
                kind.name
            ),
            No::Kind(kind) => format!("{host:?} leads to a {} address", kind.name),
            No::Clear => format!(
                "http is for networks opened by --outbound-allow alone, and {host:?} leads elsewhere; use https"
            ),
        }
    }
}

/// Judges one address.
pub(super) fn judge(ip: IpAddr, allowed: &Allowed, clear: bool) -> Result<(), No> {
    if let Some(kind) = allowed.judge(ip) {
        return Err(No::Kind(kind));
    }
    if clear && !allowed.opens(ip) {
        return Err(No::Clear);
    }
    Ok(())
}

/// Whether an address is http on the machine itself.
pub(super) fn is_http_on_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let own = match url.host() {
        Some(Host::Domain(name)) => names::is_localhost(name),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    own && url.scheme() == "http"
}

/// What stands between the slashes and the path.
fn authority(text: &str) -> &str {
    let rest = text.split_once("//").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}
