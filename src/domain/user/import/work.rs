//! Writes the people of imports, a few at a time, each time in one commit with how far the import is. Whoever goes on after
//! a crash, here or on another node, finds the place in the record; and whoever is outrun has written nothing.

use std::time::{Duration, Instant};

use super::check::{ID_TAKEN, above, there};
use super::rows::{self, Chunk};
use super::{Failure, IfExists, Import, MOST_SHOWN, Row, State, keep, show};
use crate::crypto::{Secret, Verdict};
use crate::domain::id::{ImportId, UserId};
use crate::domain::realm::{self, Realm};
use crate::domain::record::{Versioned, encode_json};
use crate::domain::time::Span;
use crate::domain::user::store::{Password, with_password};
use crate::domain::user::verbs::{UserError, birth, new_password, revise_along};
use crate::domain::user::{User, UserSettings};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError, Cursor, Dir, KeysOrRecords};

/// People of one commit.
const AT_ONCE: usize = 25;
/// The same where passwords have to be hashed: so that the progress is seen to move.
const HASHED_AT_ONCE: usize = 8;
/// How long a node has an import to itself unless it goes on.
const LEASE: Span = Span::secs(15);
/// The longest pause between two commits: an import takes half of the time at most, and people sign in meanwhile.
const PAUSE: Duration = Duration::from_millis(50);
/// Until a password is tried again when too many are being hashed.
const HASH_AGAIN: Duration = Duration::from_millis(100);

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Somebody was written, or somebody else was faster.
    More,
    /// There is nothing left, or it is not to be begun.
    Over,
    /// Another node is at it.
    Elsewhere,
}

/// Goes on with every import that was begun.
///
/// # Errors
/// [`Fault`] when the store fails; what is left is done next time.
pub async fn resume(ctx: &Context) -> Result<(), Fault> {
    let range = key::space(key::IMPORT_ROWS);
    let mut after: Option<Cursor> = None;
    loop {
        let (dir, what) = (Dir::Forward, KeysOrRecords::KeysOnly);
        let page = ctx.store.scan(&range, after.as_ref(), 1, dir, what).await?;
        let Some(record) = page.records.into_iter().next() else {
            return Ok(());
        };
        let Some((realm, id)) = key::import_of(&record.key) else {
            after = Some(Cursor(record.key));
            continue;
        };
        after = Some(Cursor(key::import_rows(realm, id, u32::MAX)));
        let Some(realm) = realm::by_id(ctx, realm).await? else {
            continue;
        };
        let deleted = realm::find(ctx, &realm.name).await?;
        let deleted = deleted.is_none_or(|found| found.id != realm.id);
        if deleted || show::read(ctx, &realm, id).await?.is_none() {
            keep::orphaned(ctx, &realm, id).await?;
            continue;
        }
        loop {
            let began = Instant::now();
            if step(ctx, &realm, id).await? != Step::More {
                break;
            }
            tokio::time::sleep(began.elapsed().min(PAUSE)).await;
        }
    }
}

/// Writes the next people of an import.
///
/// # Errors
/// [`Fault`] when the store fails; nothing is lost then, and nothing done twice.
pub async fn step(ctx: &Context, realm: &Realm, id: ImportId) -> Result<Step, Fault> {
    let Some(import) = show::read(ctx, realm, id).await? else {
        return Ok(Step::Over);
    };
    if import.value.state != State::Running {
        return Ok(Step::Over);
    }
    if let Some((node, until)) = &import.value.lease
        && *node != ctx.node
        && *until > ctx.now()
    {
        return Ok(Step::Elsewhere);
    }
    let Some(chunk) = rows::first(ctx, realm, id).await? else {
        return Ok(Step::Over);
    };
    let job = Job {
        ctx,
        realm,
        import,
        chunk,
    };
    match job.next().await {
        Ok(()) => Ok(Step::More),
        // Somebody was faster: at this import, or with one of its people.
        Err(UserError::Fault(Fault::Busy) | UserError::NotFound) => Ok(Step::More),
        Err(UserError::Fault(fault)) => Err(fault),
        Err(_) => Err(Fault::Record("person to be imported")),
    }
}

/// An import and its first people.
struct Job<'a> {
    ctx: &'a Context,
    realm: &'a Realm,
    import: Versioned<Import>,
    chunk: Chunk,
}

impl Job<'_> {
    async fn next(mut self) -> Result<(), UserError> {
        let place = self.import.value.place.min(self.chunk.rows.len());
        let rows = self.chunk.rows.split_off(place);
        let all = self.chunk.rows.len() + rows.len();
        let there = there(self.ctx, self.realm, &rows).await?;
        let known = |at: usize| there.get(at).copied().flatten();
        let (Some(first), now) = (rows.first(), known(0)) else {
            return Ok(self.commit(self.progress(0, all, |_| {})?).await?);
        };
        match (now, self.import.value.if_exists) {
            (None, _) => {
                let new = rows
                    .iter()
                    .enumerate()
                    .take_while(|(at, _)| known(*at).is_none());
                let new: Vec<&Row> = new.map(|(_, row)| row).collect();
                self.create(&new, all).await
            }
            (Some((_, true)), IfExists::Skip) => {
                let same = rows.iter().enumerate();
                let same = same.take_while(|(at, _)| known(*at).is_some_and(|(_, named)| named));
                let n = same.count();
                let skip = |import: &mut Import| import.counts.skipped += n as u64;
                Ok(self.commit(self.progress(n, all, skip)?).await?)
            }
            (Some((id, true)), IfExists::Update) => self.update(first, id, all).await,
            (Some((_, true)), IfExists::Fail) => {
                self.fail(first, "somebody of this name is there already", all)
                    .await
            }
            (Some((_, false)), _) => self.fail(first, ID_TAKEN, all).await,
        }
    }

    /// How far it is once `n` more are done, as a commit.
    fn progress(
        &self,
        n: usize,
        all: usize,
        change: impl FnOnce(&mut Import),
    ) -> Result<Batch, Fault> {
        let (ctx, realm) = (self.ctx, self.realm);
        let mut batch = Batch::new();
        let mut import = self.import.value.clone();
        change(&mut import);
        import.place += n;
        import.lease = Some((ctx.node.clone(), ctx.now().plus(LEASE)));
        if import.place >= all {
            import.place = 0;
            let (at, version) = self.chunk.at.clone();
            batch.take(at, version);
            if self.chunk.last {
                import.state = State::Done;
                import.finished_at = Some(ctx.now());
                import.lease = None;
                let counts = import.counts;
                let detail = format!(
                    "created {}, updated {}, skipped {}, failed {}",
                    counts.created, counts.updated, counts.skipped, counts.failed
                );
                keep::record(ctx, realm, &import, ("users.imported", detail), &mut batch)?;
            }
        }
        let at = key::import(realm.id, import.id);
        batch.replace(at, self.import.version, encode_json(&import)?);
        Ok(batch)
    }

    async fn commit(&self, batch: Batch) -> Result<(), Fault> {
        match self.ctx.commit(batch).await {
            Ok(_) => Ok(()),
            Err(CommitError::Conflict { .. }) => Err(Fault::Busy),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes people who are not there, as many as go into one commit.
    async fn create(&self, new: &[&Row], all: usize) -> Result<(), UserError> {
        let (ctx, realm, actor) = (self.ctx, self.realm, &self.import.value.actor);
        let detail = format!("by import {}", self.import.value.id);
        let mut people = Batch::new();
        let (mut n, mut hashed) = (0, 0);
        for row in new {
            let hashes = row.settings.password.is_some();
            if n == AT_ONCE || (hashes && hashed == HASHED_AT_ONCE) {
                break;
            }
            let mut settings = row.settings.clone();
            let password = match self.password(row, &mut settings).await {
                Ok(password) => password,
                Err(UserError::Invalid(why)) if n == 0 => return self.fail(row, &why, all).await,
                Err(UserError::Invalid(_)) => break,
                Err(error) => return Err(error),
            };
            hashed += usize::from(hashes);
            let id = row.id.unwrap_or_else(|| UserId(ctx.new_id()));
            let with = (id, password, Some(detail.clone()));
            let (_, batch) = birth(ctx, realm, actor, settings, with)?;
            // A commit takes a thousand keys and a mebibyte; one person is far below half of that.
            if n > 0 && (people.len() + batch.len() > 900 || people.size() + batch.size() > 700_000)
            {
                break;
            }
            people.merge(batch);
            n += 1;
        }
        let batch = self.progress(n, all, |import| import.counts.created += n as u64)?;
        people.merge(batch);
        Ok(self.commit(people).await?)
    }

    /// Brings the password of somebody new into the form that is kept, however long others have to be waited for.
    async fn password(
        &self,
        row: &Row,
        settings: &mut UserSettings,
    ) -> Result<Option<Password>, UserError> {
        loop {
            match new_password(self.ctx, settings).await {
                Err(UserError::TooBusy) => tokio::time::sleep(HASH_AGAIN).await,
                done => return done,
            }
            settings.password.clone_from(&row.settings.password);
        }
    }

    /// Changes somebody who is there, through the door where that ends something.
    async fn update(&self, row: &Row, id: UserId, all: usize) -> Result<(), UserError> {
        let (ctx, realm) = (self.ctx, self.realm);
        let import = &self.import.value;
        let mut row = row.clone();
        if self.has_password(&row, id).await? {
            row.settings.password = None;
            row.settings.password_hash = None;
        }
        let change = |before: &User| -> Result<UserSettings, UserError> {
            let settings = row.over(before);
            for roles in [&before.roles, &settings.roles] {
                if let Some(right) = import.reach.lacks(&realm.name, roles) {
                    return Err(UserError::Invalid(above(right)));
                }
            }
            Ok(settings)
        };
        let along = self.progress(1, all, |import| import.counts.updated += 1)?;
        loop {
            let done = revise_along(ctx, realm, &import.actor, id, change, Some(&along)).await;
            match done {
                Ok(_) => break,
                Err(UserError::TooBusy) => tokio::time::sleep(HASH_AGAIN).await,
                Err(error @ (UserError::Invalid(_) | UserError::NameTaken)) => {
                    return self.fail(&row, &error.to_string(), all).await;
                }
                Err(error) => return Err(error),
            }
        }
        // Where nothing changed, nothing was committed.
        match self.commit(along).await {
            Ok(()) | Err(Fault::Busy) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Whether they have this very password already: setting it once more would sign them out for nothing.
    async fn has_password(&self, row: &Row, id: UserId) -> Result<bool, UserError> {
        let (_, kept) = with_password(self.ctx, self.realm, id).await?;
        let Some(kept) = kept else { return Ok(false) };
        if let Some(hash) = &row.settings.password_hash {
            return Ok(*hash == kept.value.hash);
        }
        let Some(password) = &row.settings.password else {
            return Ok(false);
        };
        let password = Secret::new(password.clone());
        let verdict = self
            .ctx
            .passwords
            .verify(password, Some(kept.value.hash))
            .await;
        Ok(matches!(verdict, Ok(Verdict::Right { .. })))
    }

    async fn fail(&self, row: &Row, why: &str, all: usize) -> Result<(), UserError> {
        let failure = Failure {
            at: row.at,
            username: row.settings.username.clone(),
            why: why.chars().take(300).collect(),
        };
        let batch = self.progress(1, all, |import| {
            import.counts.failed += 1;
            if import.failures.len() < MOST_SHOWN {
                import.failures.push(failure);
            }
        })?;
        Ok(self.commit(batch).await?)
    }
}
