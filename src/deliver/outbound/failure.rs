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
        if let Some(tls) = cause.downcast_ref() {
            return tls_failed(tls);
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            broken = Some(connection(error.kind()));
            // An io::Error passes over what it wraps when it is asked for its source.
            if let Some(wrapped) = error.get_ref() {
                next = Some(wrapped);
                continue;
            }
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
