//! Signing in with a password.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::load::browser::{Browser, SignedIn};
use crate::load::drive::{Measured, Step, Worker};
use crate::load::lab::{Lab, credentials};
use crate::load::report::Row;
use crate::load::server::Target;

/// Signs in again and again, each time with a browser that knows nothing.
pub(super) struct Guest {
    browser: Browser,
    username: String,
    password: String,
    busy: Rc<Cell<u64>>,
}

impl Guest {
    pub(super) fn new(lab: &Lab, number: usize, busy: &Rc<Cell<u64>>) -> Guest {
        let (username, password) = credentials(number);
        Guest {
            browser: lab.browser(number),
            username,
            password,
            busy: Rc::clone(busy),
        }
    }
}

impl Worker for Guest {
    async fn step(&mut self) -> anyhow::Result<Step> {
        loop {
            self.browser.forget();
            match self.browser.sign_in(&self.username, &self.password).await? {
                SignedIn::Code(..) => return Ok(Step::Done),
                SignedIn::Busy => {
                    // Told to come back: what a person would do, only faster.
                    self.busy.set(self.busy.get() + 1);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// Hashes with the server's own cost and nothing around it, on one thread of this program: what there is to reach.
fn bare(target: &Target, span: Duration) -> anyhow::Result<Measured> {
    let mut memory = vec![Block::default(); 19_456];
    let params = Params::new(19_456, 2, 1, Some(32)).map_err(anyhow::Error::msg)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; 32];
    let (mut requests, mut latencies) = (0, Vec::new());
    let (before, began) = (target.cpu(), Instant::now());
    while began.elapsed() < span {
        let one = Instant::now();
        argon2
            .hash_password_into_with_memory(
                b"password",
                b"0123456789abcdef",
                &mut hash,
                &mut memory,
            )
            .map_err(anyhow::Error::msg)?;
        requests += 1;
        latencies.push(u32::try_from(one.elapsed().as_micros())?);
    }
    latencies.sort_unstable();
    Ok(Measured {
        connections: 1,
        seconds: began.elapsed().as_secs_f64(),
        requests,
        latencies,
        cpu: before
            .zip(target.cpu())
            .map(|(before, after)| after - before),
        ..Measured::default()
    })
}

pub(super) async fn login(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let me = Target {
        pid: Some(std::process::id()),
        ..lab.target.clone()
    };
    let span = lab.span;
    let bare = tokio::task::spawn_blocking(move || bare(&me, span)).await??;
    let busy = Rc::new(Cell::new(0));
    let workers = (0..lab.connections)
        .map(|number| Guest::new(lab, number, &busy))
        .collect();
    let mut row = lab.row("login", lab.drive(workers).await);
    if let (Some(most), Some(found)) = (bare.per_cpu_second(), row.measured.per_cpu_second()) {
        row.remarks.push(format!(
            "{:.0} % of the bare argon2id rate",
            100.0 * found / most
        ));
    }
    if busy.get() > 0 {
        row.remarks
            .push(format!("told to come back {} times", busy.get()));
    }
    Ok(vec![lab.row("argon2id alone", bare), row])
}
