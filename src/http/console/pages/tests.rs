//! Every console page with believable and with extreme content.

use super::*;
use crate::http::rendered::{NASTY, attribute, page, tag_with, tags};

fn shell(section: Section) -> Shell {
    Shell {
        theme: None,
        realm: "acme-prod".to_owned(),
        realm_name: "Acme Industries".to_owned(),
        base: "/admin/acme-prod".to_owned(),
        csrf: "c5rf".to_owned(),
        section,
        sessions: Some("2,418".to_owned()),
        person: Person::new("Amira Haddad", "amira.haddad"),
        role: "Realm administrator".to_owned(),
        all_realms: true,
        now: "2026-11-21T14:32:00Z".to_owned(),
    }
}

fn moment(text: &str, datetime: &str) -> Moment {
    Moment {
        text: text.to_owned(),
        datetime: datetime.to_owned(),
    }
}

fn choices(labels: &[&str]) -> Vec<Choice> {
    labels
        .iter()
        .enumerate()
        .map(|(i, label)| Choice {
            value: if i == 0 {
                String::new()
            } else {
                label.to_lowercase()
            },
            label: (*label).to_owned(),
            selected: i == 0,
        })
        .collect()
}

fn row(
    i: usize,
    who: (&str, &str),
    ip: &str,
    device: (&str, &str, &str),
    apps: &[&str],
) -> SessionRow {
    let minutes = i * 2;
    SessionRow {
        id: format!("s_{i:02}hx80c4tz"),
        url: format!("/admin/acme-prod/sessions/s_{i:02}hx80c4tz"),
        person: Person::new(who.0, who.1),
        current: i == 0,
        yours: false,
        organisation: "Acme Industries".to_owned(),
        ip: ip.to_owned(),
        ip_label: "Berlin office".to_owned(),
        ip_new: i == 1,
        device: Device {
            kind: device.0.to_owned(),
            browser: device.1.to_owned(),
            os: device.2.to_owned(),
        },
        apps: apps.iter().map(|app| (*app).to_owned()).collect(),
        node: format!("keep-{}", i % 3 + 1),
        lasted: "2 h 41 m".to_owned(),
        since: moment("since 11:51", "2026-11-21T11:51:00Z"),
        last_active: moment(
            "2 min ago",
            &format!("2026-11-21T14:{:02}:00Z", 32 - minutes),
        ),
        left: Some(Left {
            at: moment("28 min", &format!("2026-11-21T15:{:02}:00Z", 2 + minutes)),
            value: (30 - minutes) as u64,
            max: 30,
            low: minutes > 24,
        }),
        ended: None,
        detail: Some(RowDetail {
            methods: "Password and code".to_owned(),
            refresh_tokens: 4,
            offline: 1,
            remembered: true,
            latest: moment("today 22:00", "2026-11-21T22:00:00Z"),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
                .to_owned(),
        }),
    }
}

fn rows() -> Vec<SessionRow> {
    let d = [
        ("laptop", "Firefox 145", "Linux"),
        ("laptop", "Chrome 142", "macOS"),
        ("desktop", "Edge 142", "Windows"),
        ("phone", "Safari 19", "iOS"),
        ("tablet", "Chrome 142", "ChromeOS"),
    ];
    let mut rows = vec![
        row(
            0,
            ("Amira Haddad", "amira.haddad"),
            "10.20.4.8",
            d[0],
            &["Realmkeep console"],
        ),
        row(
            1,
            ("Anna Keller", "anna.keller"),
            "198.51.100.23",
            d[1],
            &["Payroll", "Wiki", "CRM", "Grafana"],
        ),
        row(
            2,
            ("Jonas Weber", "jonas.weber"),
            "10.20.4.117",
            d[2],
            &["CRM", "Mail", "Wiki"],
        ),
        row(
            3,
            ("Tomás Rey", "tomas.rey"),
            "203.0.113.77",
            d[2],
            &["Payroll", "Warehouse"],
        ),
        row(
            4,
            ("Anna Keller", "anna.keller"),
            "100.64.18.9",
            d[3],
            &["Helpdesk", "CRM"],
        ),
        row(
            5,
            ("Łukasz Nowak", "lukasz.nowak"),
            "10.60.2.14",
            d[2],
            &["Warehouse"],
        ),
        row(
            6,
            ("Chloé Martin", "chloe.martin"),
            "2001:db8:4f:18a2:9cff:fe21:77aa:19",
            d[1],
            &["CRM", "Wiki", "Mail"],
        ),
        row(
            7,
            ("", "build-runner"),
            "10.40.9.3",
            ("cli", "Realmkeep CLI", "Device code"),
            &["Git"],
        ),
        row(
            8,
            ("Amira Haddad", "amira.haddad"),
            "10.30.7.201",
            d[4],
            &["Helpdesk"],
        ),
        row(
            9,
            (NASTY, NASTY),
            NASTY,
            ("toaster", NASTY, NASTY),
            &[NASTY, "b", NASTY],
        ),
        row(
            10,
            (
                "Wolfeschlegelsteinhausenbergerdorff Maximiliane-Theodora von und zu Hohenlohe",
                "maximiliane-theodora.wolfeschlegelsteinhausenbergerdorff@subsidiary.acme.example",
            ),
            "10.70.3.66",
            d[2],
            &[
                "The very long named enterprise resource planning suite",
                "Another one of them",
                "x",
            ],
        ),
        row(13, ("Sofia Conti", "sofia.conti"), "10.70.3.66", d[2], &[]),
    ];
    rows[8].yours = true;
    if let Some(detail) = rows[9].detail.as_mut() {
        detail.user_agent = NASTY.to_owned();
    }
    rows
}

fn list(rows: Vec<SessionRow>) -> SessionsList {
    SessionsList {
        base: "/admin/acme-prod".to_owned(),
        csrf: "c5rf".to_owned(),
        caption: "Active sessions, most recently active first".to_owned(),
        highlight: String::new(),
        rows,
        ended: false,
        organisations: true,
        shown: "1–25".to_owned(),
        of: "of 2,418".to_owned(),
        results: "Showing 1 to 25 of 2,418 sessions".to_owned(),
        previous_url: None,
        next_url: Some("/admin/acme-prod/sessions?after=c2".to_owned()),
        limits: choices(&["25", "50", "100"]),
        everything: Some(Everything {
            count: "2,417".to_owned(),
            token: "frozen-token".to_owned(),
        }),
        empty: None,
        problem: None,
        warning: None,
    }
}

fn sessions(list: SessionsList) -> SessionsPage {
    let tab = |state: &str, label: &str, count: &str| Tab {
        state: state.to_owned(),
        label: label.to_owned(),
        count: count.to_owned(),
        url: format!("?state={state}"),
        current: state == "active",
    };
    SessionsPage {
        shell: shell(Section::Sessions),
        summary: "2,418 sessions of 1,204 people, on 3 servers. Select any to invalidate them."
            .to_owned(),
        tabs: vec![
            tab("active", "Active", "2,418"),
            tab("idle", "Idle over 1 hour", "312"),
            tab("ended", "Recently ended", "57"),
        ],
        filters: Filters {
            action: "/admin/acme-prod/sessions".to_owned(),
            hint: "Search by username".to_owned(),
            clients: choices(&["Any app", "CRM", "Payroll"]),
            idle: choices(&["Any idle time", "Idle over 15 minutes", "Idle over 1 hour"]),
            started: choices(&["Started any time", "Today"]),
            state: "active".to_owned(),
            clear_search_url: "/admin/acme-prod/sessions".to_owned(),
            ..Filters::default()
        },
        list,
    }
}

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
            && html.contains("Also you")
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
            Empty::Realm { ended: false },
            "No one is signed in",
        ),
        (
            "ended",
            Empty::Realm { ended: true },
            "No session has ended lately",
        ),
        (
            "signed-out",
            Empty::SignedOut {
                query: "anna.kelly".to_owned(),
                username: "anna.kelly".to_owned(),
                last: Some("today at 09:14 by signing out".to_owned()),
                ended_url: "?state=ended".to_owned(),
            },
            "exists but is not signed in",
        ),
        (
            "no-match",
            Empty::NoMatch {
                query: NASTY.to_owned(),
            },
            "No session found for “&#60;script&#62;",
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

fn session(current: bool) -> SessionPage {
    let fact = |label: &str, value: &str, code: bool| Fact {
        label: label.to_owned(),
        value: value.to_owned(),
        code,
        datetime: String::new(),
    };
    SessionPage {
        shell: shell(Section::Sessions),
        id: "s_3hx80c4tz".to_owned(),
        person: Person::new("Anna Keller", "anna.keller"),
        device: Device {
            kind: "laptop".to_owned(),
            browser: "Chrome 142".to_owned(),
            os: "macOS".to_owned(),
        },
        current,
        may_end: true,
        ended: None,
        facts: vec![
            fact("Session", "s_3hx80c4tz", true),
            fact("IP address", "198.51.100.23", false),
            fact("Signed in", "today, 09:30", false),
            fact("Signed in with", "Password and code", false),
            fact("Server", "keep-2", false),
            fact("Refresh tokens", "4, 1 of them offline", false),
        ],
        apps: vec![
            SessionApp {
                client_id: "payroll".to_owned(),
                name: "Payroll".to_owned(),
                started: moment("5 h ago", "2026-11-21T09:31:00Z"),
                last_active: moment("3 min ago", "2026-11-21T14:29:00Z"),
                channel: "Back-channel sign-out".to_owned(),
                told: true,
            },
            SessionApp {
                client_id: "grafana".to_owned(),
                name: "Grafana".to_owned(),
                started: moment("1 h ago", "2026-11-21T13:31:00Z"),
                last_active: moment("1 h ago", "2026-11-21T13:31:00Z"),
                channel: "Cannot be told".to_owned(),
                told: false,
            },
        ],
        user_agent: format!("Mozilla/5.0 {NASTY}"),
    }
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

fn confirm() -> ConfirmPage {
    let told = |name: &str, channel: &str| Told {
        name: name.to_owned(),
        channel: channel.to_owned(),
    };
    ConfirmPage {
        shell: shell(Section::Sessions),
        sids: vec!["s_1".to_owned(), "s_2".to_owned(), "s_3".to_owned()],
        frozen: None,
        sessions: 3,
        people: 2,
        who: vec![
            Selected {
                name: "Anna Keller".to_owned(),
                sessions: 2,
            },
            Selected {
                name: "Tomás Rey".to_owned(),
                sessions: 1,
            },
        ],
        refresh_tokens: 7,
        offline: 1,
        told: vec![
            told("CRM", "back-channel"),
            told("Helpdesk", "signal"),
            told("Payroll", "back-channel"),
            told("Warehouse", "back-channel"),
            told("Wiki", "back-channel"),
        ],
        gaps: vec![Gap {
            name: "Grafana".to_owned(),
            lasts: "4 min 12 s".to_owned(),
            why: "It takes no sign-out messages, so it notices when its access token runs out."
                .to_owned(),
        }],
        own_selected: false,
        already_ended: 0,
        not_found: 0,
        reasons: reasons(""),
        note: String::new(),
        message: String::new(),
        error: None,
        cancel_url: "/admin/acme-prod/sessions".to_owned(),
    }
}

#[test]
fn the_preview_names_action_object_and_number() {
    let html = page("confirm", &confirm());
    assert!(html.contains("Invalidate 3 sessions?</h1>"));
    assert!(html.contains(
        "Anna Keller (2 sessions) and Tomás Rey (1) will have to sign in again in every app."
    ));
    assert!(html.contains("7 refresh tokens are revoked") && html.contains("5 apps are told"));
    assert!(html.contains("Grafana keeps working for up to <span class=\"nowrap\">4 min 12 s</span>"));
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
            error: Some("Choose a reason.".to_owned()),
            ..confirm()
        },
    );
    assert!(
        html.contains("name=\"frozen\" value=\"frozen-token\"") && !html.contains("name=\"sid\"")
    );
    assert!(html.contains("Anna Keller (2 sessions), Tomás Rey (1) and 1,201 other people will"));
    assert!(
        html.contains("It was in the selection and is left out.")
            && html.contains("2 already ended. 1 not found.")
    );
    assert!(tag_with(&html, "id=\"reason-error\"").contains("role=\"alert\""));

    let html = page(
        "confirm-one",
        &ConfirmPage {
            sessions: 1,
            people: 1,
            who: vec![Selected {
                name: NASTY.to_owned(),
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

fn app(name: &str, status: &str, at: &str, detail: &str, tries: &str) -> ReceiptApp {
    ReceiptApp {
        client_id: name.to_lowercase(),
        name: name.to_owned(),
        sessions: 2,
        channel: if status == "bounded" || status == "not_capable" {
            "Cannot be told"
        } else {
            "Back-channel sign-out"
        }
        .to_owned(),
        channel_detail: "Logout token, by session".to_owned(),
        status: status.to_owned(),
        words: state_words(status, at),
        detail: detail.to_owned(),
        tries: tries.to_owned(),
    }
}

fn receipt() -> Receipt {
    let line = |kind: &str, at: &str, strong: &str, text: &str, detail: &str| LogLine {
        kind: kind.to_owned(),
        at: moment(at, &format!("2026-11-21T{at}Z")),
        strong: strong.to_owned(),
        text: text.to_owned(),
        detail: detail.to_owned(),
    };
    let touched = |id: &str, name: &str, kind: &str, outcome: &str| ReceiptSession {
        id: id.to_owned(),
        person: Person {
            name: name.to_owned(),
            username: name.to_owned(),
        },
        device: Device {
            kind: kind.to_owned(),
            browser: "Chrome".to_owned(),
            os: "macOS".to_owned(),
        },
        ip: "198.51.100.23".to_owned(),
        outcome: outcome.to_owned(),
    };
    Receipt {
        base: "/admin/acme-prod".to_owned(),
        csrf: "c5rf".to_owned(),
        id: "so_01KAKRQ7V3".to_owned(),
        url: "/admin/acme-prod/signouts/so_01KAKRQ7V3".to_owned(),
        complete: false,
        expanding: None,
        ended: 3,
        asked: 3,
        cut: "14:32:07".to_owned(),
        took: "18 ms".to_owned(),
        tokens: 7,
        people: 2,
        who: "Anna Keller and Tomás Rey".to_owned(),
        came_back: 1,
        last_back: "Anna Keller, 14:33:20".to_owned(),
        apps: vec![
            app("Payroll", "acknowledged", "", "200 in 41 ms, 14:32:07", "1"),
            app("Wiki", "acknowledged", "", "200 in 63 ms, 14:32:08", "2"),
            app(
                "Warehouse",
                "retrying",
                "12 s",
                "503 Service Unavailable",
                "3 of 14",
            ),
            app("CRM", "pending", "", "", "0"),
            app(
                "Grafana",
                "bounded",
                "14:36:19",
                "When its access token ends",
                "–",
            ),
        ],
        refused: 2,
        log: vec![
            line(
                "returned",
                "14:33:20",
                "Anna Keller signed in again",
                "",
                "Passkey, Firefox on Windows, 10.20.4.31. A new session.",
            ),
            line(
                "refused",
                "14:32:58",
                "Refused",
                "Payroll tried a revoked refresh token",
                "Tomás Rey, 203.0.113.77. Answered invalid_grant.",
            ),
            line(
                "refused",
                "14:32:19",
                "Refused",
                "old sign-in cookie",
                "Anna Keller, 198.51.100.23. Sent to the sign-in page.",
            ),
            line(
                "cut",
                "14:32:07",
                "3 sessions invalidated",
                "by Amira Haddad",
                "",
            ),
        ],
        sessions: vec![
            touched("s_1", "Anna Keller", "laptop", "ended"),
            touched("s_2", "Anna Keller", "phone", "already_ended"),
            touched("s_3", NASTY, "desktop", "ended"),
            touched("s_4", "Amira Haddad", "laptop", "protected"),
            touched("s_unknown", "", "", "not_found"),
        ],
        more_sessions: 0,
        by: "Amira Haddad".to_owned(),
        from: "10.20.4.8".to_owned(),
        at: moment("21 Nov 2026, 14:32:07.118 UTC", "2026-11-21T14:32:07.118Z"),
        reason: "Lost or stolen device".to_owned(),
        note: "Laptop reported stolen, ticket 4812".to_owned(),
        message: String::new(),
        may_redeliver: true,
        back_url: "/admin/acme-prod/sessions".to_owned(),
        json_url: None,
    }
}

fn with(receipt: Receipt) -> ReceiptPage {
    ReceiptPage {
        shell: shell(Section::Receipts),
        receipt,
    }
}

#[test]
fn the_receipt_tells_each_app_apart() {
    let html = page("receipt", &with(receipt()));
    let apps: Vec<_> = tags(&html)
        .filter(|tag| tag.starts_with("tr "))
        .map(|tag| {
            (
                attribute(tag, "data-client-id"),
                attribute(tag, "data-status"),
            )
        })
        .collect();
    assert_eq!(
        apps,
        [
            (Some("payroll"), Some("acknowledged")),
            (Some("wiki"), Some("acknowledged")),
            (Some("warehouse"), Some("retrying")),
            (Some("crm"), Some("pending")),
            (Some("grafana"), Some("bounded"))
        ]
    );
    assert!(
        html.contains("id=\"receipts\"")
            && html.contains("Retrying in 12 s")
            && html.contains("Closes by 14:36:19")
    );
    assert!(html.contains("2 of 4 apps have answered so far."));
    assert!(html.contains("2 tries refused, none allowed"));
    // Only what can be tried again has the button.
    assert_eq!(html.matches(">Retry now<").count(), 1);
    assert_eq!(
        attribute(tag_with(&html, "id=\"receipt\""), "data-complete"),
        Some("false")
    );
}

#[test]
fn a_receipt_is_never_a_bare_success() {
    let mut r = Receipt {
        complete: true,
        apps: vec![
            app("Payroll", "gave_up", "", "Timeout, 14 tries", "14"),
            app("Old CRM", "not_capable", "", "", "–"),
            app("Mail", "rejected", "", "400 Bad Request", "1"),
        ],
        ..receipt()
    };
    let html = page("receipt-failed", &with(r));
    assert!(
        html.contains("class=\"ring warn\"")
            && html.contains("2 not told")
            && html.contains("0 of 2 apps have answered.")
    );
    assert!(html.contains("Old CRM cannot be told."));

    r = Receipt {
        complete: true,
        apps: Vec::new(),
        log: Vec::new(),
        refused: 0,
        came_back: 0,
        last_back: String::new(),
        ..receipt()
    };
    let html = page("receipt-quiet", &with(r));
    assert!(
        html.contains("There was no app to tell.")
            && html.contains("Nothing has tried yet")
            && html.contains("id=\"receipts\"")
    );
}

#[test]
fn a_large_sign_out_shows_how_far_it_is() {
    let r = Receipt {
        expanding: Some(Progress {
            done: 12_000,
            total: 1_000_000,
        }),
        ended: 1_000_000,
        asked: 1_000_000,
        people: 400_000,
        who: String::new(),
        more_sessions: 999_995,
        ..receipt()
    };
    let html = page("receipt-expanding", &with(r));
    assert!(
        html.contains("12,000 of 1,000,000 sessions written out.")
            && html.contains("400,000 people must sign in again.")
    );
    assert!(html.contains("and 999,995 more"));
}

#[test]
fn the_receipt_fragment_stands_alone() {
    let fragment = page("receipt-fragment", &receipt());
    assert!(fragment.starts_with("<div id=\"receipt\"") && !fragment.contains("<html"));
    assert!(page("receipt", &with(receipt())).contains(&fragment));
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
            rows: Vec::new(),
            previous_url: None,
            next_url: None,
        },
    );
    assert!(html.contains("No sign-out yet"));

    let realm = |name: &str, enabled| RealmRow {
        name: name.to_owned(),
        display_name: format!("{name} display"),
        url: format!("/admin/{name}/sessions"),
        enabled,
        sessions: enabled.then(|| "2,418".to_owned()),
    };
    let html = page(
        "realms",
        &RealmsPage {
            shell: shell(Section::Realms),
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
