//! The overview.

use super::sample::{moment, shell};
use crate::http::console::pages::chart::{Chart, Scale, bars, line, panel};
use crate::http::console::pages::*;
use crate::http::rendered::{NASTY, attribute, page, tag_with};

fn overview() -> OverviewPage {
    let values = [Some(3), None, Some(40), Some(17)];
    let scale = Scale::over(&values);
    let drawn = vec![
        line("Sessions", "one", &values, scale),
        bars("Sign-ins", "two", &values, scale),
    ];
    OverviewPage {
        shell: shell(Section::Overview),
        glance: Glance {
            url: "/admin/acme-prod/overview".to_owned(),
            receipts_url: "/admin/acme-prod/signouts".to_owned(),
            attention: Some(Attention {
                what: "2 people do not recognise sessions".to_owned(),
                people: vec![
                    Link {
                        label: NASTY.to_owned(),
                        url: "/admin/acme-prod/users/1".to_owned(),
                    },
                    Link {
                        label: NASTY.to_owned(),
                        url: String::new(),
                    },
                ],
            }),
            tiles: vec![Tile {
                id: "tile-failing",
                name: "Apps not answering",
                icon: "triangle-alert",
                value: "1".to_owned(),
                about: NASTY.to_owned(),
                url: "/admin/acme-prod/apps".to_owned(),
                alarming: true,
            }],
            long: vec![
                LongAct {
                    words: "A large sign-out is being written out".to_owned(),
                    progress: "1,200 of 5,000 sessions".to_owned(),
                    done: 1200,
                    total: Some(5000),
                    url: "/admin/acme-prod/signouts/1".to_owned(),
                },
                LongAct::default(),
            ],
            last: vec![LastSignOut {
                url: "/admin/acme-prod/signouts/1".to_owned(),
                id: "1".to_owned(),
                at: moment("2 min ago", "2026-11-21T14:30:00Z"),
                who: "3 sessions of 2 people".to_owned(),
                reason: NASTY.to_owned(),
                apps: "4 of 4".to_owned(),
                words: "1.2 s".to_owned(),
                tone: "ok",
                bar: chart::lying(1200, Scale::Log(10, 86_400_000)),
            }],
        },
        ranges: vec![(Link::default(), true)],
        charts: vec![Chart {
            id: "chart-sessions",
            title: "Active sessions",
            about: "at most 40".to_owned(),
            panels: vec![panel("At most 40".to_owned(), scale, 4, drawn)],
            ticks: vec!["00:00".to_owned()],
            columns: vec!["Sessions".to_owned()],
            rows: vec![(
                moment("14:00 UTC", "2026-11-21T14:00:00Z"),
                vec!["17".to_owned()],
            )],
        }],
        is_new: false,
    }
}

#[test]
fn the_overview_is_drawn_without_a_style_and_says_its_numbers() {
    let html = page("overview", &overview());
    let glance = tag_with(&html, "id=\"glance\"");
    assert_eq!(attribute(glance, "data-complete"), Some("false"));
    assert_eq!(
        attribute(glance, "data-summary"),
        Some("2 acts are under way")
    );
    let progress = tag_with(&html, "value=\"1200\"");
    assert_eq!(attribute(progress, "max"), Some("5000"));
    let drawing = tag_with(&html, "role=\"img\"");
    assert_eq!(attribute(drawing, "aria-label"), Some("At most 40"));
    assert!(html.contains("<td>17</td>") && html.contains("Show the numbers"));
}

#[test]
fn what_is_fetched_is_the_glance_alone() {
    let html = page("overview-glance", &overview().glance);
    assert!(html.contains("id=\"tile-failing\"") && !html.contains("<main"));
}
