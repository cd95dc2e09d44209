//! Begins an import, lets it wait for a word, or drops it. Its record comes first and says that its people are only being
//! put aside; whatever breaks off then leaves something that is never begun and soon forgotten.

use super::check::Checked;
use super::{Counts, IfExists, Import, Reach, State, Unit, rows, show};
use crate::domain::audit::{self, Entry};
use crate::domain::id::ImportId;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, encode_json};
use crate::domain::time::Span;
use crate::domain::{Actor, Context, Fault, key};
use crate::store::{Batch, CommitError};

/// How an import is to be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// What becomes of people who are there already.
    pub if_exists: IfExists,
    /// What a place in the file is called.
    pub unit: Unit,
    /// How far the actor may go.
    pub reach: Reach,
    /// What the file has and this server does not take.
    pub passed_over: Vec<String>,
}

/// Why an import was not begun or dropped.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// There is none of this id.
    #[error("this realm has no such import")]
    NotFound,
    /// It was begun already, or is over.
    #[error("this import has begun already")]
    Begun,
    /// Somebody else's file is begun by them alone; or they lost the right to what it takes.
    #[error(
        "only whoever brought this file may begin it, and only while they may give the roles in it"
    )]
    NotYours,
    /// It could not be decided.
    #[error("the import could not be changed")]
    Fault(#[from] Fault),
}

/// Puts people aside: to be written from now on, or once somebody says so ([`begin`]).
///
/// # Errors
/// [`Fault`] when the store fails; nothing is imported then.
pub async fn keep(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    checked: Checked,
    (plan, at_once): (Plan, bool),
) -> Result<Import, Fault> {
    let mut import = Import {
        id: ImportId(ctx.new_id()),
        at: ctx.now(),
        actor: actor.clone(),
        state: State::Receiving,
        if_exists: plan.if_exists,
        unit: plan.unit,
        reach: plan.reach,
        takes: checked.takes,
        total: checked.rows.len() as u64,
        existing: checked.exists.iter().filter(|there| **there).count() as u64,
        place: 0,
        counts: Counts::default(),
        failures: Vec::new(),
        sample: checked.sample,
        passed_over: plan.passed_over,
        finished_at: None,
        lease: None,
    };
    let at = key::import(realm.id, import.id);
    let mut batch = Batch::new();
    batch.create(at.clone(), encode_json(&import)?);
    let committed = ctx.commit(batch).await?;
    rows::put(ctx, realm, import.id, &checked.rows).await?;
    import.state = State::Ready;
    let mut batch = Batch::new();
    if at_once {
        starting(ctx, realm, &mut import, &mut batch)?;
    }
    batch.replace(at, committed.version, encode_json(&import)?);
    ctx.commit(batch).await?;
    if at_once {
        ctx.imports.notify_one();
    }
    Ok(import)
}

fn starting(
    ctx: &Context,
    realm: &Realm,
    import: &mut Import,
    batch: &mut Batch,
) -> Result<(), Fault> {
    import.state = State::Running;
    let detail = format!(
        "{} people, those who are there already: {}",
        import.total,
        import.if_exists.as_str()
    );
    record(ctx, realm, import, ("users.import", detail), batch)
}

pub(super) fn record(
    ctx: &Context,
    realm: &Realm,
    import: &Import,
    (action, detail): (&str, String),
    batch: &mut Batch,
) -> Result<(), Fault> {
    let entry = Entry {
        actor: &import.actor,
        action,
        target_kind: "import",
        target: import.id.to_string(),
        detail: Some(detail),
    };
    audit::record(batch, ctx, realm.id, &entry)
}

/// Begins an import that waits for it, by whoever brought it and may still do what it takes.
///
/// # Errors
/// [`KeepError`].
pub async fn begin(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: ImportId,
    reach: Reach,
) -> Result<Import, KeepError> {
    let Versioned { mut value, version } = waiting(ctx, realm, id).await?;
    let takes = value.takes;
    if !value.is_of(actor) || (takes.realm && !reach.realm) || (takes.server && !reach.server) {
        return Err(KeepError::NotYours);
    }
    value.reach = reach;
    value.at = ctx.now();
    let mut batch = Batch::new();
    starting(ctx, realm, &mut value, &mut batch)?;
    batch.replace(key::import(realm.id, id), version, encode_json(&value)?);
    match ctx.commit(batch).await {
        Ok(_) => {}
        Err(CommitError::Conflict { .. }) => return Err(KeepError::Begun),
        Err(error) => return Err(Fault::from(error).into()),
    }
    ctx.imports.notify_one();
    Ok(value)
}

/// Drops an import that waits.
///
/// # Errors
/// [`KeepError`].
pub async fn discard(ctx: &Context, realm: &Realm, id: ImportId) -> Result<(), KeepError> {
    let read = waiting(ctx, realm, id).await?;
    Ok(forget(ctx, realm, read).await?)
}

async fn waiting(
    ctx: &Context,
    realm: &Realm,
    id: ImportId,
) -> Result<Versioned<Import>, KeepError> {
    let read = show::read(ctx, realm, id).await?;
    let read = read.ok_or(KeepError::NotFound)?;
    match read.value.state {
        State::Ready => Ok(read),
        State::Receiving => Err(KeepError::NotFound),
        State::Running | State::Done => Err(KeepError::Begun),
    }
}

/// First the record, so that nobody begins it any more; then its people.
async fn forget(ctx: &Context, realm: &Realm, read: Versioned<Import>) -> Result<(), Fault> {
    let id = read.value.id;
    let mut batch = Batch::essential();
    batch.take(key::import(realm.id, id), read.version);
    ctx.commit(batch).await?;
    rows::forget(ctx, realm, id).await
}

/// How long a file waits for a word.
pub const WAITS: Span = Span::hours(2);

/// Forgets what nobody began, and what has been over for as long as sign-outs are remembered.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(in crate::domain) async fn tidy(ctx: &Context, realm: &Realm) -> Result<(), Fault> {
    let now = ctx.now();
    let keep = realm.settings.retention.signouts;
    for read in show::oldest(ctx, realm).await? {
        let old = match (read.value.state, read.value.finished_at) {
            (State::Receiving | State::Ready, _) => now.since(read.value.at) > WAITS,
            (State::Running, _) => false,
            (State::Done, at) => !keep.is_zero() && now.since(at.unwrap_or(read.value.at)) > keep,
        };
        if old {
            match forget(ctx, realm, read).await {
                // Begun at this very moment.
                Err(Fault::Busy) => {}
                done => done?,
            }
        }
    }
    Ok(())
}

/// Takes away the people of an import that has no record: what was left when one was dropped and the server with it.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(super) async fn orphaned(ctx: &Context, realm: &Realm, id: ImportId) -> Result<(), Fault> {
    rows::forget(ctx, realm, id).await
}
