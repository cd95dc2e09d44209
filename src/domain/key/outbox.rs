//! Keys of what is still to be told: the queues, their leases, the deliveries of an act and their tallies.

use bytes::Bytes;

use super::Key;
use crate::domain::id::{ClientId, RealmId, Sid, SignOutId};
use crate::domain::time::Timestamp;
use crate::store::Range;

/// The space of queued deliveries.
pub const QUEUED: u8 = 0x60;

/// A delivery in the queue of its destination.
pub fn queued(realm: RealmId, destination: &[u8; 17], due: Timestamp, id: &[u8; 16]) -> Bytes {
    Key::of(QUEUED, realm)
        .bytes(destination)
        .num(due.0)
        .bytes(id)
        .end()
}

/// The queue of a destination, what is due first at its head.
pub fn queued_of(realm: RealmId, destination: &[u8; 17]) -> Range {
    Key::of(QUEUED, realm).bytes(destination).range()
}

/// Beyond every entry of a destination's queue.
pub fn queued_last(realm: RealmId, destination: &[u8; 17]) -> Bytes {
    Key::of(QUEUED, realm)
        .bytes(destination)
        .bytes(&[0xff; 25])
        .end()
}

/// All queues.
pub fn queued_all() -> Range {
    Key::space(QUEUED).range()
}

/// Which node works a destination's queue.
pub fn lease(realm: RealmId, destination: &[u8; 17]) -> Bytes {
    Key::of(0x61, realm).bytes(destination).end()
}

/// All leases.
pub fn leases() -> Range {
    Key::space(0x61).range()
}

/// How a destination has answered lately.
pub fn standing(realm: RealmId, destination: &[u8; 17]) -> Bytes {
    Key::of(0x62, realm).bytes(destination).end()
}

/// One notice of an act: to this client, on this channel, about this session.
pub fn delivery(realm: RealmId, act: SignOutId, client: ClientId, channel: u8, sid: Sid) -> Bytes {
    Key::of(0x84, realm)
        .bytes(act.bytes())
        .bytes(client.bytes())
        .bytes(&[channel])
        .bytes(sid.bytes())
        .end()
}

/// Every notice of an act, by client.
pub fn deliveries(realm: RealmId, act: SignOutId) -> Range {
    Key::of(0x84, realm).bytes(act.bytes()).range()
}

/// Every notice of an act to one client.
pub fn deliveries_of_app(realm: RealmId, act: SignOutId, client: ClientId) -> Range {
    Key::of(0x84, realm)
        .bytes(act.bytes())
        .bytes(client.bytes())
        .range()
}

/// The client in the key of a delivery.
pub fn delivery_client(at: &[u8]) -> Option<ClientId> {
    ClientId::from_bytes(at.get(21..37)?)
}

/// What a large act has to tell one client on one channel.
pub fn totals(realm: RealmId, act: SignOutId, client: ClientId, channel: u8) -> Bytes {
    Key::of(0x88, realm)
        .bytes(act.bytes())
        .bytes(client.bytes())
        .bytes(&[channel])
        .end()
}

/// What a large act has to tell.
pub fn totals_of(realm: RealmId, act: SignOutId) -> Range {
    Key::of(0x88, realm).bytes(act.bytes()).range()
}

/// What of it has been settled.
pub fn tally(realm: RealmId, act: SignOutId, client: ClientId, channel: u8) -> Bytes {
    Key::of(0x89, realm)
        .bytes(act.bytes())
        .bytes(client.bytes())
        .bytes(&[channel])
        .end()
}

/// The queues of one realm.
pub fn queued_in(realm: RealmId) -> Range {
    Key::of(QUEUED, realm).range()
}

/// What the key of a delivery names: act, client, channel and session.
pub fn delivery_tail(at: &[u8]) -> Option<(SignOutId, ClientId, u8, Sid)> {
    let act = SignOutId::from_bytes(at.get(5..21)?)?;
    let client = delivery_client(at)?;
    let channel = *at.get(37)?;
    Some((act, client, channel, Sid::from_bytes(at.get(38..)?)?))
}

/// What has been settled of an act, by app and channel.
pub fn tallies_of(realm: RealmId, act: SignOutId) -> Range {
    Key::of(0x89, realm).bytes(act.bytes()).range()
}
