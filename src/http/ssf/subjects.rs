//! Adds and removes subjects (SSF 1.0 §8.1.3). The answer is the same whether there is such a person or not (§9.1).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Refusal;
use super::receiver::{Body, May, Receiver};
use super::streams;
use crate::domain::ssf::subjects;
use crate::http::answer::no_store;
use crate::protocol::ssf::subject;

/// `POST`: the receiver wants to hear of this subject.
pub(super) async fn add(receiver: Receiver, Body(body): Body) -> Result<Response, Refusal> {
    list(&receiver, &body, true).await?;
    Ok(streams::empty())
}

/// `POST`: the receiver does not want to hear of this subject.
pub(super) async fn remove(receiver: Receiver, Body(body): Body) -> Result<Response, Refusal> {
    list(&receiver, &body, false).await?;
    Ok((StatusCode::NO_CONTENT, no_store()).into_response())
}

async fn list(receiver: &Receiver, body: &[u8], included: bool) -> Result<(), Refusal> {
    receiver.require(May::Manage)?;
    let (id, subject) = subject::request(body)?;
    let stream = streams::find(receiver, id).await?;
    let (ctx, realm) = (&receiver.app.ctx, &receiver.realm);
    subjects::list(ctx, realm, &stream, &subject, included).await?;
    Ok(())
}
