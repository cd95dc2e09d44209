//! The preview of a sign-out, the lists, and the theme.

use super::sample::{list, moment, rows, sessions, shell};
use super::sample_receipt::{confirm, receipt, with};
use crate::http::console::pages::*;
use crate::http::rendered::{NASTY, page, tag_with};

#[test]
fn the_preview_names_action_object_and_number() {
    let html = page("confirm", &confirm());
    assert!(html.contains("Invalidate 3 sessions?</h1>"));
    assert!(html.contains(
        "\">Anna Keller</a> (2 sessions) and Tomás Rey (1) will have to sign in again in every app."
    ));
    assert!(html.contains("7 refresh tokens are revoked") && html.contains("5 apps are told"));
    assert!(html.contains("Grafana keeps working for up to 4 min 12 s"));
    assert!(html.contains("Your own session is not included"));
    assert_eq!(html.matches("type=\"hidden\" name=\"sid\"").count(), 3);
    assert!(tag_with(&html, "id=\"reason\"").contains(" required"));
    assert!(tag_with(&html, "id=\"confirm-yes\"").contains("btn danger"));
}

#[test]
fn a_large_selection_travels_as_a_token_and_one_session_reads_as_one() {
    let html = page(
        "confirm-all",
        &ConfirmPage {
            sids: Vec::new(),
            frozen: Some("frozen-token".to_owned()),
            sessions: 2_417,
            people: 1_203,
            own_selected: true,
            already_ended: 2,
            not_found: 1,
            problems: vec![Problem {
                field: "reason".to_owned(),
                message: "Choose a reason.".to_owned(),
            }],
            ..confirm()
        },
    );
    assert!(
        html.contains("name=\"frozen\" value=\"frozen-token\"") && !html.contains("name=\"sid\"")
    );
    assert!(
        html.contains("Anna Keller</a> (2 sessions), Tomás Rey (1) and 1,201 other people will")
    );
    assert!(
        html.contains("It was in the selection and is left out.")
            && html.contains("2 already ended. 1 not found.")
    );
    assert!(html.contains("id=\"reason-error\""));
    assert!(tag_with(&html, "id=\"problems\"").contains("role=\"alert\""));
    assert!(html.contains("<title>Error: "));

    let html = page(
        "confirm-one",
        &ConfirmPage {
            sessions: 1,
            people: 1,
            who: vec![Selected {
                name: NASTY.to_owned(),
                url: None,
                sessions: 1,
            }],
            refresh_tokens: 0,
            told: Vec::new(),
            gaps: Vec::new(),
            ..confirm()
        },
    );
    assert!(
        html.contains("Invalidate 1 session?")
            && html.contains("No refresh token")
            && html.contains("No app needs to be told")
    );
}

#[test]
fn everybody_is_signed_out_only_by_typing_the_realm() {
    let everyone = |exact, sessions, counted| ConfirmPage {
        everyone: Some(Everyone {
            realm: "acme-prod".to_owned(),
            typed: String::new(),
            own: "Firefox 145 on Linux, 10.20.4.8. Your 1 other session ends too.".to_owned(),
        }),
        sids: Vec::new(),
        sessions,
        counted,
        exact,
        people: 1_203,
        messages: Some("About 6,900 messages, up to 8 at once to each app.".to_owned()),
        credentials: true,
        ..confirm()
    };
    let html = page("confirm-everyone", &everyone(true, 2_417, true));
    assert!(html.contains("Sign out everyone in acme-prod?</h1>"));
    assert!(html.contains("Sign out 1,203 people</button>") && html.contains("2,417 sessions end"));
    assert!(tag_with(&html, "id=\"typed\"").contains(" required"));
    assert!(html.contains("Your 1 other session ends too.") && html.contains("6,900 messages"));
    assert!(html.contains("You are asked for your password first."));
    let html = page("confirm-everyone-many", &everyone(false, 100_000, false));
    assert!(
        html.contains("100,000+ sessions")
            && html.contains("Sign out everyone in acme-prod</button>")
    );
}

#[test]
fn lists_of_sign_outs_and_realms_link_to_each() {
    let line = |id: &str, who: &str, state: &str, failed: bool| ReceiptRow {
        id: id.to_owned(),
        url: format!("/admin/acme-prod/signouts/{id}"),
        at: moment("2 min ago", "2026-11-21T14:30:00Z"),
        by: "Amira Haddad".to_owned(),
        reason: "Lost or stolen device".to_owned(),
        who: who.to_owned(),
        sessions: 3,
        answered: 4,
        apps: 5,
        state: state.to_owned(),
        failed,
    };
    let rows = vec![
        line("so_1", "Anna Keller and Tomás Rey", "delivering", false),
        line("so_2", "1,203 people", "expanding", false),
        line("so_3", NASTY, "settled", true),
        line("so_4", "Jonas Weber", "settled", false),
    ];
    let html = page(
        "receipts",
        &ReceiptsPage {
            shell: shell(Section::Receipts),
            filters: ReceiptFilters::default(),
            switch: Link {
                label: "Show what ran out by itself".to_owned(),
                url: "/admin/acme-prod/signouts?expiries=1".to_owned(),
            },
            rows,
            previous_url: None,
            next_url: Some("?after=x".to_owned()),
        },
    );
    assert!(html.contains("href=\"/admin/acme-prod/signouts/so_1\""));
    let html = page(
        "receipts-empty",
        &ReceiptsPage {
            shell: shell(Section::Receipts),
            filters: ReceiptFilters::default(),
            switch: Link {
                label: "Show what ran out by itself".to_owned(),
                url: "/admin/acme-prod/signouts?expiries=1".to_owned(),
            },
            rows: Vec::new(),
            previous_url: None,
            next_url: None,
        },
    );
    assert!(html.contains("No sign-out yet"));

    let realm = |name: &str, enabled| RealmRow {
        switch: None,
        delete_url: None,
        name: name.to_owned(),
        display_name: format!("{name} display"),
        url: format!("/admin/{name}/sessions"),
        enabled,
        sessions: enabled.then(|| "2,418".to_owned()),
    };
    let html = page(
        "realms",
        &RealmsPage {
            gone: String::new(),
            shell: shell(Section::Realms),
            next_url: None,
            realms: vec![
                realm("acme-prod", true),
                realm("demo", true),
                realm("old", false),
            ],
        },
    );
    assert!(html.contains("href=\"/admin/demo/sessions\"") && html.contains("data-realm=\"old\""));
}

#[test]
fn a_refusal_names_its_code_and_request() {
    let html = page(
        "forbidden",
        &MessagePage {
            shell: Shell {
                all_realms: false,
                ..shell(Section::Other)
            },
            title: "You may not invalidate sessions here".to_owned(),
            description:
                "This needs the role sessions-operator in acme-prod. Ask a realm administrator."
                    .to_owned(),
            code: "403".to_owned(),
            id: "req_01KAKRQ7V3X5".to_owned(),
            links: vec![Link {
                label: "Back to sessions".to_owned(),
                url: "/admin/acme-prod/sessions".to_owned(),
            }],
        },
    );
    for (id, text) in [("error-code", "403"), ("error-id", "req_01KAKRQ7V3X5")] {
        assert!(html.contains(&format!("id=\"{id}\">{text}<")), "{id}");
    }
    assert!(!html.contains("/admin/realms"));
}

#[test]
fn dark_pages_are_dark_from_the_first_byte() {
    let mut p = sessions(list(rows()));
    p.shell.theme = Some("dark".to_owned());
    assert!(page("sessions-dark", &p).contains("data-theme=\"dark\""));
    let mut p = with(receipt());
    p.shell.theme = Some("dark".to_owned());
    page("receipt-dark", &p);
    let mut p = confirm();
    p.shell.theme = Some("dark".to_owned());
    page("confirm-dark", &p);
}
