//! A POSTed form (RFC 6749 §3.2): read once, bounded, strict; and the `Authorization` header beside it.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::http::state::App;
use crate::protocol::params::MAX_FORM;
use crate::protocol::{OAuthError, Params};

/// A form, with what came around it.
pub struct Form {
    /// Its parameters. None of them came from the URL, and no secret was there either.
    pub params: Params,
    /// The rest of the request.
    pub parts: Parts,
}

impl Form {
    /// Reads a form.
    ///
    /// # Errors
    /// `invalid_request` for another content type, a body over 64 KiB, a repeated parameter, or a secret in the URL.
    pub async fn read(request: Request) -> Result<Form, OAuthError> {
        let (parts, body) = request.into_parts();
        if !is_form(&parts.headers) {
            return Err(OAuthError::invalid_request(
                "send the parameters as application/x-www-form-urlencoded in the body",
            ));
        }
        let body = to_bytes(body, MAX_FORM).await.map_err(|_| {
            OAuthError::invalid_request(format!(
                "the body could not be read to its end, or is longer than {MAX_FORM} bytes"
            ))
        })?;
        let params = Params::parse_post(parts.uri.query(), &body)?;
        Ok(Form { params, parts })
    }
}

impl FromRequest<App> for Form {
    type Rejection = OAuthError;

    async fn from_request(request: Request, _: &App) -> Result<Form, OAuthError> {
        Form::read(request).await
    }
}

/// Whether the body says that it is a form; a charset beside it changes nothing, since forms are UTF-8.
pub fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    media_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| {
            value
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// The one `Authorization` header, if there is one.
///
/// # Errors
/// `invalid_request` when there are two, or it is not readable.
pub fn authorization(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => match one.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(OAuthError::invalid_request(
                "the Authorization header is not printable ASCII",
            )),
        },
        (Some(_), Some(_)) => Err(OAuthError::invalid_request(
            "send one Authorization header, not several",
        )),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(uri: &str, media_type: Option<&str>, body: impl Into<Body>) -> Request {
        let mut builder = Request::post(uri);
        if let Some(media_type) = media_type {
            builder = builder.header(header::CONTENT_TYPE, media_type);
        }
        builder.body(body.into()).unwrap()
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn only_a_form_is_read() {
        for good in [FORM, "Application/X-WWW-form-urlencoded ; charset=UTF-8"] {
            let form = Form::read(request("/", Some(good), "a=b")).await.unwrap();
            assert_eq!(form.params.one("a"), Some("b"));
        }
        for bad in [
            None,
            Some("application/json"),
            Some("multipart/form-data"),
            Some(""),
        ] {
            let error = Form::read(request("/", bad, "a=b")).await.err().unwrap();
            assert_eq!(error.code.as_str(), "invalid_request", "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_large_form_and_a_secret_in_the_url_are_refused() {
        let large = format!("a={}", "x".repeat(MAX_FORM));
        assert!(Form::read(request("/", Some(FORM), large)).await.is_err());
        for query in ["client_secret=s", "code=c", "token=t"] {
            assert!(
                Form::read(request(&format!("/?{query}"), Some(FORM), "a=b"))
                    .await
                    .is_err(),
                "{query}"
            );
        }
        assert!(
            Form::read(request("/?kc_locale=de", Some(FORM), "a=b"))
                .await
                .is_ok()
        );
    }

    #[test]
    fn two_authorization_headers_are_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(authorization(&headers).unwrap(), None);
        headers.append(header::AUTHORIZATION, "Basic eA".parse().unwrap());
        assert_eq!(authorization(&headers).unwrap(), Some("Basic eA"));
        headers.append(header::AUTHORIZATION, "Basic eQ".parse().unwrap());
        assert!(authorization(&headers).is_err());
    }
}
