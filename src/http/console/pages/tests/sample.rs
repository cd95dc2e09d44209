//! Believable and extreme sessions to draw pages with.

use crate::http::console::menu::groups;
use crate::http::console::pages::*;
use crate::http::rendered::NASTY;

pub(in crate::http::console::pages) fn shell(section: Section) -> Shell {
    Shell {
        theme: None,
        realm: "acme-prod".to_owned(),
        realm_name: "Acme Industries".to_owned(),
        base: "/admin/acme-prod".to_owned(),
        csrf: "c5rf".to_owned(),
        section,
        groups: groups(|_| true),
        person: Person::new("Amira Haddad", "amira.haddad"),
        role: "Realm administrator".to_owned(),
        all_realms: true,
        now: "2026-11-21T14:32:00Z".to_owned(),
    }
}

pub(super) fn moment(text: &str, datetime: &str) -> Moment {
    Moment {
        text: text.to_owned(),
        datetime: datetime.to_owned(),
    }
}

pub(super) fn choices(labels: &[&str]) -> Vec<Choice> {
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

pub(super) fn row(
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
        user: format!("u_{i}"),
        user_url: Some(format!("/admin/acme-prod/users/u_{i}")),
        block_url: (i != 0).then(|| format!("/admin/acme-prod/users/u_{i}/block")),
        picked: false,
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

pub(super) fn rows() -> Vec<SessionRow> {
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

pub(super) fn list(rows: Vec<SessionRow>) -> SessionsList {
    SessionsList {
        base: "/admin/acme-prod".to_owned(),
        csrf: "c5rf".to_owned(),
        caption: "Active sessions, most recently active first".to_owned(),
        highlight: String::new(),
        name: Heading {
            url: Some("/admin/acme-prod/sessions?sort=name".to_owned()),
            sorted: "",
        },
        start: Heading {
            url: Some("/admin/acme-prod/sessions?sort=oldest".to_owned()),
            sorted: "ascending",
        },
        first: "/admin/acme-prod/sessions".to_owned(),
        here_url: "/admin/acme-prod/sessions".to_owned(),
        live_url: Some("/admin/acme-prod/sessions/live?opened=1".to_owned()),
        command: "realmkeep sessions list --realm=acme-prod".to_owned(),
        kept: Vec::new(),
        also: Vec::new(),
        also_by: "",
        rows,
        ended: false,
        may_end: true,
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

pub(super) fn sessions(list: SessionsList) -> SessionsPage {
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
        menu: PageMenu {
            csv_url: "/admin/acme-prod/sessions.csv".to_owned(),
            command: list.command.clone(),
            everyone_url: Some("/admin/acme-prod/signouts/everyone".to_owned()),
        },
        list,
    }
}
