//! The pages with the worst that people call themselves: it is text and nothing else, and every field has its label.

mod import;
mod lists;

use super::*;
use crate::http::console::pages::tests::sample::shell;
use crate::http::console::pages::{Device, Fact, Link, Moment, Person, Section, SessionRow};
use crate::http::rendered::{NASTY, attribute, page, tag_with, tags};

fn moment() -> Moment {
    Moment {
        text: "2 min ago".to_owned(),
        datetime: "2026-11-21T14:30:00Z".to_owned(),
    }
}

fn link(label: &str) -> Link {
    Link {
        label: label.to_owned(),
        url: "/admin/acme-prod/users/1".to_owned(),
    }
}

fn standing() -> Standing {
    Standing {
        tone: "danger",
        icon: "ban",
        words: "Blocked".to_owned(),
        more: format!("Sign-in was blocked by {NASTY}."),
    }
}

fn head() -> Head {
    Head {
        id: "1".to_owned(),
        url: "/admin/acme-prod/users/1".to_owned(),
        person: Person::new(NASTY, NASTY),
        email: NASTY.to_owned(),
        organisation: NASTY.to_owned(),
        standing: standing(),
        notices: vec![Notice {
            id: "not-recognised",
            tone: "danger",
            icon: "shield-alert",
            title: NASTY.to_owned(),
            lines: vec![NoticeLine {
                text: NASTY.to_owned(),
                links: vec![link(NASTY)],
            }],
            button: Some(NoticeButton {
                id: "dismiss",
                label: "Dismiss",
                action: "/dismiss".to_owned(),
                seen: 2,
            }),
        }],
        yours: false,
        admin: true,
        sign_out_url: Some("/so".to_owned()),
        block_url: None,
        lift_url: Some("/lift".to_owned()),
        menu: vec![MenuItem {
            label: "Edit",
            icon: "pencil",
            url: "/edit".to_owned(),
            danger: false,
        }],
        tabs: vec![Tab {
            label: "Sessions",
            count: "2".to_owned(),
            url: "/1".to_owned(),
            current: true,
        }],
        done: "The changes were saved.".to_owned(),
    }
}

fn session(id: &str, current: bool) -> SessionRow {
    SessionRow {
        id: id.to_owned(),
        url: "/s".to_owned(),
        person: Person::new(NASTY, NASTY),
        current,
        device: Device {
            kind: "laptop".to_owned(),
            browser: NASTY.to_owned(),
            os: NASTY.to_owned(),
        },
        ip: NASTY.to_owned(),
        apps: vec![NASTY.to_owned()],
        node: NASTY.to_owned(),
        since: moment(),
        last_active: moment(),
        ..SessionRow::default()
    }
}

fn activity() -> ActivityRow {
    ActivityRow {
        at: moment(),
        icon: "ban",
        tone: "refused",
        what: NASTY.to_owned(),
        more: NASTY.to_owned(),
        link: Some(link(NASTY)),
    }
}

fn typed(wrong: bool) -> FormPage {
    let field = |name, text, value: &str| Field {
        name,
        label: "A field",
        hint: "What it is for.",
        text,
        required: name == "username",
        value: value.to_owned(),
    };
    let problem = |field: &str| Problem {
        field: field.to_owned(),
        text: format!("Expected otherwise than {NASTY}."),
    };
    FormPage {
        shell: shell(Section::Users),
        crumbs: vec![link("Users"), link(NASTY)],
        title: format!("Edit {NASTY}"),
        action: "/edit".to_owned(),
        fields: vec![
            field("username", Text::Line, NASTY),
            field("email", Text::Email, NASTY),
            field("password", Text::Secret, ""),
        ],
        boxes: vec![FormBox {
            name: "enabled",
            label: "May sign in",
            more: "",
            ticked: true,
        }],
        more: vec![field("others", Text::Json, NASTY)],
        more_boxes: Vec::new(),
        problems: match wrong {
            true => vec![problem("username"), problem("others"), problem("")],
            false => Vec::new(),
        },
        button: "Save",
        cancel_url: "/1".to_owned(),
    }
}

#[test]
fn a_form_keeps_what_was_typed_and_says_what_was_expected_beside_it() {
    let html = page("people-form", &typed(true));
    let field = tag_with(&html, "id=\"f-username\"");
    assert!(field.contains("aria-invalid=\"true\"") && field.contains("required"));
    assert_eq!(
        attribute(field, "aria-describedby"),
        Some("p-username h-username")
    );
    assert!(html.contains("id=\"p-others\"") && html.contains("<details open>"));
    assert!(tag_with(&html, "id=\"problems\"").contains("role=\"alert\""));
    assert!(!tag_with(&html, "id=\"f-email\"").contains("aria-invalid"));
    let secret = tag_with(&html, "id=\"f-password\"");
    assert!(!secret.contains("value=") && secret.contains("new-password"));
    for tag in tags(&html).filter(|tag| tag.starts_with("input") || tag.starts_with("textarea")) {
        let Some(id) = attribute(tag, "id") else {
            continue;
        };
        assert!(
            html.contains(&format!("for=\"{id}\"")),
            "{tag} has no label"
        );
    }
    let html = page("people-form", &typed(false));
    assert!(!html.contains("role=\"alert\" id=\"problems\""));
}

#[test]
fn everything_about_a_person_is_drawn_with_the_worst_of_names() {
    let html = page(
        "people-sessions",
        &SessionsTab {
            shell: shell(Section::Users),
            head: head(),
            active: vec![session("own", true), session("other", false)],
            next_url: Some("?after=x".to_owned()),
            ended: vec![session("old", false)],
            all_ended_url: "/all".to_owned(),
            may_end: true,
            details: true,
            lately: Some(Lately {
                rows: vec![activity()],
                all_url: "/activity".to_owned(),
            }),
        },
    );
    let boxes: Vec<_> = tags(&html)
        .filter(|tag| tag.starts_with("input") && tag.contains("name=\"sid\""))
        .collect();
    assert_eq!(boxes.len(), 2);
    assert!(boxes[0].contains(" disabled") && !boxes[1].contains(" disabled"));
    assert!(html.contains("action=\"/admin/acme-prod/signouts/preview\""));
    let html = page(
        "people-apps",
        &AppsTab {
            shell: shell(Section::Users),
            head: head(),
            rows: vec![AccessRow {
                client_id: NASTY.to_owned(),
                name: NASTY.to_owned(),
                scopes: vec![NASTY.to_owned()],
                allowed: Some(moment()),
                grants: 2,
                offline: 1,
                remove_url: Some("/remove".to_owned()),
                ..AccessRow::default()
            }],
            complete: false,
        },
    );
    assert!(html.contains("2 live grants, 1 offline"), "{html}");
    let html = page(
        "people-credentials",
        &CredentialsTab {
            shell: shell(Section::Users),
            head: head(),
            set_at: None,
            may_set: true,
            effects: vec![Effect::new(Tone::Cut, "log-out", NASTY, NASTY)],
            button: "Set password".to_owned(),
            problem: Some(NASTY.to_owned()),
        },
    );
    assert!(tag_with(&html, "id=\"new-password\"").contains("aria-invalid=\"true\""));
    let html = page(
        "people-roles",
        &RolesTab {
            shell: shell(Section::Users),
            head: head(),
            roles: vec![RoleBox {
                name: "auditor",
                label: "Auditor",
                may: "Read.",
                ticked: true,
            }],
            others: NASTY.to_owned(),
            may_admin: false,
            may_change: true,
            problems: Vec::new(),
        },
    );
    assert!(tag_with(&html, "id=\"role-auditor\"").contains(" disabled"));
    page(
        "people-activity",
        &ActivityPage {
            shell: shell(Section::Users),
            head: head(),
            rows: vec![activity()],
            lacks: "More takes a role.",
            first_url: Some("/a".to_owned()),
            next_url: Some("/b".to_owned()),
        },
    );
    page(
        "people-details",
        &DetailsTab {
            shell: shell(Section::Users),
            head: head(),
            facts: vec![Fact {
                label: "Name".to_owned(),
                value: NASTY.to_owned(),
                ..Fact::default()
            }],
            others: NASTY.to_owned(),
            edit_url: Some("/edit".to_owned()),
        },
    );
}

#[test]
fn what_asks_before_something_ends_says_it_in_counts() {
    let html = page(
        "people-act",
        &ActPage {
            shell: shell(Section::Users),
            crumbs: vec![link("Users"), link(NASTY)],
            title: format!("Delete {NASTY}?"),
            sentence: NASTY.to_owned(),
            action: "/delete".to_owned(),
            hidden: vec![Hidden {
                name: "once",
                value: NASTY.to_owned(),
            }],
            effects: vec![Effect {
                chips: vec![(NASTY.to_owned(), NASTY.to_owned())],
                ..Effect::new(Tone::Gap, "hourglass", NASTY, NASTY)
            }],
            until: Some(Until {
                dated: true,
                at: NASTY.to_owned(),
            }),
            words: Some(Words {
                reasons: crate::http::console::pages::reasons("policy"),
                note: NASTY.to_owned(),
                message: Some(NASTY.to_owned()),
            }),
            typed: Some(Typed {
                wanted: NASTY.to_owned(),
                value: NASTY.to_owned(),
            }),
            problems: vec![
                Problem {
                    field: "typed".to_owned(),
                    text: "Type it.".to_owned(),
                },
                Problem {
                    field: "at".to_owned(),
                    text: "Later.".to_owned(),
                },
            ],
            button: "Delete user and end 2 sessions".to_owned(),
            icon: "trash-2",
            danger: true,
            hint: "This cannot be undone.",
            cancel_url: "/1".to_owned(),
        },
    );
    assert!(html.contains("Delete user and end 2 sessions"));
    assert!(html.contains("id=\"typed-problem\"") && html.contains("id=\"at-problem\""));
    assert!(html.contains("<option value=\"policy\" selected>"));
    assert!(tag_with(&html, "id=\"confirm-yes\"").contains("danger"));
}
