//! Ending sessions.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::load::drive::{Measured, Step, Worker};
use crate::load::lab::{Lab, text};
use crate::load::oauth::{self, bearer};
use crate::load::realm::{REALM, WEB};
use crate::load::report::Row;
use crate::load::server::Target;
use crate::load::wire::Conn;

const PATH: &str = "/admin/realms/load/signouts";

struct Ender {
    conn: Conn,
    host: String,
    token: String,
    ids: Rc<RefCell<Vec<String>>>,
}

impl Worker for Ender {
    async fn step(&mut self) -> anyhow::Result<Step> {
        let Some(id) = self.ids.borrow_mut().pop() else {
            return Ok(Step::Over);
        };
        let body = format!("{{\"select\":{{\"sessions\":[\"{id}\"]}}}}");
        let answer = self
            .conn
            .call(&bearer("POST", &self.host, PATH, &self.token, Some(&body)))
            .await?;
        answer.expect(201)?;
        let done = answer.json()?;
        ensure!(
            ended(&done) == Some(1),
            "not one session ended: {}",
            answer.start()
        );
        Ok(Step::Done)
    }
}

/// How many sessions an act says it ended.
fn ended(act: &Value) -> Option<u64> {
    let counts = act.get("counts").unwrap_or(act);
    counts.get("sessions").and_then(Value::as_u64)
}

pub(super) async fn one(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let wanted = (lab.sessions / 2).min(100_000) as usize;
    let ids = lab.session_ids(wanted).await?;
    ensure!(ids.len() >= wanted, "only {} sessions", ids.len());
    let sample: Vec<String> = ids.iter().rev().take(20).cloned().collect();
    let ids = Rc::new(RefCell::new(ids));
    let workers = (0..lab.connections)
        .map(|_| Ender {
            conn: Conn::new(lab.target.address),
            host: lab.target.host.clone(),
            token: lab.token.clone(),
            ids: Rc::clone(&ids),
        })
        .collect();
    let measured = lab.drive(workers).await;
    all_over(lab, &sample).await?;
    Ok(vec![lab.row("sign_out_one", measured)])
}

/// That these sessions are over, whatever was answered.
async fn all_over(lab: &Lab, ids: &[String]) -> anyhow::Result<()> {
    for id in ids {
        let session = lab
            .admin("GET", &format!("/sessions/{id}"), None, 200)
            .await?;
        ensure!(
            text(&session, "state") == "ended",
            "session {id} is {}",
            text(&session, "state")
        );
    }
    Ok(())
}

/// One call and how long it took, with what it cost the server.
async fn timed(lab: &Lab, body: &str) -> anyhow::Result<(Value, Measured)> {
    let before = lab.target.cpu();
    let began = Instant::now();
    let act = lab.admin("POST", "/signouts", Some(body), 201).await?;
    let took = began.elapsed();
    let cpu = before
        .zip(lab.target.cpu())
        .map(|(before, after)| after - before);
    let measured = Measured {
        connections: 1,
        seconds: took.as_secs_f64(),
        latencies: vec![u32::try_from(took.as_micros())?],
        cpu,
        rss: lab.target.rss(),
        ..Measured::default()
    };
    Ok((act, measured))
}

pub(super) async fn many(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let ids = lab.session_ids(10_000).await?;
    ensure!(ids.len() == 10_000, "only {} sessions", ids.len());
    let body = serde_json::json!({ "select": { "sessions": ids } }).to_string();
    let (act, mut measured) = timed(lab, &body).await?;
    all_over(lab, &ids.into_iter().step_by(200).collect::<Vec<_>>()).await?;
    measured.requests = ended(&act).context("the act does not say how many")?;
    let mut row = lab.row("sign_out_10000", measured);
    row.remarks
        .push("rates are in sessions, latency is that of the one call".to_owned());
    Ok(vec![row])
}

/// Asks about one token until it is denied; answers when that was and how often it was asked.
async fn until_denied(target: Target, question: Vec<u8>) -> anyhow::Result<Instant> {
    let mut conn = Conn::new(target.address);
    let began = Instant::now();
    loop {
        let answer = conn.call(&question).await?;
        answer.expect(200)?;
        if answer.text() == r#"{"active":false}"# {
            return Ok(Instant::now());
        }
        answer.expect_with(200, "\"active\":true")?;
        ensure!(began.elapsed() < Duration::from_secs(300), "never denied");
    }
}

pub(super) async fn all(lab: &mut Lab) -> anyhow::Result<Vec<Row>> {
    let (_, tokens) = lab.signed_in(1).await?.pop().context("nobody signed in")?;
    let question = oauth::introspect(&lab.target.host, REALM, WEB, &tokens.access);
    let asking = tokio::task::spawn_local(until_denied(lab.target.clone(), question.clone()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    ensure!(
        !asking.is_finished(),
        "denied before anything ended: {:?}",
        asking.await
    );
    let (cpu, began) = (lab.target.cpu(), Instant::now());
    let (act, mut answered) = timed(lab, r#"{"select":{"all":true}}"#).await?;
    let denied = asking.await??.saturating_duration_since(began);
    Conn::new(lab.target.address)
        .call(&question)
        .await?
        .expect_with(200, r#"{"active":false}"#)?;
    answered.requests = 1;
    let mut first = lab.row("sign_out_all (answer)", answered);
    first.remarks.push(format!(
        "first denial {:.1} ms after the request was sent",
        denied.as_secs_f64() * 1000.0
    ));

    let id = text(&act, "id").to_owned();
    let (mut last, mut most) = (act, 0.0f64);
    if text(&last, "state") == "expanding" {
        // Everybody's grants are over, this program's own token among them; the next second's are good again.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        lab.renew().await?;
    }
    while text(&last, "state") == "expanding" {
        tokio::time::sleep(Duration::from_millis(100)).await;
        last = lab
            .admin("GET", &format!("/signouts/{id}"), None, 200)
            .await?;
        most = most.max(lab.target.rss().unwrap_or_default());
        ensure!(
            began.elapsed() < Duration::from_secs(3 * 3600),
            "still expanding after three hours"
        );
    }
    let measured = Measured {
        connections: 1,
        seconds: began.elapsed().as_secs_f64(),
        requests: ended(&last).context("the act does not say how many")?,
        cpu: cpu
            .zip(lab.target.cpu())
            .map(|(before, after)| after - before),
        rss: Some(most.max(lab.target.rss().unwrap_or_default())),
        ..Measured::default()
    };
    let mut second = lab.row("sign_out_all (written out)", measured);
    second.remarks.push(format!(
        "{:.1} s; rates are in sessions, memory is the most seen",
        began.elapsed().as_secs_f64()
    ));
    Ok(vec![first, second])
}
