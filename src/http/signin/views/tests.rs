//! The smaller pages with believable and with hostile content.

use super::*;
use crate::domain::time::Timestamp;
use crate::http::rendered::{NASTY, page};
use crate::http::words;

fn gate(realm_name: &str) -> Gate {
    Gate {
        realm_name: realm_name.to_owned(),
        ..Gate::nowhere(words::english())
    }
}

#[test]
fn an_answer_of_an_attackers_making_stays_inside_its_field() {
    let html = FormPostPage {
        gate: gate(NASTY),
        action: "https://app.example/cb?a=b&c=d".to_owned(),
        fields: vec![Hidden {
            name: "state".to_owned(),
            value: NASTY.to_owned(),
        }],
        client_name: NASTY.to_owned(),
    };
    let html = html.render().unwrap();
    assert!(html.contains("action=\"https://app.example/cb?a=b&#38;c=d\""));
    assert!(!html.contains("<script") && !html.contains("<img"));
}

#[test]
fn the_choice_of_sessions_says_what_each_is_and_proposes_enough() {
    let held = |sid: &str, checked| HeldSession {
        sid: sid.to_owned(),
        device: NASTY.to_owned(),
        ip: "192.0.2.1".to_owned(),
        last_active: When::of(words::english(), Timestamp(1_804_084_320_000)),
        started: When::of(words::english(), Timestamp(1_804_064_400_000)),
        checked,
    };
    let html = page(
        "choose",
        &ChoosePage {
            gate: gate("Acme Industries"),
            action: "/realms/acme/login/sessions".to_owned(),
            csrf: "c".to_owned(),
            interaction: "i".to_owned(),
            client_name: Some(NASTY.to_owned()),
            text: "Acme Industries allows 2 sessions at a time.".to_owned(),
            sessions: vec![held("s1", true), held("s2", false)],
            too_few: true,
        },
    );
    assert!(html.contains("id=\"choose-form\"") && html.contains("id=\"choose-error\""));
    assert!(html.contains("value=\"s1\" checked") && !html.contains("value=\"s2\" checked"));
    assert!(!html.contains("<img"));
}

#[test]
fn the_end_of_a_sign_in_says_who_and_offers_the_way_out() {
    let html = page(
        "signed-in",
        &SignedInPage {
            gate: gate("Acme Industries"),
            username: NASTY.to_owned(),
            logout_url: "/realms/acme/protocol/openid-connect/logout".to_owned(),
            account_url: Some("/realms/acme/account".to_owned()),
        },
    );
    assert!(html.contains("id=\"signed-in\"") && html.contains("id=\"logout-link\""));
}
