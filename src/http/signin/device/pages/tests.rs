//! The device pages with believable and with hostile content.

use super::*;
use crate::domain::time::Timestamp;
use crate::http::rendered::{NASTY, attribute, page, tag_with};
use crate::http::words;

fn gate(realm_name: &str) -> Gate {
    Gate {
        realm_name: realm_name.to_owned(),
        ..Gate::nowhere(words::english())
    }
}

#[test]
fn the_code_is_typed_letter_by_letter_and_an_error_says_so() {
    let asked = |code: &str, error: Option<&str>| DevicePage {
        gate: gate("Acme Industries"),
        action: "/realms/acme/device".to_owned(),
        csrf: "c5rf".to_owned(),
        code: code.to_owned(),
        error: error.map(str::to_owned),
    };
    let html = page("device", &asked("BCDF-GHJK", None));
    let field = tag_with(&html, "id=\"user-code\"");
    assert_eq!(attribute(field, "name"), Some("user_code"));
    assert_eq!(attribute(field, "value"), Some("BCDF-GHJK"));
    for set in [
        "autocomplete=\"off\"",
        "autocorrect=\"off\"",
        "spellcheck=\"false\"",
        "autocapitalize=\"characters\"",
    ] {
        assert!(field.contains(set), "{set}");
    }
    assert!(html.contains("id=\"device-form\"") && !html.contains("device-error"));

    let html = page("device-error", &asked(NASTY, Some(NASTY)));
    assert!(tag_with(&html, "id=\"device-error\"").contains("role=\"alert\""));
    assert!(html.contains("<title>Error: Connect a device"));
    let field = tag_with(&html, "id=\"user-code\"");
    assert!(field.contains("aria-invalid=\"true\"") && field.contains("hint device-error"));
}

#[test]
fn the_question_says_who_asks_from_where_and_since_when() {
    let html = page(
        "device-confirm",
        &ConfirmPage {
            gate: gate(NASTY),
            action: "/realms/acme/device/confirm".to_owned(),
            csrf: "c5rf".to_owned(),
            interaction: "i_1".to_owned(),
            client_name: NASTY.to_owned(),
            username: NASTY.to_owned(),
            code: "BCDF-GHJK".to_owned(),
            device: NASTY.to_owned(),
            ip: "192.0.2.7".to_owned(),
            asked: When::of(words::english(), Timestamp(1_804_084_320_000)),
            scopes: vec![ScopeLine {
                scope: NASTY.to_owned(),
                label: NASTY.to_owned(),
                detail: NASTY.to_owned(),
            }],
            removable: true,
        },
    );
    for text in [
        "Only go on if you started this.",
        "BCDF-GHJK",
        "192.0.2.7",
        "3 March 2027, 14:32 UTC",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert!(tag_with(&html, "id=\"device-allow\"").contains("name=\"decision\" value=\"allow\""));
    assert!(tag_with(&html, "id=\"device-deny\"").contains("name=\"decision\" value=\"deny\""));
}

#[test]
fn the_end_says_which_it_was() {
    let done = |allowed| DonePage {
        gate: gate("Acme Industries"),
        allowed,
        account_url: allowed.then(|| "/realms/acme/account".to_owned()),
    };
    let yes = page("device-allowed", &done(true));
    assert!(yes.contains("You can go back to your device.") && yes.contains("account-link"));
    let no = page("device-refused", &done(false));
    assert!(no.contains("id=\"device-refused\">Refused<") && !no.contains("device-allowed"));
}
