//! The one-address rule: a session is used where it started.
//!
//! Two addresses are the same place when they are the same IPv4 address or lie in the same IPv6 /64, for one household or
//! device changes the rest of an IPv6 address at will. Where an address is not known, nothing is held against anybody.

use std::net::{IpAddr, Ipv6Addr};

use super::touch::touch;
use crate::domain::denial::{self, ActiveSession, Verdict};
use crate::domain::realm::{OneAddress, Realm};
use crate::domain::session::Session;
use crate::domain::signout::{self, EndError, Reason, Request, Selection};
use crate::domain::{Actor, ActorKind, Context, Fault, TRIES};

/// The place an address stands for: itself for IPv4, its /64 for IPv6. `None` for what is no address.
pub fn place(ip: &str) -> Option<IpAddr> {
    match ip.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(v4) => Some(IpAddr::V4(v4)),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Some(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
        }
    }
}

/// Whether two addresses are known to be different places.
pub fn differ(one: &str, other: &str) -> bool {
    matches!((place(one), place(other)), (Some(a), Some(b)) if a != b)
}

/// A browser uses its session from this address. Under `one_address = deny` a session that is used elsewhere than where
/// it started ends: whoever holds its cookie may have stolen it. Otherwise the use is noted.
///
/// # Errors
/// [`Fault`] when it could not be decided, or not be ended.
pub async fn enter(
    ctx: &Context,
    realm: &Realm,
    active: ActiveSession,
    ip: &str,
) -> Result<Verdict<ActiveSession>, Fault> {
    let elsewhere = differ(&active.session.ip, ip);
    if realm.settings.sessions.one_address != OneAddress::Deny || !elsewhere {
        touch(ctx, realm, &active, ip).await?;
        return Ok(Ok(active));
    }
    let sid = active.session.sid;
    let request = Request::new(
        Selection::Sessions(vec![sid.to_string()]),
        Reason::AddressRule,
        actor_of(realm, &active.session, ip),
    );
    for _ in 0..TRIES {
        match signout::end(ctx, realm, &request).await {
            Ok(_) | Err(EndError::Nothing | EndError::OnlyOwn) => {}
            Err(EndError::Fault(fault)) => return Err(fault),
        }
        match denial::session(ctx, realm, sid).await? {
            Ok(_) => {}
            Err(denied) => return Ok(Err(denied)),
        }
    }
    Err(Fault::Busy)
}

/// The person of a session, as far as their browser can be believed.
pub(super) fn actor_of(realm: &Realm, session: &Session, ip: &str) -> Actor {
    Actor {
        kind: ActorKind::User,
        id: session.user.to_string(),
        name: session.username.clone(),
        realm: realm.name.clone(),
        sid: None,
        ip: Some(ip.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_a_64() {
        for (one, other, apart) in [
            ("192.0.2.1", "192.0.2.1", false),
            ("192.0.2.1", "192.0.2.2", true),
            ("192.0.2.1", "::ffff:192.0.2.1", false),
            ("2001:db8::1", "2001:db8::ffff:2", false),
            ("2001:db8::1", "2001:db8:0:1::1", true),
            ("2001:db8::1", "192.0.2.1", true),
            ("", "192.0.2.1", false),
            ("192.0.2.1", "unknown", false),
        ] {
            assert_eq!(differ(one, other), apart, "{one} {other}");
            assert_eq!(differ(other, one), apart, "{other} {one}");
        }
    }
}
