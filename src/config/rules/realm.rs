//! What a realm's lifetimes may be.

use super::Finding;
use crate::domain::realm::{LogoutPolicy, Look, RetentionPolicy, SessionPolicy, TokenPolicy};
use crate::domain::time::Span;

/// Checks the lifetimes of sessions.
pub fn check_sessions(sessions: &SessionPolicy) -> Vec<Finding> {
    let positive = [
        ("idle_timeout", sessions.idle_timeout),
        ("max_lifetime", sessions.max_lifetime),
        (
            "remember_me_idle_timeout",
            sessions.remember_me_idle_timeout,
        ),
        (
            "remember_me_max_lifetime",
            sessions.remember_me_max_lifetime,
        ),
    ];
    let mut findings = at_least_a_second(&positive);
    if !sessions.sign_in_frequency.is_zero() {
        findings.extend(at_least_a_second(&[(
            "sign_in_frequency",
            sessions.sign_in_frequency,
        )]));
    }
    findings
}

/// Checks the lifetimes of tokens.
pub fn check_tokens(tokens: &TokenPolicy) -> Vec<Finding> {
    let mut spans = vec![
        ("access_token_lifetime", tokens.access_token_lifetime),
        ("id_token_lifetime", tokens.id_token_lifetime),
        (
            "authorization_code_lifetime",
            tokens.authorization_code_lifetime,
        ),
        ("refresh_idle_timeout", tokens.refresh_idle_timeout),
        ("offline_idle_timeout", tokens.offline_idle_timeout),
    ];
    if !tokens.status_list_ttl.is_zero() {
        spans.push(("status_list_ttl", tokens.status_list_ttl));
    }
    at_least_a_second(&spans)
}

/// Checks how long an app that cannot be told may lag.
pub fn check_logout(logout: &LogoutPolicy) -> Vec<Finding> {
    match logout.longest_lag {
        lag if lag.is_zero() => Vec::new(),
        lag => at_least_a_second(&[("longest_lag", lag)]),
    }
}

/// Checks how long what is over is remembered.
pub fn check_retention(retention: &RetentionPolicy) -> Vec<Finding> {
    retention
        .problems()
        .into_iter()
        .map(|(key, message)| Finding::new(key, message))
        .collect()
}

/// Checks how the pages look that people see.
pub fn check_look(look: &Look) -> Vec<Finding> {
    look.problems()
        .into_iter()
        .map(|(key, message)| Finding::new(key, message))
        .collect()
}

/// NumericDate counts whole seconds (RFC 7519 §2), so anything shorter would be over when it begins.
fn at_least_a_second(spans: &[(&'static str, Span)]) -> Vec<Finding> {
    let short = spans.iter().filter(|(_, span)| *span < Span::secs(1));
    short
        .map(|(key, span)| {
            Finding::new(
                key,
                format!("expected a duration of at least 1s, found {span}"),
            )
        })
        .collect()
}
