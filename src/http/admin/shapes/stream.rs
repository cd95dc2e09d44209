//! An event stream in JSON, as administrators see it.

use serde_json::{Value, json};

use crate::domain::ssf::{Marks, Method, Stream};
use crate::domain::time::Timestamp;

/// A stream with how it fares. Of the receiver's header only that there is one.
pub(in crate::http::admin) fn stream(
    stream: &Stream,
    (waiting, exact): (usize, bool),
    marks: &Marks,
) -> Value {
    let time = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
    let (endpoint, has_header) = match &stream.method {
        Method::Push {
            endpoint_url,
            authorization,
        } => (Some(endpoint_url), authorization.is_some()),
        Method::Poll => (None, false),
    };
    let delivered: Vec<_> = stream
        .events_delivered()
        .into_iter()
        .map(|kind| kind.uri())
        .collect();
    let dead: Vec<Value> = marks
        .dead
        .iter()
        .map(|letter| {
            json!({
                "jti": letter.id,
                "event": letter.kind.uri(),
                "at": letter.at.rfc3339(),
                "why": letter.why,
            })
        })
        .collect();
    json!({
        "id": stream.id,
        "clientId": stream.client_id,
        "channel": stream.channel().as_str(),
        "endpointUrl": endpoint,
        "sendsAuthorization": has_header,
        "eventsDelivered": delivered,
        "description": stream.description,
        "status": stream.status.as_str(),
        "reason": stream.reason,
        "createdAt": stream.created_at.rfc3339(),
        "waiting": waiting,
        "waitingIsExact": exact,
        "delivered": marks.delivered,
        "dropped": marks.dropped,
        "rejected": marks.rejected,
        "gaveUp": marks.gave_up,
        "deadLetters": dead,
        "lastDeliveryAt": time(marks.last_delivery_at),
        "lastAttemptAt": time(marks.last_attempt_at),
        "failures": marks.failures,
        "lastProblem": marks.last_problem,
        "nextAttemptAt": time(marks.next_attempt_at),
    })
}
