//! An app's requests: HTTP for the `openidconnect` crate, and how a client with a secret names itself.

use std::pin::Pin;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// The app's side of the wire.
#[derive(Clone)]
pub struct Wire(pub reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.execute(request.try_into()?).await?;
            let mut response = openidconnect::http::Response::builder().status(answer.status());
            *response.headers_mut().expect("headers") = answer.headers().clone();
            Ok(response
                .body(answer.bytes().await?.to_vec())
                .expect("a response"))
        })
    }
}

/// The `Authorization` header of a client with a secret (RFC 6749 section 2.3.1).
pub fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let part =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", part(id), part(secret));
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    )
}
