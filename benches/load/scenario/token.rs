//! What the token endpoint answers.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context as _, ensure};

use crate::load::browser::Browser;
use crate::load::drive::{Step, Worker};
use crate::load::lab::Lab;
use crate::load::oauth;
use crate::load::realm::{API, REALM, REALM_RS256, WEB};
use crate::load::report::Row;
use crate::load::wire::Conn;

/// Gets tokens of a client's own.
pub(super) struct Minter {
    conn: Conn,
    question: Vec<u8>,
    kept: Option<Rc<RefCell<Vec<String>>>>,
}

impl Minter {
    pub(super) fn new(lab: &Lab, realm: &str, client: (&str, &str)) -> Minter {
        let question = oauth::client_credentials(&lab.target.host, realm, client);
        Minter {
            conn: Conn::new(lab.target.address),
            question,
            kept: None,
        }
    }

    /// One that keeps what it gets.
    pub(super) fn keeping(
        lab: &Lab,
        realm: &str,
        client: (&str, &str),
        kept: &Rc<RefCell<Vec<String>>>,
    ) -> Minter {
        Minter {
            kept: Some(Rc::clone(kept)),
            ..Minter::new(lab, realm, client)
        }
    }
}

impl Worker for Minter {
    async fn step(&mut self) -> anyhow::Result<Step> {
        let answer = self.conn.call(&self.question).await?;
        answer.expect(200)?;
        let token = oauth::text_of(&answer, "access_token").context("no access_token")?;
        ensure!(token.split('.').count() == 3, "no JWT: {token}");
        if let Some(kept) = &self.kept {
            kept.borrow_mut().push(token.to_owned());
        }
        Ok(Step::Done)
    }
}

pub(super) async fn client_credentials(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let workers = (0..lab.connections)
        .map(|_| Minter::new(lab, REALM, API))
        .collect();
    Ok(vec![
        lab.row("client_credentials", lab.drive(workers).await),
    ])
}

pub(super) async fn client_credentials_rs256(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let workers = (0..lab.connections)
        .map(|_| Minter::new(lab, REALM_RS256, API))
        .collect();
    Ok(vec![
        lab.row("client_credentials_rs256", lab.drive(workers).await),
    ])
}

struct Rotator {
    conn: Conn,
    host: String,
    token: String,
}

impl Worker for Rotator {
    async fn step(&mut self) -> anyhow::Result<Step> {
        let question = oauth::refresh(&self.host, REALM, WEB, &self.token);
        let tokens = oauth::tokens(&self.conn.call(&question).await?)?;
        ensure!(
            tokens.refresh != self.token,
            "the refresh token was not rotated"
        );
        self.token = tokens.refresh;
        Ok(Step::Done)
    }
}

pub(super) async fn refresh(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    // Durable answers gather in groups: how many wait at once makes the difference.
    for connections in [lab.connections, 64] {
        let people = lab.signed_in(connections).await?;
        let workers = people.into_iter().map(|(_, tokens)| Rotator {
            conn: Conn::new(lab.target.address),
            host: lab.target.host.clone(),
            token: tokens.refresh,
        });
        let measured = lab.drive(workers.collect()).await;
        rows.push(lab.row(&format!("refresh, {connections} conn."), measured));
        if connections == 64 {
            break;
        }
    }
    Ok(rows)
}

struct Flow(Browser);

impl Worker for Flow {
    async fn step(&mut self) -> anyhow::Result<Step> {
        let (code, verifier) = self.0.single_sign_on().await?;
        self.0.exchange(&code, &verifier).await?;
        Ok(Step::Done)
    }
}

pub(super) async fn code_flow(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let people = lab.signed_in(lab.connections).await?;
    let workers = people
        .into_iter()
        .map(|(browser, _)| Flow(browser))
        .collect();
    Ok(vec![lab.row("code_flow", lab.drive(workers).await)])
}
