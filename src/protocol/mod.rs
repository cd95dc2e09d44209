//! WHAT THE STANDARDS SAY. Text in, typed request out; typed answer in, JSON out. No storage, no axum, no clock.
//!
//! | specification | file |
//! |---|---|
//! | RFC 6749 §3.1, §3.2 (parameters) | [`params`] |
//! | RFC 6749 §4.1.2.1 and §5.2, OIDC Core §3.1.2.6, RFC 6750 §3.1, 7009, 7591, 8628, 8707, 9126, 9449, 9470 (errors) | [`error`] |
//! | OIDC Core §3.1.2.1 (authentication request), RFC 8707 §2 (`resource`) | [`authorize`] |
//! | OIDC Core §5.5 (`claims` parameter) | [`claims_request`] |
//! | RFC 6749 §4.1.2, RFC 9207, Form Post Response Mode (the redirect back) | [`answer`] |
//! | RFC 9700 §2.1, RFC 8252 §7 (redirect URIs) | [`redirect`] |
//! | RFC 7636 (PKCE) | [`pkce`] |
//! | RFC 6749 §3.3, OIDC Core §5.4 (scopes and their claims) | [`scope`] |
//! | RFC 6749 §2.3, OIDC Core §9, RFC 7523 §2.2 (client authentication) | [`client_auth`] |
//! | RFC 6749 §4.1.3, §4.4.2, §5.1, §6 (token endpoint) | [`token_request`] |
//! | RFC 7662 (introspection) | [`introspection`] |
//! | RFC 7009 (revocation) | [`revocation`] |
//! | OIDC RP-Initiated Logout 1.0 | [`end_session`] |
//! | draft-parecki-oauth-global-token-revocation-06, RFC 9493 §3.2 (subjects) | [`global_revocation`] |
//! | OIDC Session Management 1.0 | [`check_session`] |
//! | RFC 6750, OIDC Core §5.3.1 (bearer tokens, userinfo request) | [`userinfo`] |
//! | OIDC Discovery §3, RFC 8414 §2 | [`discovery`] |
//! | SSF 1.0, RFC 8936, RFC 9493 | [`ssf`] |
//!
//! Owns: grammar, wire names, limits of length. Does not own: who the client is, what is still valid, status lines.

pub mod answer;
pub mod authorize;
pub mod check_session;
pub mod claims_request;
pub mod client_auth;
pub mod device;
pub mod discovery;
pub mod end_session;
pub mod error;
pub mod global_revocation;
pub mod introspection;
pub mod params;
pub mod pkce;
pub mod redirect;
pub mod revocation;
pub mod scope;
pub mod ssf;
pub mod token_request;
pub mod userinfo;

pub use error::{ErrorCode, OAuthError};
pub use params::Params;
pub use scope::ScopeSet;
