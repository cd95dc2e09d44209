//! The demo applications' HTTP towards the provider: no redirects, no proxy, ten seconds, one mebibyte.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use thiserror::Error;

/// A client that both `openidconnect` and this application's own calls go through.
#[derive(Clone)]
pub(super) struct Outgoing(reqwest::Client);

/// Why a request got no answer.
#[derive(Debug, Error)]
pub(super) enum OutgoingError {
    /// Refused, timed out, or cut off.
    #[error("no answer")]
    Network(#[from] reqwest::Error),
    /// More than [`MAX_BODY_BYTES`].
    #[error("the answer is longer than 1 MiB")]
    TooLong,
    /// The answer could not be put together.
    #[error("the answer is not HTTP")]
    Malformed(#[from] axum::http::Error),
}

impl Outgoing {
    /// Builds the client. A redirect would carry credentials to an address nobody configured: none is followed.
    pub(super) fn new() -> Result<Outgoing, reqwest::Error> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .build()
            .map(Outgoing)
    }

    /// Sends one request and reads the whole answer.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, OutgoingError> {
        let mut response = self.0.execute(request.try_into()?).await?;
        let mut answer = axum::http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = std::mem::take(response.headers_mut());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(OutgoingError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Outgoing {
    type Error = OutgoingError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutgoingError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_BODY_BYTES: usize = 1 << 20;
