//! The authentication request (OIDC Core §3.1.2.1, RFC 6749 §4.1.1), read in two stages so that an error goes where
//! it may: first the [`Front`], whose errors are shown on a page; then, once client and redirect URI are matched, the
//! [`AuthorizeRequest`], whose errors are sent to the redirect URI (RFC 6749 §4.1.2.1).

mod prompt;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::prompt::{Display, Prompt, Prompts};
use super::answer::ResponseMode;
use super::claims_request::ClaimsRequest;
use super::error::{ErrorCode, OAuthError};
use super::params::Params;
use super::redirect::is_resource;
use super::scope::ScopeSet;
use super::{pkce, redirect};

/// Most `resource` parameters in one request.
pub const MAX_RESOURCES: usize = 16;
/// Largest `max_age` that means anything, in seconds (about 68 years); a larger one is read as this.
pub const MAX_MAX_AGE: u64 = 1 << 31;

/// What decides whether anything may be sent back at all. An error here is answered by a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// Who asks.
    pub client_id: String,
    /// Where to answer; the caller falls back to a single registered one, or refuses.
    pub redirect_uri: Option<String>,
    /// As sent; judged in the second stage.
    pub response_type: Option<String>,
    /// Given back with every answer, so kept even when the rest is wrong.
    pub state: Option<String>,
    /// As sent; judged in the second stage. Errors travel by [`Front::error_mode`].
    pub response_mode: Option<String>,
}

impl Front {
    /// Reads the parameters that errors depend on; each may come only once.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        for name in [
            "client_id",
            "redirect_uri",
            "response_type",
            "state",
            "response_mode",
        ] {
            if params.repeats(name) {
                return Err(OAuthError::invalid_request(format!(
                    "the parameter {name} was sent more than once"
                )));
            }
        }
        if params
            .one("redirect_uri")
            .is_some_and(|uri| uri.len() > redirect::MAX_URI)
        {
            return Err(OAuthError::invalid_request(format!(
                "redirect_uri is longer than {} bytes",
                redirect::MAX_URI
            )));
        }
        Ok(Self {
            client_id: params.require("client_id")?.to_owned(),
            redirect_uri: params.owned("redirect_uri"),
            response_type: params.owned("response_type"),
            state: params.owned("state"),
            response_mode: params.owned("response_mode"),
        })
    }

    /// How an error travels: as asked if that is a known mode, else the default of the response type, which for one
    /// that would have returned a token is the fragment (OAuth 2.0 Multiple Response Types §2.1).
    pub fn error_mode(&self) -> ResponseMode {
        let token_type = || {
            let mut words = self.response_type.as_deref().unwrap_or_default().split(' ');
            if words.any(|w| w == "token" || w == "id_token") {
                ResponseMode::Fragment
            } else {
                ResponseMode::Query
            }
        };
        self.response_mode
            .as_deref()
            .and_then(ResponseMode::parse)
            .unwrap_or_else(token_type)
    }
}

/// What the matched client may do and must do.
#[derive(Clone, Copy, Debug)]
pub struct ClientRules<'a> {
    /// The redirect URI that was matched: the answer goes there.
    pub redirect_uri: &'a str,
    /// The client registered `authorization_code`.
    pub may_use_code: bool,
    /// A code challenge is required. Only a confidential client may be exempt (RFC 9700 §2.1.1).
    pub require_pkce: bool,
    /// The scopes the client may ask for; others are dropped, as RFC 6749 §3.3 allows.
    pub allowed_scopes: &'a ScopeSet,
    /// `default_max_age` of the client in seconds, used when the request names none (OIDC Registration §2).
    pub default_max_age: Option<u64>,
}

/// A readable request of a matched client. Kept while the user signs in, so it holds nothing borrowed and nothing
/// that only JSON can hold. `Debug` shows the client alone: hints and states belong to people.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthorizeRequest {
    /// Who asks.
    pub client_id: String,
    /// Where the answer goes, matched.
    pub redirect_uri: String,
    /// Whether the request named it; then a redirect URI at the token endpoint must be the same (RFC 6749 §4.1.3).
    pub redirect_uri_sent: bool,
    /// How the answer goes.
    pub response_mode: ResponseMode,
    /// What is asked and allowed.
    pub scope: ScopeSet,
    /// Given back with the answer.
    pub state: Option<String>,
    /// Put into the ID token.
    pub nonce: Option<String>,
    /// How the pages should look.
    pub display: Option<Display>,
    /// What the user must be asked.
    pub prompt: Prompts,
    /// The sign-in may be at most this many seconds old; `auth_time` is then in the ID token.
    pub max_age: Option<u64>,
    /// Languages the user reads, best first.
    pub ui_locales: Vec<String>,
    /// Languages the claims should be in, best first.
    pub claims_locales: Vec<String>,
    /// An ID token of the user expected, not yet verified.
    pub id_token_hint: Option<String>,
    /// Text for the user name field.
    pub login_hint: Option<String>,
    /// Strengths of sign-in wanted, best first; voluntary.
    pub acr_values: Vec<String>,
    /// Claims asked for by name.
    pub claims: ClaimsRequest,
    /// The S256 challenge.
    pub code_challenge: Option<String>,
    /// Audiences wanted for the access token.
    pub resource: Vec<String>,
}

impl AuthorizeRequest {
    /// Reads everything else. Errors go to `rules.redirect_uri` by [`Front::error_mode`].
    pub fn parse(params: &Params, rules: &ClientRules<'_>) -> Result<Self, OAuthError> {
        params.refuse_repeats()?;
        refuse_unsupported(params)?;
        if params.require("response_type")? != "code" {
            return Err(OAuthError::new(
                ErrorCode::UnsupportedResponseType,
                "response_type must be code",
            ));
        }
        if !rules.may_use_code {
            return Err(OAuthError::unauthorized_client(
                "the client is not registered for the grant authorization_code",
            ));
        }
        let response_mode = match params.one("response_mode") {
            None => ResponseMode::default(),
            Some(name) => ResponseMode::parse(name).ok_or_else(|| {
                OAuthError::invalid_request("response_mode must be query, fragment or form_post")
            })?,
        };
        Ok(Self {
            client_id: params.require("client_id")?.to_owned(),
            redirect_uri: rules.redirect_uri.to_owned(),
            redirect_uri_sent: params.one("redirect_uri").is_some(),
            response_mode,
            scope: ScopeSet::parse(params.one("scope").unwrap_or_default())?
                .intersection(rules.allowed_scopes),
            state: params.owned("state"),
            nonce: params.owned("nonce"),
            display: params.one("display").map(Display::parse).transpose()?,
            prompt: Prompts::parse(params.one("prompt").unwrap_or_default())?,
            max_age: params
                .one("max_age")
                .map(parse_max_age)
                .transpose()?
                .or(rules.default_max_age),
            ui_locales: params.words("ui_locales"),
            claims_locales: params.words("claims_locales"),
            id_token_hint: params.owned("id_token_hint"),
            login_hint: params.owned("login_hint"),
            acr_values: params.words("acr_values"),
            claims: params
                .one("claims")
                .map(ClaimsRequest::parse)
                .transpose()?
                .unwrap_or_default(),
            code_challenge: parse_challenge(params, rules.require_pkce)?,
            resource: resources(params)?,
        })
    }
}

impl fmt::Debug for AuthorizeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeRequest")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The `resource` parameters of any request: absolute URIs without fragment, else `invalid_target` (RFC 8707 §2).
pub fn resources(params: &Params) -> Result<Vec<String>, OAuthError> {
    let mut found: Vec<String> = Vec::new();
    for resource in params.many("resource") {
        if !is_resource(resource) {
            return Err(OAuthError::invalid_target(
                "resource must be an absolute URI without a fragment",
            ));
        }
        if !found.iter().any(|known| known == resource) {
            found.push(resource.to_owned());
        }
        if found.len() > MAX_RESOURCES {
            return Err(OAuthError::invalid_target(format!(
                "more than {MAX_RESOURCES} resource parameters"
            )));
        }
    }
    Ok(found)
}

/// OIDC Core §3.1.2.6: what is not offered has its own error, so that a client can fall back.
fn refuse_unsupported(params: &Params) -> Result<(), OAuthError> {
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if params.one(name).is_some() {
            return Err(OAuthError::new(
                code,
                format!("the parameter {name} is not supported"),
            ));
        }
    }
    Ok(())
}

fn parse_max_age(text: &str) -> Result<u64, OAuthError> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(OAuthError::invalid_request(
            "max_age must be a number of seconds, 0 or more",
        ));
    }
    // All digits: the only failure left is a number too large, which asks for nothing.
    Ok(text.parse().unwrap_or(MAX_MAX_AGE).min(MAX_MAX_AGE))
}

/// The S256 challenge of a request (RFC 7636 §4.3); one that is required must be there.
pub(super) fn parse_challenge(
    params: &Params,
    required: bool,
) -> Result<Option<String>, OAuthError> {
    match (
        params.one("code_challenge"),
        params.one("code_challenge_method"),
    ) {
        (Some(challenge), method) => {
            pkce::check_challenge(challenge, method)?;
            Ok(Some(challenge.to_owned()))
        }
        (None, Some(_)) => Err(OAuthError::invalid_request(
            "code_challenge_method was sent without code_challenge",
        )),
        (None, None) if required => Err(OAuthError::invalid_request(
            "code_challenge is required for this client, with code_challenge_method S256",
        )),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
