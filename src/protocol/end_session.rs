//! The end-session endpoint (OIDC RP-Initiated Logout 1.0 §2), by GET or POST, and the older form in which a client
//! posts its refresh token, as Keycloak's clients do.

use std::fmt;

use super::error::OAuthError;
use super::params::Params;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutRequest {
    /// A browser came to sign out.
    EndSession(EndSessionRequest),
    /// A client ends the session of a refresh token it holds; it authenticates and is answered 204, without a page.
    WithRefreshToken(PostedRefreshToken),
}

/// The refresh token of the older form. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostedRefreshToken(String);

/// The parameters of RP-Initiated Logout 1.0 §2. All are claims of a stranger until checked: the browser's session
/// decides who is signed out, the hint only whether to ask first.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EndSessionRequest {
    /// An ID token issued before; its expiry does not matter.
    pub id_token_hint: Option<String>,
    /// Who might be signing out, in any form.
    pub logout_hint: Option<String>,
    /// Who asks; must equal the hint's audience if both are there.
    pub client_id: Option<String>,
    /// Where to go afterwards; use [`EndSessionRequest::return_to`].
    pub post_logout_redirect_uri: Option<String>,
    /// Given back on the way.
    pub state: Option<String>,
    /// Languages the user reads, best first.
    pub ui_locales: Vec<String>,
}

impl LogoutRequest {
    /// Reads the query of a GET or the form of a POST. `is_post` lets the older form in.
    pub fn parse(params: &Params, is_post: bool) -> Result<Self, OAuthError> {
        params.refuse_repeats()?;
        match params.owned("refresh_token") {
            Some(token) if is_post => Ok(Self::WithRefreshToken(PostedRefreshToken(token))),
            Some(_) => Err(OAuthError::invalid_request(
                "refresh_token must be sent in the body, not in the URL",
            )),
            None => Ok(Self::EndSession(EndSessionRequest {
                id_token_hint: params.owned("id_token_hint"),
                logout_hint: params.owned("logout_hint"),
                client_id: params.owned("client_id"),
                post_logout_redirect_uri: params.owned("post_logout_redirect_uri"),
                state: params.owned("state"),
                ui_locales: params.words("ui_locales"),
            })),
        }
    }
}

impl EndSessionRequest {
    /// Where to go afterwards, if the request says whose URI it is: without hint and client it can be compared with
    /// nothing and is not followed (§3). The caller still matches it with the client's registered ones.
    pub fn return_to(&self) -> Option<&str> {
        self.post_logout_redirect_uri
            .as_deref()
            .filter(|_| self.id_token_hint.is_some() || self.client_id.is_some())
    }
}

impl PostedRefreshToken {
    /// The text, for verification only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PostedRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostedRefreshToken")
    }
}

impl fmt::Debug for EndSessionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndSessionRequest")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(form: &str) -> EndSessionRequest {
        match LogoutRequest::parse(&Params::parse_form(form).unwrap(), false).unwrap() {
            LogoutRequest::EndSession(request) => request,
            LogoutRequest::WithRefreshToken(_) => panic!("not the older form"),
        }
    }

    #[test]
    fn all_parameters_are_read_and_none_is_required() {
        let request = end(
            "id_token_hint=h&logout_hint=l&client_id=c&post_logout_redirect_uri=u&state=s&ui_locales=de+en",
        );
        assert_eq!(request.ui_locales, ["de", "en"]);
        assert_eq!(
            (request.state.as_deref(), request.return_to()),
            (Some("s"), Some("u"))
        );
        assert_eq!(end(""), EndSessionRequest::default());
    }

    #[test]
    fn a_return_without_hint_or_client_is_not_followed() {
        for (form, expected) in [
            ("post_logout_redirect_uri=u", None),
            ("post_logout_redirect_uri=u&state=s&logout_hint=l", None),
            ("post_logout_redirect_uri=u&client_id=c", Some("u")),
            ("post_logout_redirect_uri=u&id_token_hint=h", Some("u")),
            ("id_token_hint=h", None),
        ] {
            assert_eq!(end(form).return_to(), expected, "{form}");
        }
    }

    #[test]
    fn a_posted_refresh_token_is_the_older_form() {
        let params = Params::parse_form("client_id=c&client_secret=s&refresh_token=hush").unwrap();
        match LogoutRequest::parse(&params, true).unwrap() {
            LogoutRequest::WithRefreshToken(token) => {
                assert_eq!(token.expose(), "hush");
                assert!(!format!("{token:?}").contains("hush"));
            }
            LogoutRequest::EndSession(_) => panic!("the older form was expected"),
        }
        assert!(LogoutRequest::parse(&params, false).is_err());
    }

    #[test]
    fn a_repeated_parameter_is_refused() {
        let params = Params::read("state=a&state=b").unwrap();
        assert!(LogoutRequest::parse(&params, false).is_err());
    }
}
