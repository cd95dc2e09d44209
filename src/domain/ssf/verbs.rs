//! Makes, changes and deletes streams (SSF 1.0 §8.1.1). A receiver
//! sees its own stream and no other: whatever is asked of another one is answered as if there were none.

use std::sync::Arc;

use super::settings::{self, Patch, Settings};
use super::streams::{self, read};
use super::{Status, Stream, VERIFY_EVERY, bounds};
use crate::domain::audit::{self, Entry};
use crate::domain::client::Client;
use crate::domain::id::{ClientId, RealmId, StreamId};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, encode_json};
use crate::domain::{Actor, ActorKind, Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// Why something was not done with a stream.
#[derive(Debug, thiserror::Error)]
pub enum SsfError {
    /// What was asked makes no sense; the text says what was expected.
    #[error("{0}")]
    Invalid(String),
    /// The receiver has no such stream.
    #[error("this receiver has no such stream")]
    NotFound,
    /// The receiver has a stream already.
    #[error("this receiver has a stream already; a receiver has one")]
    Exists,
    /// The realm has very many streams.
    #[error("the realm has {0} streams, which is as many as there may be")]
    Full(usize),
    /// The receiver named very many subjects.
    #[error("the stream has {0} subjects, which is as many as there may be")]
    TooMany(u32),
    /// Verification was asked for a moment ago.
    #[error("verification was asked for less than {0} s ago")]
    TooSoon(u64),
    /// It could not be decided.
    #[error("the stream could not be changed")]
    Fault(#[from] Fault),
}

/// Makes the stream of a receiver.
///
/// # Errors
/// [`SsfError::Exists`] when it has one, [`SsfError::Invalid`], [`SsfError::Full`].
pub async fn create(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    settings: Settings,
) -> Result<Arc<Stream>, SsfError> {
    settings::check(&settings)?;
    if streams::all(ctx, realm.id).await?.len() >= streams::MOST {
        return Err(SsfError::Full(streams::MOST));
    }
    let id = StreamId(ctx.new_id());
    let stream = Stream {
        id,
        client: client.id,
        client_id: client.client_id().to_owned(),
        method: settings::sealed(ctx, realm.id, id, settings.method)?,
        events_requested: settings.events_requested,
        status: Status::Enabled,
        reason: None,
        description: settings.description,
        min_verification_interval: VERIFY_EVERY,
        created_at: ctx.now(),
    };
    let mut batch = Batch::new();
    batch.create(key::stream(realm.id, id), encode_json(&stream)?);
    // The id is fresh, so that only this one can be there: it makes the stream the receiver's only one.
    batch.create(
        key::stream_by_client(realm.id, client.id),
        id.bytes().to_vec(),
    );
    let actor = receiver(realm, client);
    note(
        ctx,
        realm,
        &actor,
        &stream,
        "stream.create",
        None,
        &mut batch,
    )?;
    match ctx.commit(batch).await {
        Ok(_) => {
            ctx.signals.evict(realm.id);
            Ok(Arc::new(stream))
        }
        Err(CommitError::Conflict { .. }) => Err(SsfError::Exists),
        Err(error) => Err(Fault::from(error).into()),
    }
}

/// The stream of a receiver; `None` when it has none.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn own(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
) -> Result<Option<Arc<Stream>>, Fault> {
    let Some(named) = ctx
        .store
        .get(&key::stream_by_client(realm.id, client))
        .await?
    else {
        return Ok(None);
    };
    let id = StreamId::from_bytes(&named.value).ok_or(Fault::Record("stream of a client"))?;
    let found = read(ctx, realm.id, id).await?;
    Ok(found.map(|found| Arc::new(found.value)))
}

/// The receiver's stream of this id.
///
/// # Errors
/// [`SsfError::NotFound`], also when the stream is another receiver's.
pub async fn find(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
    id: StreamId,
) -> Result<Arc<Stream>, SsfError> {
    let found = read(ctx, realm.id, id).await?;
    let own = found.filter(|found| found.value.client == client);
    own.map(|found| Arc::new(found.value))
        .ok_or(SsfError::NotFound)
}

/// Changes what a receiver says of its stream (PATCH).
///
/// # Errors
/// [`SsfError`].
pub async fn update(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    id: StreamId,
    patch: Patch,
) -> Result<Arc<Stream>, SsfError> {
    if let Some(method) = &patch.method {
        settings::check_method(method)?;
    }
    if let Some(Some(events)) = &patch.events_requested {
        settings::check_events(events)?;
    }
    if let Some(Some(description)) = &patch.description {
        settings::check_description(description)?;
    }
    let actor = receiver(realm, client);
    change(ctx, realm, &actor, (client.id, id), |stream, _| {
        if let Some(method) = patch.method.clone() {
            stream.method = settings::sealed(ctx, realm.id, id, method)?;
        }
        if let Some(events) = patch.events_requested.clone() {
            stream.events_requested = events;
        }
        if let Some(description) = patch.description.clone() {
            stream.description = description;
        }
        Ok("stream.update")
    })
    .await
}

/// Replaces what a receiver says of its stream (PUT): what it does not say is not so any more, the header included.
///
/// # Errors
/// [`SsfError`].
pub async fn replace(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    id: StreamId,
    settings: Settings,
) -> Result<Arc<Stream>, SsfError> {
    let patch = Patch {
        method: Some(settings.method),
        events_requested: Some(settings.events_requested),
        description: Some(settings.description),
    };
    update(ctx, realm, client, id, patch).await
}

/// Deletes a receiver's stream with everything that waits in it.
///
/// # Errors
/// [`SsfError::NotFound`].
pub async fn delete(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    id: StreamId,
) -> Result<(), SsfError> {
    for _ in 0..TRIES {
        let found = read(ctx, realm.id, id).await?;
        let Some(found) = found.filter(|found| found.value.client == client.id) else {
            return Err(SsfError::NotFound);
        };
        let mut batch = Batch::new();
        remove(realm.id, &found, &mut batch);
        let actor = receiver(realm, client);
        note(
            ctx,
            realm,
            &actor,
            &found.value,
            "stream.delete",
            None,
            &mut batch,
        )?;
        match ctx.commit(batch).await {
            Ok(_) => {
                ctx.signals.evict(realm.id);
                bounds::forget(ctx, realm.id, id).await?;
                return Ok(());
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
    Err(Fault::Busy.into())
}

/// Adds the end of a client's stream to the commit that deletes the client. What waits in it is forgotten afterwards.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub(in crate::domain) async fn remove_of_client(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
    batch: &mut Batch,
) -> Result<(), Fault> {
    if let Some(stream) = own(ctx, realm, client).await?
        && let Some(found) = read(ctx, realm.id, stream.id).await?
    {
        remove(realm.id, &found, batch);
    }
    Ok(())
}

fn remove(realm: RealmId, found: &Versioned<Stream>, batch: &mut Batch) {
    batch.take(key::stream(realm, found.value.id), found.version);
    batch.del(key::stream_by_client(realm, found.value.client));
    batch.del(key::stream_marks(realm, found.value.id));
}

/// Changes a stream: read, changed and committed as one, with its line in the audit log.
pub(super) async fn change(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    (owner, id): (ClientId, StreamId),
    mut change: impl FnMut(&mut Stream, &mut Batch) -> Result<&'static str, Fault>,
) -> Result<Arc<Stream>, SsfError> {
    for _ in 0..TRIES {
        let found = read(ctx, realm.id, id).await?;
        let Some(found) = found.filter(|found| found.value.client == owner) else {
            return Err(SsfError::NotFound);
        };
        let mut stream = found.value.clone();
        let mut batch = Batch::new();
        let action = change(&mut stream, &mut batch)?;
        batch.replace(
            key::stream(realm.id, id),
            found.version,
            encode_json(&stream)?,
        );
        let detail = (found.value.status != stream.status).then(|| {
            format!(
                "{} → {}",
                found.value.status.as_str(),
                stream.status.as_str()
            )
        });
        note(ctx, realm, actor, &stream, action, detail, &mut batch)?;
        match ctx.commit(batch).await {
            Ok(_) => {
                ctx.signals.evict(realm.id);
                return Ok(Arc::new(stream));
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
    Err(Fault::Busy.into())
}

fn note(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    stream: &Stream,
    action: &str,
    detail: Option<String>,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let entry = Entry {
        actor,
        action,
        target_kind: "stream",
        target: format!("{} ({})", stream.client_id, stream.id),
        detail,
    };
    audit::record(batch, ctx, realm.id, &entry)
}

pub(super) fn receiver(realm: &Realm, client: &Client) -> Actor {
    Actor {
        kind: ActorKind::Client,
        id: client.client_id().to_owned(),
        name: client.name().to_owned(),
        realm: realm.name.clone(),
        sid: None,
        ip: None,
    }
}
