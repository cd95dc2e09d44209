//! `GET /admin/{realm}/overview`: the realm at a glance, and what was counted over time.

mod charts;

use axum::http::StatusCode;

use super::frame::{self, Answer};
use super::gate::{Form, Gate};
use super::pages::chart::{Scale, lying};
use super::pages::{Attention, Glance, LastSignOut, Link, LongAct, OverviewPage, Section, Tile};
use super::pages::{counted, grouped};
use super::receipt::reason;
use super::words;
use crate::domain::access::Right;
use crate::domain::overview::{self, ALERTS, Last, Long, Overview, WAITING};
use crate::domain::pulse::Window;
use crate::domain::pulse::census::Size;
use crate::domain::signout::State;

/// Answers the page, or what is now alone.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ViewSessions)?;
    let range = Form::read(gate.query.as_bytes());
    let window = Window::parse(range.one("range")).unwrap_or(Window::Day);
    let server = gate.may(Right::ManageServer);
    let now = overview::now(&gate.ctx, &gate.realm, server).await?;
    let glance = glance(&gate, window, &now);
    if gate.fragment.as_deref() == Some("glance") {
        return Ok(frame::html(StatusCode::OK, &glance));
    }
    let buckets = overview::series(&gate.ctx, &gate.realm, window).await?;
    let page = OverviewPage {
        shell: gate.shell(Section::Overview),
        glance,
        ranges: Window::ALL
            .map(|one| (link(&gate, one), one == window))
            .into(),
        charts: charts::of(gate.now, window, &buckets),
        is_new: buckets.iter().all(|bucket| bucket.counts.is_nothing()),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn link(gate: &Gate, window: Window) -> Link {
    let label = match window {
        Window::Day => "24 hours",
        Window::Week => "7 days",
        Window::Month => "30 days",
    };
    Link {
        label: label.to_owned(),
        url: address(gate, window),
    }
}

fn address(gate: &Gate, window: Window) -> String {
    let range = if window == Window::Day {
        ""
    } else {
        window.as_str()
    };
    gate.at("/overview").with("range", range).to_string()
}

fn glance(gate: &Gate, window: Window, now: &Overview) -> Glance {
    Glance {
        url: address(gate, window),
        receipts_url: gate.at("/signouts").to_string(),
        attention: attention(gate, now),
        tiles: tiles(gate, now),
        long: now.long.iter().map(|one| long(gate, one)).collect(),
        last: now.last.iter().map(|one| last(gate, one)).collect(),
    }
}

/// People whom an administrator has to look at.
fn attention(gate: &Gate, now: &Overview) -> Option<Attention> {
    let count = now.alerts.len();
    let what = match count {
        0 => return None,
        1 => "1 person does not recognise a session".to_owned(),
        ALERTS => format!("{ALERTS} people or more do not recognise sessions"),
        n => format!("{n} people do not recognise sessions"),
    };
    let people = now.alerts.iter().map(|(id, name)| Link {
        label: name.clone(),
        url: match gate.may(Right::ViewUsers) {
            true => gate.at(&format!("/users/{id}")).to_string(),
            false => String::new(),
        },
    });
    Some(Attention {
        what,
        people: people.collect(),
    })
}

fn tiles(gate: &Gate, now: &Overview) -> Vec<Tile> {
    let (sessions, counted_at) = size(gate, now.sessions);
    let (people, _) = size(gate, now.people);
    let (failed, ended) = (now.day.failed(), now.day.sessions_ended());
    let failing = now.failing.len() as u64;
    let names: Vec<&str> = now
        .failing
        .iter()
        .map(|(_, name)| name.as_str())
        .take(3)
        .collect();
    let apps = gate.may(Right::ViewClients) || gate.may(Right::ViewSessions);
    let more = if now.waiting >= WAITING { "+" } else { "" };
    let url = |may: bool, at: &str| match may {
        true => gate.at(at).to_string(),
        false => String::new(),
    };
    vec![
        Tile {
            id: "tile-sessions",
            name: "Active sessions",
            icon: "monitor-smartphone",
            value: sessions,
            about: counted_at.clone(),
            url: url(true, "/sessions"),
            alarming: false,
        },
        Tile {
            id: "tile-people",
            name: "People signed in",
            icon: "users",
            value: people,
            about: counted_at,
            ..Tile::default()
        },
        Tile {
            id: "tile-sign-ins",
            name: "Sign-ins",
            icon: "fingerprint",
            value: grouped(now.day.sign_ins),
            about: format!("in 24 hours; {} refused", grouped(failed)),
            ..Tile::default()
        },
        Tile {
            id: "tile-ended",
            name: "Sessions ended",
            icon: "log-out",
            value: grouped(ended),
            about: "in 24 hours".to_owned(),
            url: url(true, "/signouts"),
            alarming: false,
        },
        Tile {
            id: "tile-failing",
            name: "Apps failing",
            icon: "triangle-alert",
            value: grouped(failing),
            about: match failing {
                0 => "every app that was told answers".to_owned(),
                _ => names.join(", "),
            },
            url: url(apps, "/apps"),
            alarming: failing > 0,
        },
        Tile {
            id: "tile-waiting",
            name: "Deliveries waiting",
            icon: "send",
            value: format!("{}{more}", grouped(now.waiting)),
            about: match now.waiting {
                0 => "every app has been told".to_owned(),
                _ => "to be told, or told again".to_owned(),
            },
            url: url(apps, "/deliveries"),
            alarming: false,
        },
    ]
}

/// A number, and as of when.
fn size(gate: &Gate, size: Size) -> (String, String) {
    match size {
        Size::Exactly(count) => (grouped(count), "at this moment".to_owned()),
        Size::Counted(count, at) => {
            let when = words::ago(gate.now, at).text;
            let about = match when.as_str() {
                "now" => "counted just now".to_owned(),
                when => format!("counted {when}"),
            };
            (grouped(count), about)
        }
        Size::MoreThan(0) => ("–".to_owned(), "being counted".to_owned()),
        Size::MoreThan(count) => (format!("{}+", grouped(count)), "being counted".to_owned()),
    }
}

fn long(gate: &Gate, long: &Long) -> LongAct {
    let (words, what) = match long {
        Long::WritingOut(..) => ("A large sign-out is being written out", "sessions"),
        Long::Telling(..) => ("Apps are being told of a sign-out", "notices"),
        Long::Importing(..) => ("People are being imported", "people"),
        Long::Resealing(..) => (
            "Everything is being sealed with the new master key",
            "parts of the store",
        ),
        Long::Checking(..) => ("The store is being checked", "records"),
    };
    let (done, total) = long.progress();
    let progress = match total {
        Some(total) => format!("{} of {} {what}", grouped(done), grouped(total)),
        None => format!("{} {what} so far", grouped(done)),
    };
    let url = match long {
        Long::Importing(id, ..) if gate.may(Right::ManageUsers) => {
            Some(gate.at(&format!("/users/imports/{id}")))
        }
        long => long
            .sign_out()
            .map(|id| gate.at(&format!("/signouts/{id}"))),
    };
    LongAct {
        words: words.to_owned(),
        progress,
        done,
        // A bar without a length is one whose end nobody knows.
        total: total.filter(|total| *total > 0),
        url: url.map(|url| url.to_string()).unwrap_or_default(),
    }
}

fn last(gate: &Gate, last: &Last) -> LastSignOut {
    let act = &last.act;
    let waiting = last.apps - last.confirmed - last.failed;
    let (words, tone) = match (last.after, last.failed, last.apps) {
        (Some(after), ..) => (words::brief(after), "ok"),
        (None, ..) if act.state == State::Expanding => ("Being written out".to_owned(), "info"),
        (None, 0, 0) => ("No app to tell".to_owned(), ""),
        (None, 0, _) => (
            format!("Waiting for {}", counted(waiting, "app", "apps")),
            "info",
        ),
        (None, failed, _) if waiting == 0 => (
            format!("{} not told", counted(failed, "app", "apps")),
            "danger",
        ),
        (None, failed, _) => (
            format!(
                "{} not told, {waiting} waiting",
                counted(failed, "app", "apps")
            ),
            "danger",
        ),
    };
    let people = match act.people {
        0 => String::new(),
        n => format!(" of {}", counted(n, "person", "people")),
    };
    LastSignOut {
        url: gate.at(&format!("/signouts/{}", act.id)).to_string(),
        id: act.id.to_string(),
        at: words::ago(gate.now, act.at),
        who: format!("{}{people}", counted(act.sessions, "session", "sessions")),
        reason: reason(act),
        apps: match last.apps {
            0 => String::new(),
            n => format!("{} of {}", grouped(last.confirmed), grouped(n)),
        },
        words,
        tone,
        bar: last
            .after
            .map(|after| lying(after.0, LONGEST))
            .unwrap_or_default(),
    }
}

/// From ten milliseconds to a day, by powers of ten.
const LONGEST: Scale = Scale::Log(10, 86_400_000);
