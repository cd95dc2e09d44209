//! Who is at the other end: address and browser. A forwarded address counts only from a trusted proxy.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::{HeaderMap, header, request::Parts};
use ipnet::IpNet;

use crate::http::state::App;

/// The other end.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address.
    pub ip: String,
    /// Its own words about itself.
    pub user_agent: String,
}

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Peer, Infallible> {
        let connected = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|c| c.0.ip().to_canonical());
        let ip = address(connected, &parts.headers, &app.web.trusted_proxies);
        let user_agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        Ok(Peer {
            ip: ip.map(|ip| ip.to_string()).unwrap_or_default(),
            user_agent: user_agent.to_owned(),
        })
    }
}

/// The rightmost address of `X-Forwarded-For` that is not itself a trusted proxy, when the connection comes from one.
fn address(connected: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    if !connected.as_ref().is_some_and(is_trusted) {
        return connected;
    }
    let mut hops = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        hops.extend(
            value
                .to_str()
                .unwrap_or_default()
                .split(',')
                .map(|hop| hop.trim().parse::<IpAddr>().ok()),
        );
    }
    for hop in hops.into_iter().rev() {
        match hop.map(|ip| ip.to_canonical()) {
            Some(ip) if is_trusted(&ip) => {}
            Some(ip) => return Some(ip),
            None => return connected,
        }
    }
    connected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(chain: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", chain.parse().unwrap());
        headers
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let stranger: IpAddr = "198.51.100.9".parse().unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let headers = forwarded("203.0.113.5, 10.0.0.7");
        assert_eq!(
            address(Some(proxy), &headers, &trusted),
            "203.0.113.5".parse().ok()
        );
        assert_eq!(address(Some(stranger), &headers, &trusted), Some(stranger));
        assert_eq!(address(Some(proxy), &headers, &[]), Some(proxy));
        assert_eq!(
            address(Some(proxy), &forwarded("nonsense"), &trusted),
            Some(proxy)
        );
    }
}
