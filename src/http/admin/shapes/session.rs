//! Sessions in JSON: ours with everything that is known, and Keycloak's `UserSession` with its milliseconds.

use serde_json::{Map, Value, json};

use crate::domain::denial::Denied;
use crate::domain::id::Sid;
use crate::domain::session::search::Row;
use crate::domain::session::{Device, Seen, Session};
use crate::domain::signout::Reason;

/// From where a session is looked at.
pub(in crate::http::admin) struct Seat<'a> {
    /// When and where an ended session was last used, as far as it is known.
    pub(in crate::http::admin) seen: Option<&'a Seen>,
    /// The session of whoever looks.
    pub(in crate::http::admin) own: Option<Sid>,
}

/// A session with everything that is known of it; null stands for what is not known.
pub(in crate::http::admin) fn session(row: &Row, seat: Seat<'_>) -> Value {
    let Row { session, active, denied, offline_grants } = row;
    let seen = active.as_ref().map(|a| (a.last_active, &a.last_ip, &a.last_node));
    let seen = seen.or(seat.seen.map(|s| (s.at, &s.ip, &s.node)));
    let ended = session.ended.or(denied.as_ref().and_then(Denied::ended));
    let reason = ended.map(|e| e.reason.as_str()).or(denied.as_ref().and_then(refusal));
    json!({
        "id": session.sid,
        "userId": session.user,
        "username": session.username,
        "organisation": session.organisation,
        "ipAddress": session.ip,
        "lastIpAddress": seen.map(|(_, ip, _)| ip),
        "node": seen.map_or(&session.node, |(_, _, node)| node),
        "device": device(&session.device),
        "startedAt": session.started_at.rfc3339(),
        "lastActiveAt": seen.map(|(at, _, _)| at.rfc3339()),
        "idleTimeoutAt": active.as_ref().map(|a| a.limits.idle_at.rfc3339()),
        "expiresAt": active.as_ref().map(|a| a.limits.expires_at.rfc3339()),
        "rememberMe": session.remember_me,
        "authMethods": session.amr,
        "clients": session.clients.iter().map(|part| json!({
            "clientId": part.client_id,
            "name": part.name,
            "startedAt": part.started_at.rfc3339(),
            "lastActiveAt": part.last_active_at.rfc3339(),
        })).collect::<Vec<_>>(),
        "offlineGrants": offline_grants,
        "current": seat.own == Some(session.sid),
        "state": if active.is_some() { "active" } else { "ended" },
        "endedAt": ended.map(|e| e.at.rfc3339()),
        "endReason": reason,
        "signOutId": ended.map(|e| e.sign_out),
    })
}

/// Why a session is refused that no act has ended yet.
fn refusal(denied: &Denied) -> Option<&'static str> {
    match denied {
        Denied::Idle => Some(Reason::Idle.as_str()),
        Denied::Expired => Some(Reason::Expired.as_str()),
        Denied::RealmDisabled => Some(Reason::RealmDisabled.as_str()),
        Denied::Ended(ended) => Some(ended.reason.as_str()),
        Denied::Unknown | Denied::Revoked | Denied::ClientDisabled => None,
    }
}

fn device(device: &Device) -> Value {
    json!({ "os": device.os, "browser": device.browser, "kind": device.kind })
}

/// A session in few words, for receipts.
pub(super) fn brief(session: &Session) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("id".to_owned(), json!(session.sid));
    out.insert("userId".to_owned(), json!(session.user));
    out.insert("username".to_owned(), json!(session.username));
    out.insert("name".to_owned(), json!(session.name));
    out.insert("ipAddress".to_owned(), json!(session.ip));
    out.insert("device".to_owned(), device(&session.device));
    out.insert("startedAt".to_owned(), json!(session.started_at.rfc3339()));
    out
}

/// Keycloak's `UserSession`. Its clients are keyed by the id of the client's record.
pub(in crate::http::admin) fn user_session(row: &Row) -> Value {
    let Row { session, active, .. } = row;
    let clients: Map<String, Value> =
        session.clients.iter().map(|part| (part.client.to_string(), json!(part.client_id))).collect();
    json!({
        "id": session.sid,
        "username": session.username,
        "userId": session.user,
        "ipAddress": active.as_ref().map_or(&session.ip, |a| &a.last_ip),
        "start": session.started_at,
        "lastAccess": active.as_ref().map_or(session.started_at, |a| a.last_active),
        "rememberMe": session.remember_me,
        "clients": clients,
        "transientUser": false,
    })
}
