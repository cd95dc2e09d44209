//! Signing in with a password.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::load::browser::{Browser, SignedIn};
use crate::load::drive::{Step, Worker};
use crate::load::lab::{Lab, credentials};
use crate::load::report::Row;

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

pub(super) async fn login(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let busy = Rc::new(Cell::new(0));
    let workers = (0..lab.connections)
        .map(|number| Guest::new(lab, number, &busy))
        .collect();
    let mut row = lab.row("login", lab.drive(workers).await);
    if busy.get() > 0 {
        row.remarks
            .push(format!("told to come back {} times", busy.get()));
    }
    Ok(vec![row])
}
