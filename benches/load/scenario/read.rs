//! What is only read: documents, keys, what a token is.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::ensure;

use crate::load::drive::{Pace, Step, Worker, drive};
use crate::load::lab::Lab;
use crate::load::oauth::{self, bearer, endpoint};
use crate::load::realm::{API, REALM, WEB};
use crate::load::report::Row;
use crate::load::scenario::token::Minter;
use crate::load::wire::{Conn, request};

/// Sends the same requests in turn and looks for the same piece in each answer.
pub(super) struct Asker {
    conn: Conn,
    questions: Rc<Vec<Vec<u8>>>,
    at: usize,
    piece: Rc<str>,
}

impl Asker {
    pub(super) fn new(lab: &Lab, questions: Rc<Vec<Vec<u8>>>, at: usize, piece: &str) -> Asker {
        Asker {
            conn: Conn::new(lab.target.address),
            questions,
            at,
            piece: piece.into(),
        }
    }

    /// One for each connection.
    pub(super) fn all(lab: &Lab, questions: Vec<Vec<u8>>, piece: &str) -> Vec<Asker> {
        let questions = Rc::new(questions);
        (0..lab.connections)
            .map(|at| Asker::new(lab, Rc::clone(&questions), at * 7, piece))
            .collect()
    }
}

impl Worker for Asker {
    async fn step(&mut self) -> anyhow::Result<Step> {
        self.at += 1;
        let Some(question) = self.questions.get(self.at % self.questions.len().max(1)) else {
            return Ok(Step::Over);
        };
        self.conn
            .call(question)
            .await?
            .expect_with(200, &self.piece)?;
        Ok(Step::Done)
    }
}

pub(super) fn discovery_request(lab: &Lab) -> (Vec<u8>, String) {
    let path = format!("/realms/{REALM}/.well-known/openid-configuration");
    let piece = format!("\"issuer\":\"{}/realms/{REALM}\"", lab.target.url);
    (request("GET", &lab.target.host, &path, &[], None), piece)
}

pub(super) async fn discovery(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let (question, piece) = discovery_request(lab);
    let measured = lab.drive(Asker::all(lab, vec![question], &piece)).await;
    Ok(vec![lab.row("discovery", measured)])
}

pub(super) async fn jwks(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let question = request(
        "GET",
        &lab.target.host,
        &endpoint(REALM, "certs"),
        &[],
        None,
    );
    let measured = lab
        .drive(Asker::all(lab, vec![question], "\"keys\":[{"))
        .await;
    Ok(vec![lab.row("jwks", measured)])
}

pub(super) async fn introspection(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let people = lab.signed_in(16).await?;
    let mut questions = Vec::new();
    for (mut browser, tokens) in people {
        questions.push(oauth::introspect(
            &lab.target.host,
            REALM,
            WEB,
            &tokens.access,
        ));
        for _ in 0..3 {
            let (code, verifier) = browser.single_sign_on().await?;
            let tokens = browser.exchange(&code, &verifier).await?;
            questions.push(oauth::introspect(
                &lab.target.host,
                REALM,
                WEB,
                &tokens.access,
            ));
        }
    }
    let measured = lab
        .drive(Asker::all(lab, questions, "\"active\":true"))
        .await;
    Ok(vec![lab.row("introspection", measured)])
}

/// Asks about tokens that nobody asked about before.
struct First {
    conn: Conn,
    host: Rc<str>,
    tokens: Rc<RefCell<Vec<String>>>,
}

impl Worker for First {
    async fn step(&mut self) -> anyhow::Result<Step> {
        let Some(token) = self.tokens.borrow_mut().pop() else {
            return Ok(Step::Over);
        };
        let question = oauth::introspect(&self.host, REALM, API, &token);
        self.conn
            .call(&question)
            .await?
            .expect_with(200, "\"active\":true")?;
        Ok(Step::Done)
    }
}

pub(super) async fn introspection_first(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let tokens = Rc::new(RefCell::new(Vec::new()));
    let minters = (0..lab.connections)
        .map(|_| Minter::keeping(lab, REALM, API, &tokens))
        .collect();
    let minted = drive(&lab.target, Pace::full(lab.span), minters).await;
    ensure!(
        minted.errors == 0,
        "tokens could not be made: {}",
        minted.first_error.unwrap_or_default()
    );
    let host: Rc<str> = lab.target.host.as_str().into();
    let workers = (0..lab.connections)
        .map(|_| First {
            conn: Conn::new(lab.target.address),
            host: Rc::clone(&host),
            tokens: Rc::clone(&tokens),
        })
        .collect();
    let measured = lab.drive(workers).await;
    Ok(vec![lab.row("introspection_first", measured)])
}

pub(super) async fn userinfo(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let people = lab.signed_in(16).await?;
    let path = endpoint(REALM, "userinfo");
    let questions = people
        .iter()
        .map(|(_, t)| bearer("GET", &lab.target.host, &path, &t.access, None))
        .collect();
    let measured = lab
        .drive(Asker::all(lab, questions, "\"email\":\"load-user-"))
        .await;
    Ok(vec![lab.row("userinfo", measured)])
}
