//! A connection that comes back: dialled when it is first wanted, and again, with growing pauses, when it was lost.

use std::collections::hash_map::RandomState;
use std::future::poll_fn;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Error, Row, Statement};

use super::fault::words;
use super::statements::Sql;
use super::target::Target;
use super::tls::Tls;

/// Said to the server on every connection. Commits are durable where they are acknowledged, whatever the server's default; a
/// stronger setting of the operator stays. Nothing of ours may hold the horizon of the feed or a lock for long. The planner
/// has one sensible way to each row, the primary key; the first plans are made while the table is empty and would else scan it.
const SETTINGS: &str = "
SELECT set_config('synchronous_commit',
  CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false);
SET default_transaction_isolation = 'read committed';
SET idle_in_transaction_session_timeout = '10s';
SET statement_timeout = '5s';
SET lock_timeout = '5s';
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET jit = off;
";

/// The first and the longest pause between two tries to connect; each is drawn from half of it to all of it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A live connection with the statements it has prepared.
pub(super) struct Session {
    client: Client,
    statements: [OnceLock<Statement>; Sql::COUNT],
    driver: AbortHandle,
    given_up: AtomicBool,
}

impl Session {
    /// Runs a prepared statement to its end: when it writes, its transaction is committed by then. Calls that are polled
    /// together are sent together and carried out in order.
    pub(super) async fn query(
        &self,
        sql: Sql,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let cell = &self.statements[sql as usize];
        let statement = match cell.get() {
            Some(statement) => statement,
            None => {
                let prepared = self.client.prepare(sql.text()).await?;
                cell.get_or_init(|| prepared)
            }
        };
        self.client.query(statement, params).await
    }

    /// Runs what takes no parameters and answers nothing.
    pub(super) async fn run(&self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await
    }

    fn is_usable(&self) -> bool {
        !self.given_up.load(Ordering::Relaxed) && !self.client.is_closed()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// How to connect.
pub(super) struct Dial {
    pub(super) target: Target,
    tls: Tls,
    /// Rung by every notification.
    pub(super) news: watch::Sender<()>,
}

impl Dial {
    pub(super) fn new(target: Target, tls: Tls) -> Self {
        Self {
            target,
            tls,
            news: watch::Sender::new(()),
        }
    }

    /// A bare connection, driven by a task of the runtime this is called in.
    pub(super) async fn connect(&self) -> Result<(Client, AbortHandle), Error> {
        let (client, mut connection) = self.target.config.connect(self.tls.clone()).await?;
        let news = self.news.clone();
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notification(_) = message {
                    news.send_replace(());
                }
            }
        });
        let driver = driver.abort_handle();
        match client.batch_execute(SETTINGS).await {
            Ok(()) => Ok((client, driver)),
            Err(error) => {
                driver.abort();
                Err(error)
            }
        }
    }

    /// A connection with room for prepared statements, on which this is said first.
    pub(super) async fn session(&self, first: Option<&'static str>) -> Result<Session, Error> {
        let (client, driver) = self.connect().await?;
        let session = Session {
            client,
            statements: [const { OnceLock::new() }; Sql::COUNT],
            driver,
            given_up: AtomicBool::new(false),
        };
        if let Some(sql) = first {
            session.run(sql).await?;
        }
        Ok(session)
    }
}

#[derive(Clone)]
enum State {
    /// Not tried yet, or lost.
    Idle,
    /// Why the last try failed.
    Down(Arc<str>),
    Up(Arc<Session>),
}

/// One connection, for whoever wants it.
pub(super) struct Link {
    dial: Arc<Dial>,
    /// Where its task lives; the caller's own runtime when there is none.
    place: Option<Handle>,
    /// What is said first on it.
    first: Option<&'static str>,
    state: watch::Sender<State>,
    dialling: AtomicBool,
    /// Requests that are under way.
    busy: AtomicUsize,
}

impl Link {
    pub(super) fn new(
        dial: Arc<Dial>,
        place: Option<Handle>,
        first: Option<&'static str>,
    ) -> Arc<Self> {
        Arc::new(Self {
            dial,
            place,
            first,
            state: watch::Sender::new(State::Idle),
            dialling: AtomicBool::new(false),
            busy: AtomicUsize::new(0),
        })
    }

    /// The connection, waited for until then; else why there is none.
    pub(super) async fn session(self: &Arc<Self>, until: Instant) -> Result<Arc<Session>, String> {
        if let State::Up(session) = &*self.state.borrow()
            && session.is_usable()
        {
            return Ok(Arc::clone(session));
        }
        let mut state = self.state.subscribe();
        let mut why: Arc<str> = "the database does not answer".into();
        loop {
            match state.borrow_and_update().clone() {
                State::Up(session) if session.is_usable() => return Ok(session),
                State::Down(words) => why = words,
                State::Up(_) | State::Idle => {}
            }
            self.dial_anew();
            match timeout_at(until, state.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(why.to_string()),
            }
        }
    }

    /// Nobody is to use this connection any more.
    pub(super) fn give_up(&self, session: &Session) {
        session.given_up.store(true, Ordering::Relaxed);
    }

    /// Why there is no connection, when the last try failed.
    pub(super) fn trouble(&self) -> Option<String> {
        match &*self.state.borrow() {
            State::Down(words) => Some(words.to_string()),
            State::Idle | State::Up(_) => None,
        }
    }

    fn dial_anew(self: &Arc<Self>) {
        if self.dialling.swap(true, Ordering::AcqRel) {
            return;
        }
        let dial = Arc::clone(&self.dial);
        let first = self.first;
        let link = Arc::downgrade(self);
        let dialling = async move {
            let mut pause = FIRST_PAUSE;
            loop {
                let tried = dial.session(first).await;
                // Gone with its store.
                let Some(link) = link.upgrade() else { return };
                match tried {
                    Ok(session) => {
                        link.dialling.store(false, Ordering::Release);
                        link.state.send_replace(State::Up(Arc::new(session)));
                        return;
                    }
                    Err(error) => {
                        let words = words(&error);
                        tracing::warn!(why = %words, "no connection to the database; it is tried again");
                        link.state.send_replace(State::Down(words.into()));
                    }
                }
                drop(link);
                sleep(drawn(pause)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        match &self.place {
            Some(place) => drop(place.spawn(dialling)),
            None => drop(tokio::spawn(dialling)),
        }
    }
}

/// From half of a pause to all of it, so that many nodes do not come back at one moment.
pub(super) fn drawn(pause: Duration) -> Duration {
    let dice = u32::try_from(RandomState::new().build_hasher().finish() & 0xff).unwrap_or(0);
    pause / 2 + pause * dice / 512
}

/// Several connections; each request takes the one with the least to do.
pub(super) struct Links(Vec<Arc<Link>>);

impl Links {
    pub(super) fn new(dial: &Arc<Dial>, place: &Handle, many: usize) -> Self {
        let link = |_| Link::new(Arc::clone(dial), Some(place.clone()), None);
        Self((0..many.max(1)).map(link).collect())
    }

    /// The least busy, counted as busy until the answer is dropped.
    pub(super) fn take(&self) -> Option<Taken> {
        // A connection that is up and idle is better than one that must be made; the first come first, so that a quiet
        // server holds few.
        let link = self
            .0
            .iter()
            .min_by_key(|link| link.busy.load(Ordering::Relaxed))?;
        link.busy.fetch_add(1, Ordering::Relaxed);
        Some(Taken(Arc::clone(link)))
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.0.iter().find_map(|link| link.trouble())
    }
}

/// A link that somebody waits for.
pub(super) struct Taken(Arc<Link>);

impl std::ops::Deref for Taken {
    type Target = Arc<Link>;

    fn deref(&self) -> &Arc<Link> {
        &self.0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
