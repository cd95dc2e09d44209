//! Forms, questions, secrets, applications, deliveries and keys, with the worst text in every place.

use super::sample::{moment, shell};
use crate::http::console::pages::*;
use crate::http::rendered::{NASTY, attribute, page, tag_with, tags};

fn text() -> String {
    NASTY.to_owned()
}

fn link() -> Link {
    Link {
        label: text(),
        url: "/admin/demo/apps".to_owned(),
    }
}

fn field(name: &str, shape: Shape) -> Field {
    Field {
        name: name.to_owned(),
        id: name.to_owned(),
        label: text(),
        hint: text(),
        value: match shape {
            Shape::Picture => "data:image/png;base64,AAAA".to_owned(),
            _ => text(),
        },
        on: true,
        choices: vec![
            Choice {
                value: text(),
                label: text(),
                selected: true,
            },
            Choice::default(),
        ],
        shape,
        problem: text(),
    }
}

#[test]
fn a_form_keeps_what_was_typed_and_says_what_is_wrong_with_it() {
    let shapes = [
        ("line", Shape::Line),
        ("short", Shape::Short),
        ("secret", Shape::Secret),
        ("lines", Shape::Lines),
        ("switch", Shape::Switch),
        ("one", Shape::One),
        ("some", Shape::Some),
        ("said", Shape::Said),
        ("picture", Shape::Picture),
    ];
    let html = page(
        "form",
        &FormPage {
            shell: shell(Section::Apps),
            crumbs: vec![link()],
            title: text(),
            lead: text(),
            tabs: vec![TabLink {
                label: text(),
                url: "/admin/demo/settings/general".to_owned(),
                here: true,
                ..TabLink::default()
            }],
            notes: vec![Line::new("warn", text())],
            problems: vec![Wrong {
                id: "line".to_owned(),
                text: text(),
            }],
            groups: vec![FieldGroup {
                title: text(),
                about: text(),
                fields: shapes.map(|(name, shape)| field(name, shape)).to_vec(),
            }],
            hidden: vec![("seen".to_owned(), text())],
            action: "/admin/demo/apps/new".to_owned(),
            submit: "Register".to_owned(),
            cancel_url: "/admin/demo/apps".to_owned(),
            fixed: false,
        },
    );
    // Each attribute stands by itself: "checkedaria-…" would switch nothing on.
    let switch = tag_with(&html, "id=\"switch\"");
    assert!(
        switch.split_whitespace().any(|word| word == "checked"),
        "{switch}"
    );
    for (name, shape) in shapes {
        if !matches!(shape, Shape::Some | Shape::Said) {
            let tag = tag_with(&html, &format!(" id=\"{name}\""));
            assert_eq!(attribute(tag, "aria-invalid"), Some("true"), "{tag}");
        }
    }
    assert!(tag_with(&html, "id=\"problems\"").contains("role=\"alert\""));
    assert!(html.contains("<title>Error: "));
}

#[test]
fn a_question_says_what_happens_before_the_button() {
    let html = page(
        "ask",
        &AskPage {
            shell: shell(Section::Settings),
            title: text(),
            lead: text(),
            effects: vec![Effect {
                chips: vec![(text(), text())],
                ..Effect::new("cut", "ban", text(), text())
            }],
            changes: vec![Change {
                label: text(),
                before: text(),
                after: text(),
                picture_before: String::new(),
                picture_after: "data:image/png;base64,AAAA".to_owned(),
            }],
            hidden: vec![("a".to_owned(), text())],
            reasons: reasons(""),
            typed: text(),
            typed_what: "its client_id".to_owned(),
            error: text(),
            action: "/admin/demo/settings/sessions".to_owned(),
            button: "Save the settings".to_owned(),
            danger: true,
            foot: text(),
            back_to_form: "/admin/demo/settings/sessions/edit".to_owned(),
            cancel_url: "/admin/demo/settings/sessions".to_owned(),
        },
    );
    assert!(html.find("id=\"effects\"").unwrap() < html.find("id=\"confirm-yes\"").unwrap());
    assert!(tag_with(&html, "id=\"confirm-yes\"").contains("btn danger"));
    page(
        "changed",
        &ChangedPage {
            shell: shell(Section::Settings),
            what: text(),
            rows: vec![Meanwhile {
                label: text(),
                was: text(),
                now: text(),
                typed: text(),
            }],
            hidden: vec![("a".to_owned(), text())],
            back_to_form: "/admin/demo/settings/sessions/edit".to_owned(),
            fresh_url: "/admin/demo/settings/sessions".to_owned(),
        },
    );
    page(
        "secret",
        &SecretPage {
            shell: shell(Section::Apps),
            crumbs: vec![link()],
            title: text(),
            client_id: text(),
            secret: text(),
            note: text(),
            next_url: "/admin/demo/apps/x".to_owned(),
        },
    );
}

fn fact() -> Fact {
    Fact {
        label: text(),
        value: text(),
        code: true,
        datetime: String::new(),
    }
}

#[test]
fn an_application_shows_each_channel_with_its_last_answer() {
    let channel = AppChannel {
        name: "Back-channel sign-out".to_owned(),
        uri: text(),
        last_good: Some(moment("2 min ago", "2026-11-21T14:30:00Z")),
        last: text(),
        rests: text(),
    };
    let row = AppRow {
        client_id: "payroll".to_owned(),
        name: text(),
        url: "/admin/demo/apps/1".to_owned(),
        enabled: true,
        test_url: Some("/admin/demo/apps/1/test".to_owned()),
        channels: vec![channel.clone()],
        state: "failing".to_owned(),
        words: "Did not confirm".to_owned(),
        verdict: text(),
        why: text(),
        ..AppRow::default()
    };
    let tabs = vec![TabLink {
        label: "Overview".to_owned(),
        url: "/admin/demo/apps/1".to_owned(),
        here: true,
        count: text(),
    }];
    let html = page(
        "app",
        &AppPage {
            shell: shell(Section::Apps),
            crumbs: vec![link()],
            tabs: tabs.clone(),
            notes: vec![Line::new("ok", text())],
            row: row.clone(),
            ways: vec![AppWay {
                channel,
                name: "back-channel".to_owned(),
                triable: true,
                verdict: text(),
                tone: "danger".to_owned(),
                answer: vec![fact()],
            }],
            copies: vec![link(), link()],
            facts: vec![fact()],
            may_change: true,
            may_end: true,
        },
    );
    for id in [
        "test-back-channel",
        "sign-out-app",
        "disable-app",
        "delete-app",
    ] {
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    let off = AppPage {
        shell: shell(Section::Apps),
        crumbs: Vec::new(),
        tabs,
        notes: Vec::new(),
        row: AppRow {
            enabled: false,
            test_url: None,
            ..row
        },
        ways: Vec::new(),
        copies: Vec::new(),
        facts: Vec::new(),
        may_change: false,
        may_end: false,
    };
    let html = page("app-off", &off);
    assert!(html.contains("Disabled") && !html.contains("delete-app"));
    page(
        "credentials",
        &CredentialsPage {
            shell: shell(Section::Apps),
            crumbs: vec![link()],
            tabs: Vec::new(),
            name: text(),
            facts: vec![fact()],
            new_url: None,
            why: text(),
        },
    );
    page(
        "app-kinds",
        &AppKindsPage {
            shell: shell(Section::Apps),
            crumbs: vec![link()],
            kinds: vec![AppKind {
                url: "/admin/demo/apps/new?kind=web".to_owned(),
                icon: "globe".to_owned(),
                label: text(),
                about: text(),
            }],
        },
    );
}

#[test]
fn a_notice_is_shown_decoded() {
    let row = DeliveryRow {
        id: "abc".to_owned(),
        url: "/admin/demo/deliveries/abc".to_owned(),
        client_id: text(),
        app: text(),
        channel: "Back-channel sign-out".to_owned(),
        person: text(),
        status: "refused".to_owned(),
        words: "Refused".to_owned(),
        tone: "danger".to_owned(),
        answer: text(),
        tries: "3".to_owned(),
        at: moment("2 min ago", "2026-11-21T14:30:00Z"),
        next: Some(moment("12 s", "2026-11-21T14:32:12Z")),
        receipt_url: Some("/admin/demo/signouts/1".to_owned()),
    };
    let html = page(
        "delivery",
        &DeliveryPage {
            shell: shell(Section::Deliveries),
            row: row.clone(),
            facts: vec![fact()],
            notes: vec![Line::new("ok", text())],
            retry_url: Some("/admin/demo/deliveries/abc/retry".to_owned()),
            tables: vec![MessageTable {
                name: "Claims".to_owned(),
                rows: vec![link()],
            }],
            json: format!("{{\"sub\": \"{NASTY}\"}}"),
            about: text(),
            attempts: vec![AttemptRow {
                number: "3".to_owned(),
                at: moment("21 Nov 2026, 14:32:07 UTC", "2026-11-21T14:32:07Z"),
                status: None,
                text: text(),
                took: "12 ms".to_owned(),
            }],
            more_attempts: text(),
        },
    );
    assert!(html.contains("id=\"retry\"") && html.contains("id=\"to-receipt\""));
    let html = page(
        "deliveries",
        &DeliveriesPage {
            shell: shell(Section::Deliveries),
            tabs: Vec::new(),
            client: text(),
            statuses: Vec::new(),
            channels: Vec::new(),
            filtered: true,
            list_url: "/admin/demo/deliveries".to_owned(),
            rows: vec![row],
            problem: text(),
            cut_short: true,
            first_url: Some("/admin/demo/deliveries".to_owned()),
            next_url: Some("/admin/demo/deliveries?after=x".to_owned()),
        },
    );
    let tr = tags(&html)
        .find(|tag| tag.starts_with("tr data-delivery-id"))
        .unwrap();
    assert_eq!(attribute(tr, "data-status"), Some("refused"));
    page(
        "streams",
        &StreamsPage {
            shell: shell(Section::Deliveries),
            tabs: Vec::new(),
            notes: Vec::new(),
            rows: vec![StreamRow {
                id: "s1".to_owned(),
                client_id: text(),
                uri: text(),
                status: "paused".to_owned(),
                reason: text(),
                problem: text(),
                set_url: Some("/admin/demo/streams/s1/status".to_owned()),
                next: "enabled".to_owned(),
                next_words: "Enable".to_owned(),
                ..StreamRow::default()
            }],
        },
    );
    page(
        "keys",
        &KeysPage {
            shell: shell(Section::Keys),
            notes: Vec::new(),
            rows: vec![KeyRow {
                kid: text(),
                alg: "ES256".to_owned(),
                usual: true,
                state: "active".to_owned(),
                words: "Signs".to_owned(),
                tone: "ok".to_owned(),
                about: text(),
                made: moment("2 d ago", "2026-11-19T14:30:00Z"),
                rotate_url: Some("/admin/demo/keys/rotate?alg=ES256".to_owned()),
            }],
            jwks_url: text(),
            master: vec![fact()],
        },
    );
}
