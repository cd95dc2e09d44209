//! The sessions page and the page of one session.

use super::sample::{list, moment, rows, sessions};
use super::sample_receipt::session;
use crate::http::console::pages::*;
use crate::http::rendered::{NASTY, attribute, page, tag_with, tags};

#[test]
fn the_sessions_page_has_what_scripts_and_people_hold_on_to() {
    let html = page("sessions", &sessions(list(rows())));
    for id in [
        "session-search",
        "sessions",
        "invalidate-selected",
        "select-all",
        "filters",
        "list",
        "results",
        "announce",
        "sign-out",
    ] {
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert_eq!(
        attribute(tag_with(&html, "id=\"session-search\""), "name"),
        Some("q")
    );
    let lines: Vec<_> = tags(&html)
        .filter(|tag| tag.starts_with("tr ") && tag.contains("data-session-id"))
        .collect();
    assert_eq!(lines.len(), 12);
    assert_eq!(attribute(lines[1], "data-user"), Some("anna.keller"));
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("data-current=\"true\""))
            .count(),
        1
    );
    assert!(html.contains("action=\"/admin/acme-prod/signouts/preview\""));
    assert!(tag_with(&html, "id=\"select-all\"").contains("name=\"all\" value=\"frozen-token\""));
    assert!(html.contains("&#60;script&#62;alert(1)"));
    assert!(html.contains("Łukasz Nowak"));
}

#[test]
fn your_own_row_is_locked_and_only_yours() {
    let html = page("sessions", &sessions(list(rows())));
    let boxes: Vec<_> = tags(&html)
        .filter(|tag| tag.starts_with("input") && tag.contains("name=\"sid\""))
        .collect();
    assert_eq!(boxes.len(), 12);
    for (i, tick) in boxes.iter().enumerate() {
        assert_eq!(tick.contains(" disabled"), i == 0, "{tick}");
    }
    assert!(
        html.contains("Protected: this is your current session")
            && html.contains("You, other device")
    );
}

#[test]
fn alone_with_yourself_there_is_nothing_to_select() {
    let html = page(
        "sessions-alone",
        &sessions(SessionsList {
            next_url: None,
            everything: None,
            shown: "1".to_owned(),
            of: "session".to_owned(),
            ..list(rows().into_iter().take(1).collect())
        }),
    );
    assert!(!html.contains("id=\"invalidate-selected\"") && html.contains("id=\"sessions\""));
}

#[test]
fn the_fragment_is_the_same_list_and_nothing_else() {
    let whole = sessions(list(rows()));
    let fragment = page("list", &whole.list);
    assert!(fragment.starts_with("<div id=\"list\"") && fragment.trim_end().ends_with("</div>"));
    assert!(whole_contains(&page("sessions", &whole), &fragment));
    assert!(!fragment.contains("<html"));
}

#[test]
fn whom_a_name_finds_stands_above_the_list_with_a_link() {
    let found = |name: &str, sessions, url: Option<&str>| AlsoFound {
        person: Person::new(name, "a.keller"),
        sessions,
        url: url.map(str::to_owned),
    };
    let people = vec![
        found(
            "Anna Keller",
            Some((2, true)),
            Some("/admin/acme-prod/sessions?q=user%3Aa.keller"),
        ),
        found(NASTY, Some((20, false)), None),
        found(
            "Kim Keller",
            Some((0, true)),
            Some("/admin/acme-prod/users/u_9"),
        ),
        found("Karl Keller", None, Some("?")),
    ];
    assert_eq!(people[0].sentence(), "Anna Keller (a.keller), 2 sessions");
    assert_eq!(people[3].sentence(), "Karl Keller (a.keller)");
    let html = page(
        "sessions-also",
        &sessions(SessionsList {
            also: people,
            also_by: also_by("keller", false),
            ..list(rows())
        }),
    );
    assert!(html.contains("<b id=\"also-by\">Also by name:</b>"));
    assert!(html.contains(
        "<a href=\"/admin/acme-prod/sessions?q=user%3Aa.keller\">Anna Keller</a> <small>(a.keller), 2 sessions</small>"
    ));
    assert!(
        html.contains("20+ sessions</small>") && html.contains("(a.keller), not signed in</small>")
    );
    assert!(html.find("id=\"also\"") < html.find("<table") && html.contains("id=\"list\""));
    assert_eq!(also_by("anna@x.example", true), "By email:");
}

#[test]
fn a_row_leads_to_the_user_for_who_may_see_them_and_its_menu_to_the_rest() {
    let html = page("sessions-menu", &sessions(list(rows())));
    assert!(html.contains("<a class=\"name\" href=\"/admin/acme-prod/users/u_1\">Anna Keller</a>"));
    assert!(
        html.contains("href=\"/admin/acme-prod/users/u_1/block\"")
            && html.contains("Block sign-in…")
    );
    assert!(!html.contains("/users/u_0/block"));
    let mut others = rows();
    for row in &mut others {
        (row.user_url, row.block_url) = (None, None);
    }
    let html = page("sessions-no-users", &sessions(list(others)));
    assert!(html.contains("<span class=\"name\">Anna Keller</span>") && !html.contains("/users/"));
}

fn whole_contains(page: &str, fragment: &str) -> bool {
    page.contains(fragment)
}

#[test]
fn a_search_marks_what_it_found_and_shows_details() {
    let found = rows()
        .into_iter()
        .filter(|row| row.person.name.contains("Keller"))
        .collect();
    let mut p = sessions(SessionsList {
        highlight: "kel".to_owned(),
        shown: "2".to_owned(),
        of: "sessions match “kel”, of 2,418".to_owned(),
        next_url: None,
        ..list(found)
    });
    p.filters.q = "kel".to_owned();
    p.filters.details = true;
    p.filters.clear_url = Some("/admin/acme-prod/sessions".to_owned());
    let html = page("sessions-search", &p);
    assert!(html.contains("Anna <mark>Kel</mark>ler") && html.contains("anna.<mark>kel</mark>ler"));
    assert!(tag_with(&html, "id=\"show-details\"").contains(" checked"));
}

#[test]
fn a_filter_that_makes_no_sense_is_named_and_the_field_marked() {
    let problem = Some(Problem {
        field: "ip".to_owned(),
        message: "“10.20.4” is not an address or a range. Try 10.20.4.0/24.".to_owned(),
    });
    let mut p = sessions(SessionsList {
        problem,
        ..list(rows())
    });
    p.filters.ip = "10.20.4".to_owned();
    let html = page("sessions-problem", &p);
    assert!(tag_with(&html, "id=\"ip\"").contains("aria-invalid=\"true\""));
    assert!(!tag_with(&html, "id=\"session-search\"").contains("aria-invalid"));
    assert!(tag_with(&html, "id=\"list\"").contains("data-problem="));
    assert!(tag_with(&html, "id=\"filter-problem\"").contains("role=\"alert\""));
}

#[test]
fn an_empty_list_says_why() {
    let cases = [
        (
            "realm",
            Empty::Realm {
                ended: false,
                apps: true,
            },
            "No one is signed in",
        ),
        (
            "ended",
            Empty::Realm {
                ended: true,
                apps: true,
            },
            "No session has ended lately",
        ),
        (
            "signed-out",
            Empty::SignedOut {
                query: "anna.kelly".to_owned(),
                username: "anna.kelly".to_owned(),
                user_url: Some("/admin/acme-prod/users/u_1".to_owned()),
                last: Some("today at 09:14 by signing out".to_owned()),
                ended_url: "?state=ended".to_owned(),
            },
            "exists but is not signed in",
        ),
        (
            "no-match",
            Empty::NoMatch {
                query: NASTY.to_owned(),
                by_name: false,
            },
            "No session found for “&#60;script&#62;",
        ),
        (
            "by-name",
            Empty::NoMatch {
                query: "Keller".to_owned(),
                by_name: true,
            },
            "The list goes by username. Whom it finds by name or email is above.",
        ),
        (
            "narrow",
            Empty::Narrow {
                filters: vec![
                    Narrowing {
                        label: "Idle over 1 hour".to_owned(),
                        without_url: "?".to_owned(),
                    },
                    Narrowing {
                        label: "App: Payroll".to_owned(),
                        without_url: "?".to_owned(),
                    },
                ],
            },
            "Take one away",
        ),
    ];
    for (name, empty, words) in cases {
        let html = page(
            &format!("sessions-empty-{name}"),
            &sessions(SessionsList {
                empty: Some(empty),
                ..list(Vec::new())
            }),
        );
        assert!(html.contains(words), "{name}");
        assert!(
            html.contains("id=\"session-not-found\"") && !html.contains("id=\"sessions\""),
            "{name}"
        );
    }
}

#[test]
fn ended_sessions_stay_visible_but_cannot_be_selected() {
    let mut ended: Vec<_> = rows().into_iter().skip(1).take(3).collect();
    for row in &mut ended {
        row.left = None;
        row.ended = Some(Ended {
            at: moment("12 s ago", "2026-11-21T14:31:48Z"),
            how: "by Amira Haddad".to_owned(),
            receipt_url: Some("/admin/acme-prod/signouts/so_1".to_owned()),
        });
    }
    let html = page(
        "sessions-ended",
        &sessions(SessionsList {
            ended: true,
            everything: None,
            ..list(ended)
        }),
    );
    assert!(!html.contains("name=\"sid\"") && !html.contains("id=\"invalidate-selected\""));
    assert!(html.contains("href=\"/admin/acme-prod/signouts/so_1\""));
}

#[test]
fn a_session_can_be_ended_from_its_page_unless_it_is_your_own() {
    let html = page("session", &session(false));
    assert!(
        html.contains("name=\"sid\" value=\"s_3hx80c4tz\"")
            && html.contains("id=\"invalidate-selected\"")
    );
    let html = page("session-own", &session(true));
    assert!(
        !html.contains("id=\"invalidate-selected\"")
            && html.contains("This is your current session")
    );
}

#[test]
fn a_selection_of_other_pages_travels_in_the_form() {
    let kept = |id: &str, name: &str| Kept {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let mut picked = list(rows());
    picked.rows[2].picked = true;
    picked.kept = vec![kept("s_far", "Zoe"), kept("s_away", NASTY)];
    let html = page("sessions-kept", &sessions(picked));
    assert!(html.contains("3 selected (2 on other pages)"));
    assert_eq!(html.matches("class=\"kept\"").count(), 2);
    assert!(
        tag_with(&html, "id=\"carry-next\"")
            .contains("formaction=\"/admin/acme-prod/sessions?after=c2\"")
    );
    assert_eq!(
        tags(&html)
            .filter(|tag| tag.contains("row-check") && tag.contains(" checked"))
            .count(),
        1
    );
}

#[test]
fn only_headings_that_sort_are_links() {
    let html = page("sessions-sorted", &sessions(list(rows())));
    assert!(html.contains("sort=oldest") && html.contains("aria-sort=\"ascending\""));
    let mut unsorted = list(rows());
    unsorted.name = Heading::default();
    unsorted.start = Heading::default();
    let html = page("sessions-unsorted", &sessions(unsorted));
    assert!(!html.contains("sort=") || !html.contains("aria-sort"));
}
