//! Token revocation (RFC 7009). The request has the two parameters of introspection; the answer to a readable
//! request of an authenticated client is always 200 with an empty body (§2.2), whatever the token was.

use super::error::OAuthError;
use super::introspection::TokenQuestion;
use super::params::Params;

/// The token to revoke, and where to look first.
pub type RevocationRequest = TokenQuestion;

/// Reads the form; a missing token is `invalid_request` (RFC 7009 §2.1). A wrong hint is no error.
pub fn parse(params: &Params) -> Result<RevocationRequest, OAuthError> {
    TokenQuestion::parse(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_token_is_refused_and_a_strange_hint_is_not() {
        let read = |form: &str| parse(&Params::parse_form(form).unwrap());
        assert_eq!(
            read("token_type_hint=access_token")
                .unwrap_err()
                .code
                .as_str(),
            "invalid_request"
        );
        assert_eq!(read("token=t&token_type_hint=x").unwrap().token, "t");
    }
}
