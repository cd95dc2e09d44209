//! Forms from tables, and back.

use super::*;
use serde_json::json;

const SHEETS: &[Sheet] = &[Sheet {
    title: "All",
    about: "",
    specs: &[
        spec("a.idle", "Idle", Kind::Length, ""),
        spec("a.limit", "Limit", Kind::Number, ""),
        spec("a.on", "On", Kind::Flag, ""),
        spec("name", "Name", Kind::Maybe, ""),
        spec("uris", "Addresses", Kind::Words, ""),
        spec("how", "How", Kind::One(&[("x", "Ex"), ("y", "Why")]), ""),
        spec(
            "who",
            "Who",
            Kind::Some(&[("u", "User"), ("v", "Other")]),
            "",
        ),
        spec("keys", "Keys", Kind::Json, ""),
        spec("secret", "Secret", Kind::Secret, ""),
    ],
}];

fn settings() -> Value {
    json!({"a": {"idle": "30m", "limit": 0, "on": true}, "name": null, "uris": ["https://a", "https://b"],
           "how": "x", "who": ["u"], "keys": {"keys": []}, "other": 7})
}

#[test]
fn what_is_drawn_and_sent_back_changes_nothing() {
    let drawn = Draft::of(&settings(), SHEETS).hidden();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&drawn)
        .finish();
    let mut draft = Draft::posted(&Form::read(body.as_bytes()), SHEETS);
    assert_eq!(draft.over(settings(), SHEETS), settings());
    assert!(!draft.is_wrong());
}

#[test]
fn what_does_not_read_stays_typed_with_what_was_expected() {
    let body = b"a.idle=soon&a.limit=-1&how=z&keys=%7B&name=+&uris=x%0Ay&secret=hush";
    let mut draft = Draft::posted(&Form::read(body), SHEETS);
    let after = draft.over(settings(), SHEETS);
    assert_eq!(at(&after, "a.idle"), "30m");
    assert_eq!(at(&after, "a.on"), false);
    assert_eq!(at(&after, "uris"), &json!(["x", "y"]));
    assert_eq!(at(&after, "secret"), "hush");
    let wrong: Vec<_> = draft.problems(SHEETS).into_iter().map(|p| p.id).collect();
    assert_eq!(wrong, ["a-idle", "a-limit", "how", "keys"]);
    let groups = draft.groups(SHEETS);
    let idle = &groups[0].fields[0];
    assert_eq!(idle.value, "soon");
    assert!(idle.problem.starts_with("expected a duration"));
    let said = changes(SHEETS, &settings(), &after);
    assert!(said.iter().all(|change| !change.after.contains("hush")));
}

#[test]
fn a_problem_finds_its_field() {
    let mut draft = Draft::of(&settings(), SHEETS);
    draft.blame(SHEETS, "limit", "too many".to_owned());
    draft.blame_named(SHEETS, "a.idle must be more".to_owned());
    draft.blame_named(SHEETS, "this needs uris.".to_owned());
    draft.blame(SHEETS, "", "all of it".to_owned());
    let ids: Vec<_> = draft.problems(SHEETS).into_iter().map(|p| p.id).collect();
    assert_eq!(ids, ["", "a-idle", "a-limit", "uris"]);
}

#[test]
fn what_somebody_else_changed_is_told() {
    let seen: Value = serde_json::from_str(&seen(SHEETS, &settings())).unwrap();
    assert!(meanwhile(SHEETS, &seen, &settings(), &settings()).is_empty());
    let mut now = settings();
    put(&mut now, "a.idle", "5m".into());
    let rows = meanwhile(SHEETS, &seen, &now, &settings());
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].was.as_str(), rows[0].now.as_str()), ("30m", "5m"));
}
