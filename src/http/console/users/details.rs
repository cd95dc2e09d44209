//! `GET /admin/{realm}/users/{uid}/details`: everything that is known of somebody.

use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::Value;

use super::fields::{MORE_BOXES, TEXTS, others};
use super::{Shown, at, head, may_touch, somebody};
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::Gate;
use crate::http::console::pages::people::DetailsTab;
use crate::http::console::pages::{Fact, Moment, Section};
use crate::http::console::words;

/// Answers the tab.
pub async fn page(gate: Gate, Path((_, uid)): Path<(String, String)>) -> Answer {
    let user = somebody(&gate, &uid).await?;
    let mut facts = vec![
        fact("Username", &user.username),
        Fact {
            code: true,
            ..fact("User id (sub)", &user.id.to_string())
        },
        time("Created", words::full(user.created_at)),
    ];
    for field in TEXTS {
        if let Some(value) = user.claim(field.name) {
            facts.push(fact(field.label, value));
        }
        let verified = format!("{}_verified", field.name);
        if let Some(value) = user.claims.get(&verified).and_then(Value::as_bool) {
            let known =
                MORE_BOXES.iter().any(|(name, _)| *name == verified) || field.name == "email";
            if known {
                let words = if value { "yes" } else { "no" };
                facts.push(fact(&format!("{} verified", field.label), words));
            }
        }
    }
    let page = DetailsTab {
        shell: gate.shell(Section::Users),
        head: head(&gate, &user, Shown::Details).await?,
        facts,
        others: others(&user.claims),
        edit_url: may_touch(&gate, &user).then(|| at(&gate, user.id, "/edit").to_string()),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn fact(label: &str, value: &str) -> Fact {
    Fact {
        label: label.to_owned(),
        value: value.to_owned(),
        code: false,
        datetime: String::new(),
    }
}

fn time(label: &str, moment: Moment) -> Fact {
    Fact {
        datetime: moment.datetime,
        ..fact(label, &moment.text)
    }
}
