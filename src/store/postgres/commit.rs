//! Group commit: all batches of a group that touch different keys are one call, one transaction, one flush.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Row;

use super::fault::{Verdict, judge, words};
use super::link::{Session, drawn};
use super::read::field;
use super::schema::CALL_BATCHES;
use super::statements::Sql;
use super::{Postgres, row};
use crate::store::batch::{Guard, Write};
use crate::store::{
    Batch, Bytes, CommitError, Committed, FeedPos, GroupError, Outcome, StoreError, Version,
};

/// How long a group may take, waiting for a connection and settling lost answers included.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a group waits for a connection when there is none: callers are better told soon.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one call may take; longer than the server gives it.
const CALL: Duration = Duration::from_secs(6);
/// How often a call is tried again because others were in the way, and the first pause.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(4);

/// The columns of the batches of one call.
#[derive(Default)]
struct Columns<'a> {
    guards: (Vec<i32>, Vec<&'a [u8]>, Vec<i64>),
    creates: (Vec<i32>, Vec<&'a [u8]>, Vec<Vec<u8>>),
    replaces: (Vec<i32>, Vec<&'a [u8]>, Vec<Vec<u8>>),
    puts: (Vec<i32>, Vec<&'a [u8]>, Vec<Vec<u8>>),
    deletes: (Vec<i32>, Vec<&'a [u8]>),
    told: (Vec<i32>, Vec<&'a [u8]>, Vec<bool>),
}

/// One call under way.
struct Call<'a> {
    /// Which batches of the group it carries; a batch's number in the call is its place here.
    of: Vec<usize>,
    columns: Columns<'a>,
    op: [u8; 16],
    /// It was sent and nothing is known of it.
    doubtful: bool,
    tries: u32,
    /// Why it is not done yet.
    why: String,
}

/// What a call answered.
struct Answer {
    seq: i64,
    xid: i64,
    lost: Vec<(i32, Bytes)>,
}

impl Postgres {
    /// As the seam says. Batches of one key go into calls one after the other, in order; the calls are sent together.
    pub(super) async fn group(&self, batches: &[Batch]) -> Result<Vec<Outcome>, GroupError> {
        let until = Instant::now() + PATIENCE;
        let mut outcomes: Vec<Option<Outcome>> = batches.iter().map(|_| None).collect();
        let mut calls: Vec<Call<'_>> = rounds(batches)
            .into_iter()
            .map(|of| self.call(of, batches))
            .collect();
        while !calls.is_empty() {
            let connect = until.min(Instant::now() + CONNECT);
            let session = match self.writer.session(connect).await {
                Ok(session) => session,
                Err(why) => {
                    // What is in doubt is worth waiting for; the rest is certainly not applied.
                    let patient = calls.iter().any(|c| c.doubtful) && Instant::now() < until;
                    calls.retain_mut(|call| {
                        call.why.clone_from(&why);
                        patient && call.doubtful
                            || self.give_answer(call, None, batches, &mut outcomes)
                    });
                    continue;
                }
            };
            let mut waiting = Vec::new();
            for (call, end) in join_all(calls.into_iter().map(|call| step(&session, call))).await {
                match end {
                    End::Done(answer) => {
                        self.give_answer(&call, Some(answer), batches, &mut outcomes);
                    }
                    End::Refused => {
                        self.give_answer(&call, None, batches, &mut outcomes);
                    }
                    End::Later { elsewhere } => {
                        if elsewhere {
                            self.writer.give_up(&session);
                        }
                        if Instant::now() < until && (call.doubtful || call.tries < TRIES) {
                            waiting.push(call);
                        } else {
                            self.give_answer(&call, None, batches, &mut outcomes);
                        }
                    }
                }
            }
            if let Some(tries) = waiting.iter().map(|c| c.tries).max() {
                sleep(drawn(PAUSE * (1 << tries.min(6)))).await;
            }
            calls = waiting;
        }
        self.tell.notify_one();
        self.dial.news.send_replace(());
        Ok(outcomes
            .into_iter()
            .map(|o| o.unwrap_or_else(|| Err(CommitError::Unknown("no answer".into()))))
            .collect())
    }

    fn call<'a>(&self, of: Vec<usize>, batches: &'a [Batch]) -> Call<'a> {
        let mut columns = Columns::default();
        for (number, batch) in (0i32..).zip(of.iter().filter_map(|i| batches.get(*i))) {
            for op in batch.ops() {
                columns.add(number, op, self.watched);
            }
        }
        Call {
            of,
            columns,
            op: fresh_op(),
            doubtful: false,
            tries: 0,
            why: String::new(),
        }
    }

    /// Tells the batches of a call what became of it; always `false`, for it is over.
    fn give_answer(
        &self,
        call: &Call<'_>,
        answer: Option<Answer>,
        batches: &[Batch],
        outcomes: &mut [Option<Outcome>],
    ) -> bool {
        for (number, at) in (0i32..).zip(&call.of) {
            let (Some(outcome), Some(batch)) = (outcomes.get_mut(*at), batches.get(*at)) else {
                continue;
            };
            *outcome = Some(match &answer {
                Some(answer) => answer.of(number, batch),
                None if call.doubtful => Err(CommitError::Unknown(call.why.clone().into())),
                None => Err(CommitError::Unavailable(call.why.clone().into())),
            });
        }
        false
    }
}

impl<'a> Columns<'a> {
    fn add(&mut self, batch: i32, op: &'a crate::store::batch::Op, watched: Option<&[u8]>) {
        let key = &op.key[..];
        if let Guard::At(Version(version)) = op.guard {
            self.guards.0.push(batch);
            self.guards.1.push(key);
            // No row has a version that the column cannot hold.
            self.guards
                .2
                .push(i64::try_from(version.get()).unwrap_or(-1));
        }
        match &op.write {
            Write::Nothing => return,
            Write::Value(value) => {
                let to = match op.guard {
                    Guard::Absent => &mut self.creates,
                    Guard::At(_) => &mut self.replaces,
                    Guard::Nothing => &mut self.puts,
                };
                to.0.push(batch);
                to.1.push(key);
                to.2.push(row::seal(key, value));
            }
            Write::Delete => {
                self.deletes.0.push(batch);
                self.deletes.1.push(key);
            }
        }
        if watched.is_none_or(|spaces| key.first().is_some_and(|s| spaces.contains(s))) {
            self.told.0.push(batch);
            self.told.1.push(key);
            self.told.2.push(op.write == Write::Delete);
        }
    }
}

impl Answer {
    fn read(rows: &[Row]) -> Result<Self, StoreError> {
        let row = rows
            .first()
            .ok_or_else(|| StoreError::Corrupt("a commit answered nothing".into()))?;
        let (numbers, keys): (Vec<i32>, Vec<&[u8]>) = (field(row, 2)?, field(row, 3)?);
        let keys = keys.into_iter().map(Bytes::copy_from_slice);
        Ok(Self {
            seq: field(row, 0)?,
            xid: field(row, 1)?,
            lost: numbers.into_iter().zip(keys).collect(),
        })
    }

    fn of(&self, number: i32, batch: &Batch) -> Outcome {
        let failed = |key: &Bytes| self.lost.iter().any(|(b, k)| *b == number && k == key);
        if self.lost.iter().any(|(b, _)| *b == number) {
            let key = batch.ops().iter().map(|op| &op.key).find(|k| failed(k));
            return Err(CommitError::Conflict { key: key.cloned() });
        }
        let version = row::version(self.seq + i64::from(number))
            .map_err(|error| CommitError::Corrupt(error.to_string()))?;
        Ok(Committed {
            version,
            pos: FeedPos(u64::try_from(self.xid).unwrap_or_default()),
        })
    }
}

/// How a try of a call ended.
enum End {
    Done(Answer),
    /// Certainly not applied, and no use to try again.
    Refused,
    /// To be tried again, or settled; on another connection when this one will not do.
    Later {
        elsewhere: bool,
    },
}

/// Settles a call in doubt, or sends it.
async fn step<'a>(session: &Session, mut call: Call<'a>) -> (Call<'a>, End) {
    let op = &call.op[..];
    let c = &call.columns;
    let settling = call.doubtful;
    let asked = if settling {
        timeout(CALL, session.query(Sql::Settle, &[&op])).await
    } else {
        timeout(
            CALL,
            session.query(
                Sql::Commit,
                &[
                    &op,
                    &c.guards.0,
                    &c.guards.1,
                    &c.guards.2,
                    &c.creates.0,
                    &c.creates.1,
                    &c.creates.2,
                    &c.replaces.0,
                    &c.replaces.1,
                    &c.replaces.2,
                    &c.puts.0,
                    &c.puts.1,
                    &c.puts.2,
                    &c.deletes.0,
                    &c.deletes.1,
                    &c.told.0,
                    &c.told.1,
                    &c.told.2,
                ],
            ),
        )
        .await
    };
    call.tries += 1;
    let end = match asked {
        Ok(Ok(rows)) => match Answer::read(&rows) {
            // The stone lies: the call did not happen and never will. It is tried anew under another name.
            Ok(answer) if settling && answer.seq == 0 => {
                call.doubtful = false;
                call.op = fresh_op();
                End::Later { elsewhere: false }
            }
            Ok(answer) => End::Done(answer),
            Err(error) => {
                call.why = error.to_string();
                call.doubtful = true;
                End::Later { elsewhere: true }
            }
        },
        Ok(Err(error)) => {
            call.why = words(&error);
            match judge(&error) {
                Verdict::Again => End::Later { elsewhere: false },
                Verdict::Elsewhere => End::Later { elsewhere: true },
                // A refusal to settle leaves the doubt; a refused call is certain.
                Verdict::Refused if settling => End::Later { elsewhere: false },
                Verdict::Refused => End::Refused,
                Verdict::Doubtful => {
                    call.doubtful = true;
                    End::Later { elsewhere: true }
                }
            }
        }
        Err(_) => {
            call.why = "the database did not answer in time".into();
            call.doubtful = true;
            End::Later { elsewhere: true }
        }
    };
    (call, end)
}

/// Splits a group so that no two batches of one round touch one key, and each comes after those before it that do.
fn rounds(batches: &[Batch]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    // The round after the last one that touches the key.
    let mut free: HashMap<&[u8], usize> = HashMap::new();
    for (at, batch) in batches.iter().enumerate() {
        let keys = || batch.ops().iter().map(|op| &op.key[..]);
        let mut round = keys()
            .filter_map(|k| free.get(k))
            .copied()
            .max()
            .unwrap_or(0);
        while rounds.get(round).is_some_and(|r| r.len() >= CALL_BATCHES) {
            round += 1;
        }
        while rounds.len() <= round {
            rounds.push(Vec::new());
        }
        if let Some(r) = rounds.get_mut(round) {
            r.push(at);
        }
        free.extend(keys().map(|k| (k, round + 1)));
    }
    rounds
}

/// A name that no other call has: 128 bits of the standard library's seeded hashes.
fn fresh_op() -> [u8; 16] {
    let draw = |salt: u64| {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(salt);
        hasher.finish().to_be_bytes()
    };
    let mut op = [0; 16];
    op[..8].copy_from_slice(&draw(1));
    op[8..].copy_from_slice(&draw(2));
    op
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touching(keys: &[&'static str]) -> Batch {
        let mut batch = Batch::new();
        for key in keys {
            batch.put(*key, "");
        }
        batch
    }

    #[test]
    fn batches_of_one_key_follow_each_other_and_the_rest_go_together() {
        let group = [
            touching(&["a", "b"]),
            touching(&["c"]),
            touching(&["b", "d"]),
            touching(&["d"]),
            touching(&["e"]),
        ];
        assert_eq!(rounds(&group), [vec![0, 1, 4], vec![2], vec![3]]);
    }

    #[test]
    fn names_of_calls_differ() {
        let ops: std::collections::HashSet<_> = (0..1000).map(|_| fresh_op()).collect();
        assert_eq!(ops.len(), 1000);
    }
}
