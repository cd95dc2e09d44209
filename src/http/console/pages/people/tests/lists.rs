//! Lists: full, empty, and with the worst of names.

use super::super::*;
use super::{link, moment, shell, standing};
use crate::http::console::pages::{
    AdminRow, AdminsPage, EventPage, EventRow, EventsPage, Fact, Person, Section, ServiceRow,
};
use crate::http::rendered::{NASTY, page};

#[test]
fn lists_of_people_administrators_and_events_are_drawn_full_and_empty() {
    let row = PersonRow {
        id: "1".to_owned(),
        url: "/1".to_owned(),
        person: Person::new(NASTY, NASTY),
        yours: true,
        admin: true,
        email: NASTY.to_owned(),
        organisation: NASTY.to_owned(),
        standing: standing(),
        sessions: "1".to_owned(),
        created: moment(),
    };
    for (rows, q) in [(vec![row], NASTY), (Vec::new(), NASTY), (Vec::new(), "")] {
        let full = !rows.is_empty();
        let html = page(
            "people",
            &PeoplePage {
                import_url: Some("/import".to_owned()),
                shell: shell(Section::Users),
                new_url: Some("/new".to_owned()),
                done: String::new(),
                q: q.to_owned(),
                list: PeopleList {
                    base: "/admin/acme-prod".to_owned(),
                    q: q.to_owned(),
                    rows,
                    sessions: true,
                    results: NASTY.to_owned(),
                    cut: false,
                    first_url: None,
                    next_url: full.then(|| "/next".to_owned()),
                },
            },
        );
        assert_eq!(html.contains("id=\"user-not-found\""), !full);
        assert_eq!(html.contains("rel=\"next\""), full);
    }
    let admin = AdminRow {
        id: "1".to_owned(),
        url: "/1".to_owned(),
        roles_url: "/1/roles".to_owned(),
        person: Person::new(NASTY, NASTY),
        yours: false,
        standing: standing(),
        roles: vec!["Auditor"],
        last_active: None,
        may_change: true,
    };
    let html = page(
        "admins",
        &AdminsPage {
            shell: shell(Section::Admins),
            rows: vec![admin.clone()],
            services: vec![ServiceRow {
                client_id: NASTY.to_owned(),
                name: NASTY.to_owned(),
                url: "/app".to_owned(),
                enabled: false,
                roles: vec!["Auditor"],
            }],
            all_looked_at: false,
            next_url: None,
            find: NASTY.to_owned(),
            found: vec![admin],
            roles: vec![RoleBox {
                name: "auditor",
                label: "Auditor",
                may: "Read.",
                ticked: false,
            }],
        },
    );
    assert!(html.contains("Choose roles") && html.contains("Change roles"));
    let event = EventRow {
        url: "/e".to_owned(),
        at: moment(),
        icon: "ban",
        tone: "refused",
        what: NASTY.to_owned(),
        about: link(NASTY),
        by: link(NASTY),
        action: NASTY.to_owned(),
        detail: NASTY.to_owned(),
    };
    for rows in [vec![event.clone()], Vec::new()] {
        page(
            "events",
            &EventsPage {
                shell: shell(Section::Audit),
                actions: crate::http::console::pages::reasons("policy"),
                actor: NASTY.to_owned(),
                target: NASTY.to_owned(),
                since: NASTY.to_owned(),
                until: String::new(),
                problems: vec![Problem {
                    field: "since".to_owned(),
                    text: NASTY.to_owned(),
                }],
                rows,
                cut: false,
                filtered: true,
                csv_url: "/csv".to_owned(),
                first_url: None,
                next_url: None,
            },
        );
    }
    page(
        "event",
        &EventPage {
            shell: shell(Section::Audit),
            row: event,
            facts: vec![Fact {
                value: NASTY.to_owned(),
                ..Fact::default()
            }],
        },
    );
}
