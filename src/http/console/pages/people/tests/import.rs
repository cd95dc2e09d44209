//! The pages of an import with the worst that a file holds.

use super::*;
use crate::http::console::pages::Choice;

fn said() -> Said {
    Said {
        at: "7".to_owned(),
        about: NASTY.to_owned(),
        text: NASTY.to_owned(),
    }
}

#[test]
fn the_form_says_what_is_wrong_and_keeps_what_was_pasted() {
    for wrong in [0, 1, 60] {
        let html = page(
            "import-form",
            &ImportFormPage {
                shell: shell(Section::Users),
                crumbs: vec![link("Users")],
                action: "/import".to_owned(),
                problems: (0..wrong.min(1)).map(|_| said()).collect(),
                wrong,
                unit: "Line",
                text: NASTY.to_owned(),
                if_exists: vec![Choice {
                    value: "skip".to_owned(),
                    label: "Skip them".to_owned(),
                    selected: true,
                }],
                rows: vec![ImportRow {
                    url: "/i".to_owned(),
                    at: moment(),
                    by: NASTY.to_owned(),
                    total: 1204,
                    words: "Complete".to_owned(),
                    tone: "ok",
                }],
                cancel_url: "/users".to_owned(),
            },
        );
        assert_eq!(html.contains("id=\"problems\""), wrong > 0);
        assert_eq!(html.contains("and 59 more"), wrong == 60);
        assert!(tag_with(&html, "enctype=\"multipart/form-data\"").contains("method=\"post\""));
    }
}

#[test]
fn what_an_import_would_do_is_said_in_numbers() {
    let mut asked = Asked {
        url: "/i".to_owned(),
        total: 1204,
        existing: 24,
        updates: false,
        sample: vec![Sampled {
            username: NASTY.to_owned(),
            name: NASTY.to_owned(),
            email: NASTY.to_owned(),
            roles: NASTY.to_owned(),
            what: "New",
            ..Sampled::default()
        }],
        passed_over: vec![NASTY.to_owned()],
        credentials: true,
        foreign: None,
    };
    let draw = |asked: &Asked| {
        page(
            "import",
            &ImportPage {
                shell: shell(Section::Users),
                crumbs: vec![link("Users")],
                asked: Some(asked.clone()),
                view: None,
            },
        )
    };
    let html = draw(&asked);
    assert!(
        html.contains("Import 1,204 people?") && html.contains(">Import 1,180 people</button>")
    );
    assert!(html.contains("1,180 new, 24 exist already and stay as they are"));
    asked.updates = true;
    assert!(draw(&asked).contains(">Import 1,204 people</button>"));
    asked.foreign = Some(NASTY.to_owned());
    assert!(!draw(&asked).contains("id=\"begin\""));
}

#[test]
fn the_progress_is_read_out_and_over_when_it_is_over() {
    let mut view = ImportView {
        url: "/i".to_owned(),
        total: 1204,
        done: 300,
        failed: 60,
        failures: vec![said()],
        unit: "Entry",
        by: NASTY.to_owned(),
        passed_over: vec![NASTY.to_owned()],
        at: moment(),
        ..ImportView::default()
    };
    let draw = |view: &ImportView| {
        page(
            "import-view",
            &ImportPage {
                shell: shell(Section::Users),
                crumbs: Vec::new(),
                asked: None,
                view: Some(view.clone()),
            },
        )
    };
    let html = draw(&view);
    let live = tag_with(&html, "data-live");
    assert_eq!(
        attribute(live, "data-summary"),
        Some("300 of 1,204 people done")
    );
    assert!(html.contains("and 59 more") && html.contains("id=\"refresh\""));
    view.complete = true;
    view.finished_at = Some(moment());
    let html = draw(&view);
    assert!(html.contains("60 of 1,204 people not imported") && !html.contains("id=\"refresh\""));
}
