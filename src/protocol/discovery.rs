//! The discovery document (OIDC Discovery §3, RFC 8414 §2) and the paths of the endpoints below the issuer.
//!
//! Invariant: only what is on is named; a feature that is off leaves no trace (no `false` that nobody asked for,
//! except where the default of the standard is `true`).

use serde_json::{Map, Value, json};

use super::answer::ResponseMode;
use super::authorize::Prompt;
use super::token_request::{AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH_TOKEN};
use crate::domain::client::AuthMethod;

/// Paths below the issuer. Keycloak's, so that applications configured for it need no change.
pub mod path {
    /// This document.
    pub const DISCOVERY: &str = "/.well-known/openid-configuration";
    /// Authorization endpoint.
    pub const AUTHORIZE: &str = "/protocol/openid-connect/auth";
    /// Token endpoint.
    pub const TOKEN: &str = "/protocol/openid-connect/token";
    /// Introspection endpoint.
    pub const INTROSPECT: &str = "/protocol/openid-connect/token/introspect";
    /// Revocation endpoint.
    pub const REVOKE: &str = "/protocol/openid-connect/revoke";
    /// Userinfo endpoint.
    pub const USERINFO: &str = "/protocol/openid-connect/userinfo";
    /// End-session endpoint.
    pub const LOGOUT: &str = "/protocol/openid-connect/logout";
    /// The public keys.
    pub const CERTS: &str = "/protocol/openid-connect/certs";
    /// Device authorization endpoint.
    pub const DEVICE: &str = "/protocol/openid-connect/auth/device";
    /// Where a person enters the code that a device shows.
    pub const VERIFICATION: &str = "/device";
    /// Pushed authorization request endpoint.
    pub const PUSHED: &str = "/protocol/openid-connect/ext/par/request";
    /// The page that tells scripts whether the session changed.
    pub const CHECK_SESSION: &str = "/protocol/openid-connect/login-status-iframe.html";
    /// Whether a script may ask about this client at that origin.
    pub const CHECK_SESSION_INIT: &str = "/protocol/openid-connect/login-status-iframe.html/init";
    /// The page by which a script learns whether the browser keeps cookies of other sites.
    pub const COOKIE_PROBE: &str = "/protocol/openid-connect/3p-cookies/step1.html";
    /// Where everything of a user is ended on command.
    pub const GLOBAL_REVOCATION: &str = "/global-token-revocation";
    /// The status lists: their addresses, and below it each of them.
    pub const STATUS_LISTS: &str = crate::domain::status::PATH;
    /// Dynamic registration.
    pub const REGISTRATION: &str = "/clients-registrations/openid-connect";
}

/// Features that may be on or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Applications are told by back-channel logout, with `sid`.
    pub backchannel_logout: bool,
    /// Applications are told by front-channel logout, with `sid`.
    pub frontchannel_logout: bool,
    /// The login status page is served.
    pub check_session: bool,
    /// Commands to end everything of a user are taken.
    pub global_token_revocation: bool,
    /// Dynamic registration is open, with or without a token.
    pub registration: bool,
    /// The device flow is served.
    pub device: bool,
    /// Pushed authorization requests are served.
    pub pushed_requests: bool,
    /// Access tokens name a status list.
    pub status_lists: bool,
}

/// What the document is made from.
#[derive(Clone, Debug)]
pub struct Discovery<'a> {
    /// The issuer, without a trailing slash; every URL starts with it.
    pub issuer: &'a str,
    /// Algorithms ID tokens are signed with.
    pub id_token_algorithms: &'a [&'a str],
    /// Client authentication offered, without `none`.
    pub auth_methods: &'a [AuthMethod],
    /// Public clients exist: the token endpoint also takes `none`.
    pub public_clients: bool,
    /// Algorithms of client assertions, named if an assertion method is offered.
    pub assertion_algorithms: &'a [&'a str],
    /// Scopes a client may ask for.
    pub scopes: &'a [&'a str],
    /// Claims that may be answered.
    pub claims: &'a [&'a str],
    /// Strengths of sign-in that can be reached.
    pub acr_values: &'a [&'a str],
    /// Languages of the pages.
    pub ui_locales: &'a [&'a str],
    /// What else is on.
    pub features: Features,
}

impl Discovery<'_> {
    /// The document.
    pub fn to_json(&self) -> Value {
        let mut doc = Map::new();
        self.endpoints(&mut doc);
        self.requests(&mut doc);
        self.authentication(&mut doc);
        self.answers(&mut doc);
        self.logout(&mut doc);
        Value::Object(doc)
    }

    fn endpoints(&self, doc: &mut Map<String, Value>) {
        put(doc, "issuer", self.issuer);
        let always = [
            ("authorization_endpoint", path::AUTHORIZE, true),
            ("token_endpoint", path::TOKEN, true),
            ("introspection_endpoint", path::INTROSPECT, true),
            ("revocation_endpoint", path::REVOKE, true),
            ("userinfo_endpoint", path::USERINFO, true),
            ("end_session_endpoint", path::LOGOUT, true),
            ("jwks_uri", path::CERTS, true),
            (
                "check_session_iframe",
                path::CHECK_SESSION,
                self.features.check_session,
            ),
            (
                "global_token_revocation_endpoint",
                path::GLOBAL_REVOCATION,
                self.features.global_token_revocation,
            ),
            (
                "registration_endpoint",
                path::REGISTRATION,
                self.features.registration,
            ),
            (
                "device_authorization_endpoint",
                path::DEVICE,
                self.features.device,
            ),
            (
                "pushed_authorization_request_endpoint",
                path::PUSHED,
                self.features.pushed_requests,
            ),
            (
                "status_list_aggregation_endpoint",
                path::STATUS_LISTS,
                self.features.status_lists,
            ),
        ];
        for (name, path, on) in always {
            if on {
                put(doc, name, format!("{}{path}", self.issuer));
            }
        }
    }

    fn requests(&self, doc: &mut Map<String, Value>) {
        let mut grants = vec![AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS];
        if self.features.device {
            grants.push(DEVICE_CODE);
        }
        put(doc, "grant_types_supported", grants);
        put(doc, "response_types_supported", ["code"]);
        put(
            doc,
            "response_modes_supported",
            ResponseMode::ALL.map(ResponseMode::as_str),
        );
        put(doc, "scopes_supported", self.scopes);
        put(
            doc,
            "prompt_values_supported",
            Prompt::ALL.map(Prompt::as_str),
        );
        put(doc, "code_challenge_methods_supported", ["S256"]);
        put(doc, "claims_parameter_supported", true);
        put(doc, "request_parameter_supported", false);
        // Its default is true (OIDC Discovery §3).
        put(doc, "request_uri_parameter_supported", false);
        put(doc, "authorization_response_iss_parameter_supported", true);
        put_some(doc, "acr_values_supported", self.acr_values);
        put_some(doc, "ui_locales_supported", self.ui_locales);
    }

    fn authentication(&self, doc: &mut Map<String, Value>) {
        let with_secret: Vec<_> = self.auth_methods.iter().map(|m| m.as_str()).collect();
        let mut at_token = with_secret.clone();
        if self.public_clients {
            at_token.push(AuthMethod::None.as_str());
        }
        let assertions = self
            .auth_methods
            .iter()
            .any(|m| matches!(m, AuthMethod::PrivateKeyJwt | AuthMethod::ClientSecretJwt));
        // Introspection always needs a caller that proved itself (RFC 7662 §2.1); revocation by a public client is
        // bound to its own tokens (RFC 7009 §2.1).
        for (endpoint, methods) in [
            ("token", &at_token),
            ("revocation", &at_token),
            ("introspection", &with_secret),
        ] {
            put(
                doc,
                &format!("{endpoint}_endpoint_auth_methods_supported"),
                methods.as_slice(),
            );
            if assertions {
                put(
                    doc,
                    &format!("{endpoint}_endpoint_auth_signing_alg_values_supported"),
                    self.assertion_algorithms,
                );
            }
        }
    }

    fn answers(&self, doc: &mut Map<String, Value>) {
        put(doc, "subject_types_supported", ["public"]);
        put(
            doc,
            "id_token_signing_alg_values_supported",
            self.id_token_algorithms,
        );
        put(doc, "claim_types_supported", ["normal"]);
        put(doc, "claims_supported", self.claims);
    }

    fn logout(&self, doc: &mut Map<String, Value>) {
        if self.features.global_token_revocation {
            // draft-parecki-oauth-global-token-revocation-06 §5: names from two registries, or by agreement.
            let methods = ["Bearer", "global-token-revocation+jwt"];
            put(
                doc,
                "global_token_revocation_endpoint_auth_methods_supported",
                methods,
            );
        }
        for (channel, on) in [
            ("backchannel", self.features.backchannel_logout),
            ("frontchannel", self.features.frontchannel_logout),
        ] {
            if on {
                put(doc, &format!("{channel}_logout_supported"), true);
                put(doc, &format!("{channel}_logout_session_supported"), true);
            }
        }
    }
}

fn put(doc: &mut Map<String, Value>, name: &str, value: impl serde::Serialize) {
    doc.insert(name.to_owned(), json!(value));
}

fn put_some(doc: &mut Map<String, Value>, name: &str, values: &[&str]) {
    if !values.is_empty() {
        put(doc, name, values);
    }
}

#[cfg(test)]
mod tests;
