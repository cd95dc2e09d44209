//! Sets the status of a stream (SSF 1.0 §8.1.2, §8.1.5) and verifies it (§8.1.4).

use std::sync::Arc;

use super::event::{About, Event};
use super::streams::read;
use super::verbs::{change, receiver};
use super::{Kind, SsfError, Status, Stream, bounds, marks, settings};
use crate::domain::client::Client;
use crate::domain::id::StreamId;
use crate::domain::realm::Realm;
use crate::domain::{Actor, Context};

/// Sets the status of a receiver's stream at its own wish. A disabled stream forgets what waits in it.
///
/// # Errors
/// [`SsfError::NotFound`].
pub async fn set(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    id: StreamId,
    status: Status,
    reason: Option<String>,
) -> Result<Arc<Stream>, SsfError> {
    settings::check_reason(reason.as_deref())?;
    let actor = receiver(realm, client);
    let stream = change(ctx, realm, &actor, (client.id, id), |stream, _| {
        stream.status = status;
        stream.reason.clone_from(&reason);
        Ok("stream.status")
    })
    .await?;
    bounds::trim(ctx, realm.id, &stream, bounds::HELD).await?;
    Ok(stream)
}

/// Sets the status of a stream without its receiver having asked, and tells it (SSF 1.0 §8.1.5).
///
/// # Errors
/// [`SsfError::NotFound`] when the realm has no such stream.
pub async fn impose(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: StreamId,
    status: Status,
    reason: Option<String>,
) -> Result<Arc<Stream>, SsfError> {
    settings::check_reason(reason.as_deref())?;
    let found = read(ctx, realm.id, id).await?.ok_or(SsfError::NotFound)?;
    let owner = found.value.client;
    let stream = change(ctx, realm, actor, (owner, id), |stream, batch| {
        if stream.status != status {
            let event = about_stream(
                ctx,
                Kind::StreamUpdated {
                    status,
                    reason: reason.clone(),
                },
            );
            event.put(realm.id, id, batch)?;
        }
        stream.status = status;
        stream.reason.clone_from(&reason);
        Ok("stream.status")
    })
    .await?;
    bounds::trim(ctx, realm.id, &stream, bounds::HELD).await?;
    Ok(stream)
}

/// Puts a verification event into a receiver's stream (SSF 1.0 §8.1.4): it goes out behind what waits already, which
/// proves that this goes out too.
///
/// # Errors
/// [`SsfError::TooSoon`] within the stream's interval; [`SsfError::Invalid`] when the stream is disabled.
pub async fn verify(
    ctx: &Context,
    realm: &Realm,
    stream: &Stream,
    state: Option<String>,
) -> Result<(), SsfError> {
    if stream.status == Status::Disabled {
        return Err(SsfError::Invalid(
            "the stream is disabled and carries no events; enable it first".to_owned(),
        ));
    }
    settings::check_state(state.as_deref())?;
    let done = marks::revise(ctx, (realm.id, stream.id), &[], |marks, _, batch| {
        let now = ctx.now();
        let again = marks
            .verified_at
            .map(|at| at.plus(stream.min_verification_interval));
        if again.is_some_and(|again| now < again) {
            return Ok(None);
        }
        marks.verified_at = Some(now);
        let event = about_stream(
            ctx,
            Kind::Verification {
                state: state.clone(),
            },
        );
        event.put(realm.id, stream.id, batch)?;
        Ok(Some(()))
    });
    let interval = stream.min_verification_interval.whole_secs();
    done.await?.ok_or(SsfError::TooSoon(interval))
}

fn about_stream(ctx: &Context, kind: Kind) -> Event {
    let id = ctx.new_id();
    Event {
        id,
        txn: id,
        kind,
        about: About::Stream,
        at: ctx.now(),
        cause: None,
        receipt: None,
    }
}
