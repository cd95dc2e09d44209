//! `/admin/{realm}/apps/{id}/credentials`: how an application proves who it is, and a new secret for it, shown once.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;

use super::one::{fact, method};
use super::{crumbs, find, need_for, tabs};
use crate::domain::access::Right;
use crate::domain::client::verbs::{self, ClientError};
use crate::domain::{ActorKind, Fault};
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::Gate;
use crate::http::console::pages::{AskPage, CredentialsPage, Effect, SecretPage, Section};

type At = Path<(String, String)>;

/// Answers the page.
pub async fn page(gate: Gate, Path((_, id)): At) -> Answer {
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    let has = client.secret_hash.is_some();
    let keys = client
        .settings
        .jwks
        .as_ref()
        .and_then(|jwks| jwks.get("keys"));
    let keys = keys.and_then(|keys| keys.as_array()).map_or(0, Vec::len);
    let facts = vec![
        fact("client_id", client.client_id()),
        fact("Proof", method(&client)),
        fact("Secret", if has { "There is one" } else { "None" }),
        fact("Public keys", keys.to_string()),
        fact(
            "Webhook secret",
            if client.webhook_sealed.is_some() {
                "There is one"
            } else {
                "None"
            },
        ),
    ];
    let page = CredentialsPage {
        shell: gate.shell(Section::Apps),
        crumbs: crumbs(&gate, Some(&client)),
        tabs: tabs(&gate, &client, "Credentials").await?,
        name: client.name().to_owned(),
        facts,
        new_url: has.then(|| gate.at(&format!("/apps/{}/credentials/new", client.id)).to_string()),
        why: "The way it proves who it is uses no secret. Choose another way under Settings to give it one.".to_owned(),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// `GET …/new`: what a new secret does.
pub async fn ask(gate: Gate, Path((_, id)): At) -> Answer {
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    need_for(&gate, &client.settings)?;
    let root = format!("/apps/{}/credentials", client.id);
    let page = AskPage {
        title: format!("Make a new secret for {}?", client.name()),
        lead: "The app has to be given the new one right afterwards.".to_owned(),
        effects: vec![
            Effect::new(
                "cut",
                "ban",
                "The old secret is refused at once",
                "Requests for tokens with it fail from this moment, on every server.",
            ),
            Effect::new(
                "safe",
                "shield-check",
                "People stay signed in",
                "Sessions and what the app was granted go on; the app cannot renew a token until it has the new secret.",
            ),
            Effect::new(
                "",
                "eye",
                "The new secret is shown once",
                "On the next page, and never again.",
            ),
        ],
        button: "Make a new secret".to_owned(),
        foot: "The old secret cannot be brought back.".to_owned(),
        ..AskPage::new(
            gate.shell(Section::Apps),
            gate.at(&root).to_string(),
            gate.at(&root).to_string(),
        )
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// `POST`: makes it and shows it this once.
pub async fn renew(gate: Gate, Path((_, id)): At, body: Bytes) -> Answer {
    gate.posted(&body).await?;
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    need_for(&gate, &client.settings)?;
    let (ctx, realm, of) = (gate.ctx.clone(), gate.realm.clone(), client.id);
    let actor = gate.admin.actor(ActorKind::Admin);
    let made = tokio::spawn(async move { verbs::rotate_secret(&ctx, &realm, &actor, of).await });
    let secret = match made.await.map_err(|_| Fault::Busy)? {
        Ok(secret) => secret,
        Err(ClientError::Fault(fault)) => return Err(fault.into()),
        Err(error) => return Err(refused(&gate, &error)),
    };
    let here = gate.at(&format!("/apps/{}", client.id));
    let page = SecretPage {
        shell: gate.shell(Section::Apps),
        crumbs: crumbs(&gate, Some(&client)),
        title: format!("A new secret for {}", client.name()),
        client_id: client.client_id().to_owned(),
        secret: secret.expose().to_owned(),
        note: "The old secret is refused from now on.".to_owned(),
        next_url: here.to_string(),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

pub(super) fn refused(gate: &Gate, error: &ClientError) -> Stop {
    let text = format!("Nothing was changed: {error}.");
    let title = "This could not be done";
    gate.message(StatusCode::CONFLICT, title, &text, Vec::new())
}
