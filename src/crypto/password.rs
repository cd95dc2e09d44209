//! Passwords: argon2id (RFC 9106) on a bounded set of threads of its own, so that a flood of sign-ins makes sign-ins
//! wait and nothing else.
//!
//! Each thread keeps its working memory: getting fresh pages from the system costs a third of a hash. When the queue is
//! full the answer is [`PasswordError::Busy`] at once, for the caller to turn into "try again".

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::{pbkdf2, rand};
use thiserror::Error;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

pub use super::phc::HashFormatError;
use super::phc::{Scheme, Stored, is_bcrypt, limit, read};
use super::secret::{Secret, same};

/// The longest password taken, in bytes: far above any real one, low enough to hash without thinking.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// What one argon2id hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory, in KiB; at least 8 for each lane.
    pub memory_kib: u32,
    /// How many times the memory is gone over; at least 1.
    pub passes: u32,
    /// Degree of parallelism of the function; one thread computes them all.
    pub lanes: u32,
}

impl Default for PasswordCost {
    /// OWASP's recommendation of 2024 for argon2id: 19 MiB, 2 passes, 1 lane.
    fn default() -> PasswordCost {
        PasswordCost {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl PasswordCost {
    /// The least there is, for tests: microseconds, and no protection at all.
    pub fn test() -> PasswordCost {
        PasswordCost {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        }
    }

    fn params(self) -> Option<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH_BYTES))
            .ok()
            // What could be hashed but not verified would lock everybody out.
            .filter(|params| limit(params).is_ok())
    }
}

/// What a verification found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right.
    Right {
        /// The stored hash is weaker than today's cost, or of another scheme: hash the password anew and store that.
        rehash: bool,
    },
    /// The password is wrong, or there was no hash to compare it with.
    Wrong,
}

/// Why there is no verdict and no hash.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PasswordError {
    /// Longer than [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than 1024 bytes")]
    TooLong,
    /// The queue is full; worth another try in a second or two.
    #[error("too many passwords are being checked")]
    Busy,
    /// The stored hash is unreadable, the configured cost impossible, or a thread failed.
    #[error("the password could not be checked")]
    Internal,
}

/// Whether a hash made elsewhere can be taken over: argon2 (all three), and PBKDF2 as `$pbkdf2-sha256$i=…$salt$hash`
/// or `$pbkdf2-sha512$…`. Anything but argon2id at today's cost is answered `rehash` at the next sign-in.
pub fn check_hash(phc: &str) -> Result<(), HashFormatError> {
    if is_bcrypt(phc)? {
        return Ok(());
    }
    read(phc).map(|_| ())
}

/// The hashing threads. They end when the last `Arc` is dropped and the queue is empty.
pub struct Passwords {
    queue: SyncSender<Job>,
}

impl Passwords {
    /// Starts `threads` hashing threads (at least one) behind a queue of `queue` waiting passwords (at least one).
    ///
    /// Each thread holds `cost.memory_kib` of memory from its first hash on. As many threads as cores is the most that
    /// is useful; one fewer leaves the rest of the program a core during a flood.
    pub fn new(cost: PasswordCost, threads: usize, queue: usize) -> Arc<Passwords> {
        let (sender, receiver) = sync_channel(queue.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads.max(1) {
            let receiver = Arc::clone(&receiver);
            // The name begins with the word that operators look for in top and in profiles.
            let started = thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&receiver, cost));
            if let Err(error) = started {
                tracing::error!(%error, "cannot start a hashing thread");
            }
        }
        Arc::new(Passwords { queue: sender })
    }

    /// Hashes a new password with fresh salt and today's cost: an argon2id PHC string.
    pub async fn hash(&self, password: Secret) -> Result<String, PasswordError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Task::Hash(answer), password)?;
        answered.await.map_err(|_| PasswordError::Internal)?
    }

    /// Compares a password with a stored PHC string, whose own parameters count.
    ///
    /// `None` (there is no such account, or it has no password) costs as much as a comparison and is always
    /// [`Verdict::Wrong`], so that the time of the answer does not tell who exists.
    pub async fn verify(
        &self,
        password: Secret,
        stored: Option<String>,
    ) -> Result<Verdict, PasswordError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Task::Verify(stored, answer), password)?;
        answered.await.map_err(|_| PasswordError::Internal)?
    }

    fn ask(&self, task: Task, password: Secret) -> Result<(), PasswordError> {
        if password.expose().len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::TooLong);
        }
        self.queue
            .try_send(Job { task, password })
            .map_err(|refused| match refused {
                TrySendError::Full(_) => PasswordError::Busy,
                TrySendError::Disconnected(_) => PasswordError::Internal,
            })
    }
}

struct Job {
    task: Task,
    password: Secret,
}

enum Task {
    Hash(oneshot::Sender<Result<String, PasswordError>>),
    Verify(
        Option<String>,
        oneshot::Sender<Result<Verdict, PasswordError>>,
    ),
}

fn work(receiver: &Mutex<Receiver<Job>>, cost: PasswordCost) {
    let mut bench = Bench {
        cost,
        memory: Vec::new(),
    };
    loop {
        // The lock is held while waiting: whoever has it takes the next job, the others queue for the lock.
        let next = receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(Job { task, password }) = next else {
            return;
        };
        let password = password.expose().as_bytes();
        // An asker who has gone away (a closed connection) costs nothing; a send to one is not an error.
        match task {
            Task::Hash(answer) if !answer.is_closed() => {
                let _ = answer.send(bench.guarded(|bench| bench.hash(password)));
            }
            Task::Verify(stored, answer) if !answer.is_closed() => {
                let verdict = bench.guarded(|bench| bench.verify(password, stored.as_deref()));
                let _ = answer.send(verdict);
            }
            Task::Hash(_) | Task::Verify(..) => {}
        }
    }
}

/// One thread's work place. The memory is not wiped between hashes: it is a function of password *and* salt that gives
/// neither back, and wiping 19 MiB would be felt.
struct Bench {
    cost: PasswordCost,
    memory: Vec<Block>,
}

impl Bench {
    /// A panic in a library must cost one answer, not the thread.
    fn guarded<T>(
        &mut self,
        job: impl FnOnce(&mut Bench) -> Result<T, PasswordError>,
    ) -> Result<T, PasswordError> {
        catch_unwind(AssertUnwindSafe(|| job(self))).unwrap_or(Err(PasswordError::Internal))
    }

    fn hash(&mut self, password: &[u8]) -> Result<String, PasswordError> {
        let params = self.cost.params().ok_or(PasswordError::Internal)?;
        let mut salt = [0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| PasswordError::Internal)?;
        let mut out = Zeroizing::new([0; HASH_BYTES]);
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        self.argon2(algorithm, version, &params, password, &salt, &mut *out)?;
        let phc = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(version.into()),
            params: ParamsString::try_from(&params).map_err(|_| PasswordError::Internal)?,
            salt: Some(Salt::new(&salt).map_err(|_| PasswordError::Internal)?),
            hash: Some(Output::new(&*out).map_err(|_| PasswordError::Internal)?),
        };
        Ok(phc.to_string())
    }

    fn verify(&mut self, password: &[u8], stored: Option<&str>) -> Result<Verdict, PasswordError> {
        let Some(stored) = stored else {
            self.hash(password)?;
            return Ok(Verdict::Wrong);
        };
        if is_bcrypt(stored).map_err(|_| PasswordError::Internal)? {
            let right = bcrypt::verify(password, stored).map_err(|_| PasswordError::Internal)?;
            return Ok(if right {
                Verdict::Right { rehash: true }
            } else {
                Verdict::Wrong
            });
        }
        let Stored {
            scheme,
            salt,
            output,
        } = read(stored).map_err(|_| PasswordError::Internal)?;
        let mut out = Zeroizing::new(vec![0; output.len()]);
        let rehash = match scheme {
            Scheme::Pbkdf2(algorithm, iterations) => {
                pbkdf2::derive(algorithm, iterations, &salt, password, &mut out);
                true
            }
            Scheme::Scrypt(params) => {
                scrypt::scrypt(password, &salt, &params, &mut out)
                    .map_err(|_| PasswordError::Internal)?;
                true
            }
            Scheme::Argon2(algorithm, version, params) => {
                self.argon2(algorithm, version, &params, password, &salt, &mut out)?;
                algorithm != Algorithm::Argon2id
                    || version != Version::V0x13
                    || params.m_cost() < self.cost.memory_kib
                    || params.t_cost() < self.cost.passes
                    || params.p_cost() < self.cost.lanes
            }
        };
        if same(&out, output.as_bytes()) {
            Ok(Verdict::Right { rehash })
        } else {
            Ok(Verdict::Wrong)
        }
    }

    fn argon2(
        &mut self,
        algorithm: Algorithm,
        version: Version,
        params: &Params,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), PasswordError> {
        let usual = self.cost.params().map_or(0, |params| params.block_count());
        let blocks = params.block_count();
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::new());
        }
        let done = Argon2::new(algorithm, version, params.clone())
            .hash_password_into_with_memory(password, salt, out, &mut self.memory[..blocks])
            .map_err(|_| PasswordError::Internal);
        // What one imported hash needed beyond the usual is given back.
        if self.memory.len() > usual {
            self.memory.truncate(usual);
            self.memory.shrink_to_fit();
        }
        done
    }
}

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

#[cfg(test)]
mod tests;
