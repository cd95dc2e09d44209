//! What the client's errors mean, in sentences for administrators. The client's own texts may hold addresses that a name
//! resolved to; ours do not.

use std::error::Error;
use std::io;

use super::names::Denied;
use super::target::Target;
use crate::domain::outbox::wire::WireError;

/// Reads an error of the client.
pub(super) fn read(error: &reqwest::Error, target: &Target) -> WireError {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    let mut broken = None;
    while let Some(cause) = next {
        if let Some(denied) = cause.downcast_ref::<Denied>() {
            return match denied {
                Denied::Unresolved => WireError::Unresolved(target.host.clone()),
                Denied::No(no) => WireError::Refused(no.say(&target.host)),
            };
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            // An io::Error that wraps another names that one's source as its own: look inside.
            if let Some(tls) = error.get_ref().and_then(|e| e.downcast_ref()) {
                return tls_failed(tls);
            }
            broken = Some(connection(error.kind()));
        }
        if let Some(tls) = cause.downcast_ref() {
            return tls_failed(tls);
        }
        next = cause.source();
    }
    let text = broken.unwrap_or(if error.is_connect() {
        "no connection"
    } else {
        "the connection broke, or the answer is not HTTP"
    });
    WireError::Unreachable(text.to_owned())
}

fn tls_failed(error: &rustls::Error) -> WireError {
    WireError::Unreachable(format!("no TLS connection: {error}"))
}

fn connection(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::ConnectionRefused => "the connection was refused",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => "the connection was cut off",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way there"
        }
        io::ErrorKind::TimedOut => "nothing answered at that address",
        io::ErrorKind::UnexpectedEof => "the connection was closed without an answer",
        _ => "no connection",
    }
}
