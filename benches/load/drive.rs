//! The closed loop: workers that each do one thing after the other, and what came of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep_until;

use super::server::Target;

/// Does one thing at a time.
pub(super) trait Worker {
    /// Does it once; `Over` when there is nothing left to do.
    async fn step(&mut self) -> anyhow::Result<Step>;
}

/// Whether a worker can go on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Done,
    Over,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) connections: usize,
    pub(super) seconds: f64,
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) first_error: Option<String>,
    /// Sorted, in microseconds.
    pub(super) latencies: Vec<u32>,
    /// CPU seconds of the server.
    pub(super) cpu: Option<f64>,
    /// Resident memory of the server afterwards, in MiB.
    pub(super) rss: Option<f64>,
}

impl Measured {
    /// The latency below which this share of the requests lies, in milliseconds.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.latencies.len().checked_sub(1)?;
        let at = (last as f64 * share).round() as usize;
        self.latencies.get(at).map(|us| f64::from(*us) / 1000.0)
    }

    /// Requests per CPU second of the server.
    pub(super) fn per_cpu_second(&self) -> Option<f64> {
        let cpu = self.cpu.filter(|cpu| *cpu > 0.0 && self.requests > 0)?;
        Some(self.requests as f64 / cpu)
    }

    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        if self.seconds > 0.0 {
            self.requests as f64 / self.seconds
        } else {
            0.0
        }
    }
}

/// How to drive.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// How long to measure.
    pub(super) span: Duration,
    /// How long to run before.
    pub(super) warm_up: Duration,
    /// How long each worker rests between two steps; zero for a closed loop at full speed.
    pub(super) rest: Duration,
}

impl Pace {
    /// At full speed, after a second of warm-up.
    pub(super) fn full(span: Duration) -> Pace {
        Pace {
            span,
            warm_up: Duration::from_secs(1),
            rest: Duration::ZERO,
        }
    }
}

struct Shared {
    from: Instant,
    to: Cell<Instant>,
    over: Notify,
    found: RefCell<Measured>,
}

/// Runs the workers until the time is up or one of them has nothing left to do.
pub(super) async fn drive<W: Worker + 'static>(
    target: &Target,
    pace: Pace,
    workers: Vec<W>,
) -> Measured {
    let from = Instant::now() + pace.warm_up;
    let shared = Rc::new(Shared {
        from,
        to: Cell::new(from + pace.span),
        over: Notify::new(),
        found: RefCell::new(Measured {
            connections: workers.len(),
            ..Measured::default()
        }),
    });
    let tasks: Vec<_> = workers
        .into_iter()
        .map(|worker| tokio::task::spawn_local(work(worker, Rc::clone(&shared), pace.rest)))
        .collect();
    let before = tokio::select! {
        () = sleep_until(from.into()) => target.cpu(),
        // Nothing was left before the measurement began: there is nothing to say then.
        () = shared.over.notified() => target.cpu(),
    };
    tokio::select! {
        () = sleep_until(shared.to.get().into()) => {}
        () = shared.over.notified() => {}
    }
    let end = shared.to.get().min(Instant::now());
    shared.to.set(end);
    let after = target.cpu();
    for task in tasks {
        let _ = task.await;
    }
    let mut found = shared.found.take();
    found.seconds = end.saturating_duration_since(from).as_secs_f64();
    found.latencies.sort_unstable();
    found.cpu = before.zip(after).map(|(before, after)| after - before);
    found.rss = target.rss();
    found
}

async fn work<W: Worker>(mut worker: W, shared: Rc<Shared>, rest: Duration) {
    let mut latencies: Vec<u32> = Vec::new();
    let (mut requests, mut errors) = (0, 0);
    loop {
        let began = Instant::now();
        if began >= shared.to.get() {
            break;
        }
        let step = worker.step().await;
        let now = Instant::now();
        if matches!(step, Ok(Step::Over)) {
            shared.to.set(now.min(shared.to.get()));
            // Twice: the one who measures may still be waiting for the warm-up to end.
            shared.over.notify_one();
            tokio::task::yield_now().await;
            shared.over.notify_one();
            break;
        }
        if began >= shared.from && now <= shared.to.get() {
            match step {
                Ok(_) => {
                    requests += 1;
                    latencies.push(u32::try_from((now - began).as_micros()).unwrap_or(u32::MAX));
                }
                Err(error) => {
                    errors += 1;
                    shared
                        .found
                        .borrow_mut()
                        .first_error
                        .get_or_insert_with(|| format!("{error:#}"));
                }
            }
        } else if let Err(error) = step {
            let text = || format!("{error:#} (not while measuring)");
            shared
                .found
                .borrow_mut()
                .first_error
                .get_or_insert_with(text);
            // A server that refuses everything must not be hammered at full speed.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }
    let mut found = shared.found.borrow_mut();
    found.requests += requests;
    found.errors += errors;
    found.latencies.append(&mut latencies);
}
