//! Which addresses may be reached. Everything that is not an ordinary public address is refused, with the addresses that
//! are packed into others (IPv4 in IPv6) judged by what they carry; ranges that the operator opened are let through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The machine itself.
pub(super) const LOOPBACK: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
];

/// What an address is, when it is not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// As in "a private address".
    pub(super) name: &'static str,
    /// Whether `--outbound-allow` can open it: some addresses name no one machine.
    pub(super) can_open: bool,
}

const fn closed(name: &'static str) -> Kind {
    Kind {
        name,
        can_open: true,
    }
}

const fn never(name: &'static str) -> Kind {
    Kind {
        name,
        can_open: false,
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// IANA's registry of special-purpose IPv4 addresses (RFC 6890 and its updates); the first match counts.
const SPECIAL_V4: [(Ipv4Net, Kind); 18] = [
    (v4(0, 0, 0, 0, 32), never("unspecified")),
    (v4(255, 255, 255, 255, 32), never("broadcast")),
    (v4(224, 0, 0, 0, 4), never("multicast")),
    (v4(0, 0, 0, 0, 8), closed("\"this network\"")),
    (v4(10, 0, 0, 0, 8), closed("private")),
    (v4(172, 16, 0, 0, 12), closed("private")),
    (v4(192, 168, 0, 0, 16), closed("private")),
    (v4(100, 64, 0, 0, 10), closed("shared (carrier-grade NAT)")),
    (v4(127, 0, 0, 0, 8), closed("loopback")),
    (v4(169, 254, 0, 0, 16), closed("link-local")),
    (v4(192, 0, 0, 0, 24), closed("protocol")),
    (v4(192, 0, 2, 0, 24), closed("documentation")),
    (v4(198, 51, 100, 0, 24), closed("documentation")),
    (v4(203, 0, 113, 0, 24), closed("documentation")),
    (v4(192, 88, 99, 0, 24), closed("6to4 relay")),
    (v4(198, 18, 0, 0, 15), closed("benchmarking")),
    (v4(240, 0, 0, 0, 4), closed("reserved")),
    // Public by number, but on one cloud's machines it is the machine's own host, which hands out credentials.
    (v4(168, 63, 129, 16, 32), closed("cloud host")),
];

/// IANA's registry of special-purpose IPv6 addresses; the first match counts. Outside 2000::/3 nothing is public, so
/// what is listed from there only has a better name.
const SPECIAL_V6: [(Ipv6Net, Kind); 14] = [
    (v6(0, 0, 0, 128), never("unspecified")),
    (v6(0xff00, 0, 0, 8), never("multicast")),
    (
        Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128),
        closed("loopback"),
    ),
    (v6(0xfc00, 0, 0, 7), closed("private (unique local)")),
    (v6(0xfe80, 0, 0, 10), closed("link-local")),
    (v6(0xfec0, 0, 0, 10), closed("site-local")),
    (v6(0x64, 0xff9b, 1, 48), closed("local NAT64")),
    (v6(0x100, 0, 0, 64), closed("discard-only")),
    (v6(0x2001, 0xdb8, 0, 32), closed("documentation")),
    (v6(0x3fff, 0, 0, 20), closed("documentation")),
    (v6(0x2001, 2, 0, 48), closed("benchmarking")),
    // Teredo lies in here too: it is looked into before.
    (v6(0x2001, 0, 0, 23), closed("protocol")),
    (v6(0x5f00, 0, 0, 16), closed("segment routing")),
    (v6(0, 0, 0, 96), closed("IPv4-compatible")),
];

const TEREDO: Ipv6Net = v6(0x2001, 0, 0, 32);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);
const GLOBAL: Ipv6Net = v6(0x2000, 0, 0, 3);

/// The networks that the operator opened.
pub(super) struct Allowed(Vec<IpNet>);

impl Allowed {
    /// These networks.
    pub(super) fn new(networks: Vec<IpNet>) -> Allowed {
        Allowed(networks)
    }

    /// Whether an address was opened by the operator, as itself or as the IPv4 address it stands for.
    pub(super) fn opens(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let own = |kind: Option<Kind>| kind.is_none_or(|kind| kind.can_open);
        own(special(ip)) && self.0.iter().any(|network| network.contains(&ip))
    }

    /// Nothing when an address may be reached; what it is otherwise.
    pub(super) fn judge(&self, ip: IpAddr) -> Option<Kind> {
        let ip = ip.to_canonical();
        if self.opens(ip) {
            return None;
        }
        let IpAddr::V6(six) = ip else {
            return special(ip);
        };
        let own = if TEREDO.contains(&six) {
            None
        } else {
            special(ip)
        };
        own.or_else(|| {
            carried(six)
                .into_iter()
                .find_map(|four| self.judge(IpAddr::V4(four)))
        })
    }
}

/// What an address is by itself.
fn special(ip: IpAddr) -> Option<Kind> {
    match ip {
        IpAddr::V4(ip) => SPECIAL_V4
            .iter()
            .find_map(|(network, kind)| network.contains(&ip).then_some(*kind)),
        IpAddr::V6(ip) => {
            let listed = SPECIAL_V6
                .iter()
                .find_map(|(network, kind)| network.contains(&ip).then_some(*kind));
            let outside = !GLOBAL.contains(&ip) && !NAT64.contains(&ip);
            listed.or(outside.then_some(closed("reserved")))
        }
    }
}

/// The IPv4 addresses that an IPv6 address leads to: a gateway on the way would unpack them. Mapped addresses
/// (::ffff:0:0/96) are made canonical before, compatible ones (::/96) are refused as a whole.
fn carried(ip: Ipv6Addr) -> Vec<Ipv4Addr> {
    let octets = ip.octets();
    let at = |start: usize| {
        let mut four = [0u8; 4];
        four.iter_mut()
            .zip(octets.iter().skip(start))
            .for_each(|(to, from)| *to = *from);
        Ipv4Addr::from(four)
    };
    // RFC 6052 §2.1.
    if NAT64.contains(&ip) {
        return vec![at(12)];
    }
    // RFC 3056 §2.
    if SIX_TO_FOUR.contains(&ip) {
        return vec![at(2)];
    }
    // RFC 4380 §4: the server in the clear, the client with every bit turned over.
    if TEREDO.contains(&ip) {
        let client = Ipv4Addr::from(!u32::from(at(12)));
        return vec![at(4), client];
    }
    // RFC 5214 §6.1 (ISATAP): an interface identifier that carries the address.
    if GLOBAL.contains(&ip) && matches!(ip.segments(), [.., 0x0000 | 0x0200, 0x5efe, _, _]) {
        return vec![at(12)];
    }
    Vec::new()
}
