//! Whether a flood of logins holds up everybody else.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::admin;
use super::login::Guest;
use super::read::{Asker, discovery_request};
use super::token::Minter;
use crate::load::drive::{Measured, Pace, drive};
use crate::load::lab::Lab;
use crate::load::realm::{API, REALM};
use crate::load::report::Row;

/// Connections of each kind that is not a login.
const EACH: usize = 4;
/// Connections that sign in.
const FLOOD: usize = 64;
/// How long an ordinary connection rests: an open server, not a saturated one.
const REST: Duration = Duration::from_millis(5);

pub(super) async fn login_flood(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let calm = ordinary(lab).await;
    let busy = Rc::new(Cell::new(0));
    let guests = (0..FLOOD)
        .map(|number| Guest::new(lab, number, &busy))
        .collect();
    let pace = Pace::full(lab.span);
    let (flood, loaded) = tokio::join!(drive(&lab.target, pace, guests), ordinary(lab));
    let mut rows = Vec::new();
    for ((name, calm), (_, mut loaded)) in calm.into_iter().zip(loaded) {
        let p99 = (calm.quantile(0.99), loaded.quantile(0.99));
        // Three kinds and the flood ran at once: the CPU is nobody's alone.
        loaded.cpu = None;
        let mut row = lab.row(&format!("login_flood: {name}"), loaded);
        if let (Some(before), Some(after)) = p99 {
            row.remarks.push(format!(
                "p99 {:.1} × the {before:.2} ms without the flood",
                after / before
            ));
        }
        rows.push(row);
    }
    let mut row = lab.row("login_flood: logins", flood);
    row.remarks.push(format!(
        "{FLOOD} connections; told to come back {} times; CPU of everything together",
        busy.get()
    ));
    rows.push(row);
    Ok(rows)
}

async fn ordinary(lab: &Lab) -> [(&'static str, Measured); 3] {
    let pace = Pace {
        rest: REST,
        ..Pace::full(lab.span)
    };
    let tokens = (0..EACH).map(|_| Minter::new(lab, REALM, API)).collect();
    let (question, piece) = discovery_request(lab);
    let question = Rc::new(vec![question]);
    let documents = (0..EACH)
        .map(|at| Asker::new(lab, Rc::clone(&question), at, &piece))
        .collect();
    let question = Rc::new(vec![admin::first_page_request(lab)]);
    let pages = (0..EACH)
        .map(|at| Asker::new(lab, Rc::clone(&question), at, "\"sessions\":["))
        .collect();
    let (tokens, documents, pages) = tokio::join!(
        drive(&lab.target, pace, tokens),
        drive(&lab.target, pace, documents),
        drive(&lab.target, pace, pages)
    );
    [
        ("token", tokens),
        ("discovery", documents),
        ("sessions", pages),
    ]
}
