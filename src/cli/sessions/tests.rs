//! The session commands against a fake server.

use clap::Parser;
use clap::error::ErrorKind;

use super::*;

#[derive(Parser, Debug)]
struct Line {
    #[command(flatten)]
    sessions: SessionsArgs,
}

fn parse(words: &str) -> Result<SessionsArgs, clap::Error> {
    Line::try_parse_from(words.split(' ')).map(|line| line.sessions)
}

fn refusal(words: &str) -> ErrorKind {
    parse(words).unwrap_err().kind()
}

#[test]
fn the_defaults_are_the_demo_realm_of_a_server_on_this_machine() {
    let args = parse("sessions list").unwrap();
    assert_eq!(args.connection.server.as_str(), "http://localhost:8080/");
    assert_eq!(args.connection.realm, "demo");
    assert!(!args.connection.json);
    let Verb::List(list) = args.verb else {
        panic!()
    };
    assert_eq!(
        (list.state.name(), list.limit, list.query),
        ("active", 50, None)
    );
}

#[test]
fn options_of_the_connection_may_stand_before_or_after_the_verb() {
    for words in [
        "s --realm acme --json list -q al",
        "s list -q al --realm acme --json",
    ] {
        let args = parse(words).unwrap();
        assert!(
            args.connection.json && args.connection.realm == "acme",
            "{words}"
        );
    }
}

#[test]
fn sign_in_is_blocked_for_a_time_or_until_it_is_lifted() {
    for (words, until) in [
        ("s invalidate --block-sign-in --user al", Some("lifted")),
        ("s invalidate --block-sign-in=2h s1", Some("2h")),
        // What follows without an equals sign is a session.
        ("s invalidate --block-sign-in s1", Some("lifted")),
        ("s invalidate s1", None),
    ] {
        let Verb::Invalidate(asked) = parse(words).unwrap().verb else {
            panic!()
        };
        assert_eq!(asked.block_sign_in.as_deref(), until, "{words}");
    }
}

#[test]
fn there_is_exactly_one_way_of_selecting() {
    for words in [
        "s invalidate a b",
        "s invalidate --user al --user bo",
        "s invalidate --all --yes",
        "s invalidate -q ip:10.0.0.0/8",
    ] {
        assert!(parse(words).is_ok(), "{words}");
    }
    assert_eq!(refusal("s invalidate"), ErrorKind::MissingRequiredArgument);
    for words in [
        "s invalidate a --all",
        "s invalidate --user al --client web",
        "s invalidate -q x --all",
    ] {
        assert_eq!(refusal(words), ErrorKind::ArgumentConflict, "{words}");
    }
}

#[test]
fn a_bad_limit_or_state_is_wrong_usage() {
    assert_eq!(refusal("s list --limit 0"), ErrorKind::ValueValidation);
    assert_eq!(refusal("s list --state gone"), ErrorKind::InvalidValue);
    assert_eq!(
        refusal("s --server nonsense list"),
        ErrorKind::ValueValidation
    );
}

#[test]
fn the_secret_is_not_shown_by_debug() {
    let args = parse("s list --client-secret hunter2").unwrap();
    assert!(!format!("{args:?}").contains("hunter2"));
}

#[test]
fn a_listing_shows_who_where_with_what_and_since_when() {
    let page = json!({
        "sessions": [
            { "id": "s1", "username": "alice", "ipAddress": "10.0.0.1", "device": { "os": "Windows", "browser": "Firefox" },
              "clients": [{ "clientId": "demo-web" }, { "clientId": "demo-notes" }],
              "startedAt": "2026-11-20T14:00:00Z", "lastActiveAt": "2026-11-20T14:05:00Z" },
            { "id": "s2", "username": "bob", "ipAddress": "::1", "device": { "os": "Linux", "browser": null }, "clients": [],
              "startedAt": "2026-11-20T13:00:00Z", "lastActiveAt": "2026-11-20T13:00:00Z" },
        ],
        "total": 7, "totalIsExact": true, "next": "c",
    });
    assert_eq!(
        listing(&page, Which::Active),
        "USERNAME  IP        DEVICE              APPS                  STARTED               LAST ACTIVE           ID\n\
         alice     10.0.0.1  Firefox on Windows  demo-web, demo-notes  2026-11-20 14:00:00Z  2026-11-20 14:05:00Z  s1\n\
         bob       ::1       Linux                                     2026-11-20 13:00:00Z  2026-11-20 13:00:00Z  s2\n\
         \nThe first 2 of 7 active sessions\n"
    );
    assert_eq!(
        listing(&json!({ "sessions": [] }), Which::Ended),
        "No ended sessions.\n"
    );
}

mod remote {
    //! The commands against a server of a few lines.

    use super::*;
    use crate::cli::remote::tests::{Fake, Seen};

    fn args(fake: &Fake, words: &str) -> SessionsArgs {
        parse(&format!(
            "s --server {} --client-id ops --client-secret p:w {words}",
            fake.url
        ))
        .unwrap()
    }

    fn nobody(_: &str) -> Consent {
        Consent::Nobody
    }

    fn admin(seen: &Seen, all: &[Seen]) -> (u16, Value) {
        let posts = all
            .iter()
            .filter(|one| one.line.starts_with("GET /admin/realms/demo/signouts/so1"))
            .count();
        match seen.line.as_str() {
            "POST /realms/demo/protocol/openid-connect/token" => {
                (200, json!({ "access_token": "t1" }))
            }
            "GET /admin/realms/demo/users?username=alice&exact=true" => {
                (200, json!([{ "id": "u1", "username": "alice" }]))
            }
            "GET /admin/realms/demo/users?username=ghost&exact=true" => (200, json!([])),
            "POST /admin/realms/demo/signouts" if seen.body.contains("dryRun") => (
                200,
                json!({ "sessions": 2, "people": 1, "apps": [{ "clientId": "demo-web", "channel": "backchannel" }] }),
            ),
            "POST /admin/realms/demo/signouts" if seen.body.contains("mine") => (
                409,
                json!({ "type": "x", "title": "Own session", "detail": "It is protected", "status": 409 }),
            ),
            "POST /admin/realms/demo/signouts" => {
                (201, json!({ "id": "so1", "state": "expanding" }))
            }
            // Expanding at the first look, settled at the second.
            "GET /admin/realms/demo/signouts/so1" if posts < 2 => {
                (200, json!({ "id": "so1", "state": "expanding" }))
            }
            "GET /admin/realms/demo/signouts/so1" => (
                200,
                json!({ "id": "so1", "state": "settled", "counts": { "sessions": 2 } }),
            ),
            "GET /admin/realms/demo/sessions?state=active&limit=100" => (
                200,
                json!({ "sessions": [{ "id": "s1" }], "next": "c1", "total": 2, "totalIsExact": true }),
            ),
            "GET /admin/realms/demo/sessions?state=active&limit=100&cursor=c1" => (
                200,
                json!({ "sessions": [{ "id": "s2" }], "next": null, "total": 2, "totalIsExact": true }),
            ),
            _ => (404, json!({ "title": "Not found", "detail": seen.line })),
        }
    }

    #[tokio::test]
    async fn invalidate_resolves_names_waits_for_the_expansion_and_prints_the_receipt() {
        let fake = Fake::start(admin).await;
        let shown = execute(
            &args(&fake, "invalidate --user alice --reason lost --yes"),
            nobody,
        )
        .await
        .unwrap();
        assert!(
            shown.contains("State          settled\n") && shown.contains("2 sessions"),
            "{shown}"
        );
        let seen = fake.seen();
        // RFC 6749 section 2.3.1: the colon within the secret is escaped before the pair is joined.
        assert!(
            seen[0].head.contains("basic b3bzonalm0f3")
                && seen[0].body == "grant_type=client_credentials"
        );
        let post = seen
            .iter()
            .find(|one| one.line.starts_with("POST /admin"))
            .unwrap();
        assert!(
            post.head.contains("authorization: bearer t1")
                && post.head.contains("idempotency-key: ")
        );
        let body: Value = serde_json::from_str(&post.body).unwrap();
        assert_eq!(
            body,
            json!({ "select": { "users": ["u1"] }, "reason": "lost" })
        );
    }

    #[tokio::test]
    async fn without_yes_the_plan_is_shown_and_a_no_ends_nothing() {
        let fake = Fake::start(admin).await;
        let args = args(&fake, "invalidate s1");
        let asked = execute(&args, |plan| {
            assert!(
                plan.contains("This would end 2 sessions of 1 person") && plan.contains("demo-web"),
                "{plan}"
            );
            Consent::No
        });
        assert!(matches!(asked.await, Err(RemoteError::Declined)));
        let asked = execute(&args, nobody).await;
        assert!(matches!(asked, Err(RemoteError::Usage(_))));
        assert!(fake.seen().iter().all(|one| !one.line.ends_with("/signouts") || one.body.contains("\"dryRun\":true")));
        assert!(
            execute(&args, |_| Consent::Yes)
                .await
                .unwrap()
                .contains("so1")
        );
    }

    #[tokio::test]
    async fn a_dry_run_ends_nothing_even_with_yes() {
        let fake = Fake::start(admin).await;
        let shown = execute(
            &args(&fake, "invalidate --all --dry-run --yes --json"),
            nobody,
        )
        .await
        .unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&shown).unwrap()["sessions"],
            2
        );
        assert_eq!(
            fake.seen()
                .iter()
                .filter(|one| one.line.ends_with("/signouts"))
                .count(),
            1
        );
    }

    #[tokio::test]
    async fn a_problem_is_told_by_title_and_detail() {
        let fake = Fake::start(admin).await;
        let error = execute(&args(&fake, "invalidate mine --yes"), nobody)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "Own session: It is protected");
        let error = execute(&args(&fake, "invalidate --user ghost --yes"), nobody)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "nothing was ended: there is no user \"ghost\""
        );
    }

    #[tokio::test]
    async fn a_list_follows_the_cursor() {
        let fake = Fake::start(admin).await;
        let shown = execute(&args(&fake, "list --limit 200 --json"), nobody)
            .await
            .unwrap();
        let page: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(page["sessions"], json!([{ "id": "s1" }, { "id": "s2" }]));
        assert_eq!(page["total"], 2);
    }
}
