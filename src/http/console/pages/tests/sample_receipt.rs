//! One session, one preview and one receipt to draw pages with.

use super::sample::{choices, moment, shell};
use crate::http::console::pages::*;
use crate::http::rendered::NASTY;

pub(super) fn session(current: bool) -> SessionPage {
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
        user_url: Some("/admin/acme-prod/users/u_1".to_owned()),
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

pub(super) fn confirm() -> ConfirmPage {
    let told = |name: &str, channel: &str| Told {
        name: name.to_owned(),
        channel: channel.to_owned(),
    };
    ConfirmPage {
        shell: shell(Section::Sessions),
        action: "/admin/acme-prod/signouts".to_owned(),
        everyone: None,
        of: None,
        counted: true,
        messages: None,
        may_block: Some(2),
        block: false,
        block_for: choices(&["until an administrator lifts it", "for 1 hour"]),
        block_at: String::new(),
        command: "realmkeep sessions invalidate s_1 s_2 s_3".to_owned(),
        credentials: false,
        sids: vec!["s_1".to_owned(), "s_2".to_owned(), "s_3".to_owned()],
        frozen: None,
        once: "once".to_owned(),
        sessions: 3,
        people: 2,
        exact: true,
        who: vec![
            Selected {
                name: "Anna Keller".to_owned(),
                url: Some("/admin/acme-prod/users/u_1".to_owned()),
                sessions: 2,
            },
            Selected {
                name: "Tomás Rey".to_owned(),
                url: None,
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
        lag: None,
        own_selected: false,
        already_ended: 0,
        not_found: 0,
        reasons: reasons(""),
        note: String::new(),
        message: String::new(),
        problems: Vec::new(),
        cancel_url: "/admin/acme-prod/sessions".to_owned(),
    }
}

pub(super) fn app(name: &str, status: &str, at: &str, detail: &str, tries: &str) -> ReceiptApp {
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
        message_url: (status != "bounded").then(|| "/admin/acme-prod/deliveries/d_1".to_owned()),
    }
}

pub(super) fn receipt() -> Receipt {
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
        user_url: Some("/admin/acme-prod/users/u_1".to_owned()),
        device: Device {
            kind: kind.to_owned(),
            browser: "Chrome".to_owned(),
            os: "macOS".to_owned(),
        },
        ip: "198.51.100.23".to_owned(),
        outcome: outcome.to_owned(),
    };
    Receipt {
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
        refused: Some(2),
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
        more_back: false,
        json_url: None,
        signed_url: None,
    }
}

pub(super) fn with(receipt: Receipt) -> ReceiptPage {
    ReceiptPage {
        shell: shell(Section::Receipts),
        receipt,
    }
}
