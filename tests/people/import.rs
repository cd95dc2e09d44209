//! Many people brought into a realm: by the API, the console and the command line; a wrong file writes nothing; and a server
//! that is killed in the middle has everybody in the end, once, with their old password.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::Desk;
use crate::support::browser::client;
use crate::support::process::{Home, command, finish};
use crate::support::{Answer, App, Browser, Engine, Operator, TestServer, until};

/// "from before", as another program hashed it with bcrypt.
const BCRYPT: &str = "$2y$05$U25rdt8.MVLiZUOBgrG9/OQIpbAD4Kmby1QveHJS6emzaCKUsn1v2";
/// The same with PBKDF2, as Keycloak keeps it.
const KEYCLOAK: [&str; 2] = [
    "AAECAwQFBgcICQoLDA0ODw==",
    "dkC3o+OB9reh9NnsjM6WEGcY1fqP+g/XL0MGPVs61Q5HifDgrs+hMyALyshnzMB47pEfAMvM52TnCWHHqBGQNw==",
];
/// How long an import of a test may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Sends a file.
async fn send(ops: &Operator, url: &str, query: &str, kind: &str, file: String) -> Answer {
    let request = client()
        .post(format!("{url}/admin/realms/demo/imports{query}"))
        .header("content-type", kind)
        .bearer_auth(ops.token().await)
        .body(file);
    Answer::of(request).await
}

/// Waits until an import is over.
async fn over(ops: &Operator, id: &str) -> Value {
    let path = format!("/imports/{id}");
    let done = async || ops.get(&path).await.expect(200).json()["state"] == "done";
    until("the import is over", LIMIT, done).await;
    ops.get(&path).await.json()
}

#[tokio::test]
async fn people_come_with_the_password_and_the_id_that_they_had() {
    let server = TestServer::start(Engine::Memory).await;
    let (ops, web) = (server.ops(), server.app("web").await);
    let secret = json!({"value": KEYCLOAK[1], "salt": KEYCLOAK[0], "additionalParameters": {}});
    let data = json!({"hashIterations": 1000, "algorithm": "pbkdf2-sha256"});
    let id = "7b0a1f52-6e1f-4a27-9a52-0d7f6f6a8a11";
    let file = json!({"realm": "old", "clients": [{"clientId": "x"}], "users": [
        {"id": id, "username": "anna", "email": "anna@example.com", "emailVerified": true, "enabled": true,
         "firstName": "Anna", "lastName": "Keller", "realmRoles": ["default-roles-old", "staff"],
         "attributes": {"department": ["Sales"]},
         "credentials": [{"type": "password", "secretData": secret.to_string(), "credentialData": data.to_string()}]},
        {"username": "bert", "password_hash": BCRYPT},
        {"username": "cleo", "password": "plain and typed"},
        {"username": "alice", "password": "not taken over"},
    ]});
    let begun = send(&ops, &server.url, "", "application/json", file.to_string())
        .await
        .expect(202);
    let begun = begun.json();
    assert_eq!(begun["passedOver"], json!(["clients"]));
    let done = over(&ops, begun["id"].as_str().unwrap()).await;
    assert_eq!(
        (&done["created"], &done["skipped"], &done["failed"]),
        (&json!(3), &json!(1), &json!(0)),
        "{done}"
    );
    let anna = ops.get(&format!("/users/{id}")).await.expect(200).json();
    assert_eq!(
        (&anna["username"], &anna["roles"]),
        (&json!("anna"), &json!(["staff"]))
    );
    assert_eq!(anna["attributes"]["department"], json!(["Sales"]));
    for (who, password) in [
        ("anna", "from before"),
        ("bert", "from before"),
        ("cleo", "plain and typed"),
        ("alice", "alice-password"),
    ] {
        let tokens = web
            .sign_in(&Browser::default(), who, password, &["profile"], false)
            .await;
        assert!(who != "anna" || tokens.sub == id, "{}", tokens.sub);
    }
}

#[tokio::test]
async fn an_update_signs_out_whom_it_disables_and_nobody_else() {
    let desk = Desk::open().await;
    let (bob, alice) = (
        desk.somebody("bob", "bob-password").await,
        desk.somebody("alice", "alice-password").await,
    );
    let table = "username,enabled,claims.department\nbob,false,Sales\nalice,,Sales\n";
    let ops = desk.server.ops();
    let begun = send(
        &ops,
        &desk.server.url,
        "?ifExists=update",
        "text/csv",
        table.to_owned(),
    )
    .await;
    let done = over(&ops, begun.expect(202).json()["id"].as_str().unwrap()).await;
    assert_eq!(done["updated"], 2, "{done}");
    desk.is_out(&bob).await;
    desk.is_in(&alice).await;
    let log = ops.get("/audit?action=users.imported").await.expect(200);
    assert!(
        log.text
            .contains("created 0, updated 2, skipped 0, failed 0"),
        "{}",
        log.text
    );
}

#[tokio::test]
async fn a_wrong_file_writes_nobody_and_a_large_one_is_refused_in_words() {
    let server = TestServer::start(Engine::Memory).await;
    let ops = server.ops();
    let mut table = "username,enabled\n".to_owned();
    for n in 0..60 {
        table.push_str(&format!("person-{n},perhaps\n"));
    }
    table.push_str("fine,true\n");
    let refused = send(&ops, &server.url, "", "text/csv", table)
        .await
        .expect(422)
        .json();
    assert_eq!(refused["errorCount"], 60);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 50);
    assert_eq!(refused["errors"][0]["line"], 2);
    assert_eq!(ops.get("/users/count?search=fine").await.json(), 0);
    assert_eq!(ops.get("/imports").await.expect(200).json(), json!([]));
    for (query, file, status) in [
        ("?ifExists=x", "username\na\n", 400),
        ("", "{", 422),
        ("", "", 422),
    ] {
        send(
            &ops,
            &server.url,
            query,
            "application/json",
            file.to_owned(),
        )
        .await
        .expect(status);
    }
    // Above what other addresses take, and taken here.
    let mut large = "username\n".to_owned();
    (0..100_001).for_each(|n| large.push_str(&format!("somebody-with-a-name-{n:06}\n")));
    assert!(large.len() > 2 * 1024 * 1024);
    let refused = send(&ops, &server.url, "", "text/csv", large)
        .await
        .expect(422);
    assert!(
        refused.text.contains("at most 100000 people"),
        "{}",
        refused.text
    );
    let viewer = server.service("viewer");
    assert_eq!(
        send(
            &viewer,
            &server.url,
            "",
            "text/csv",
            "username\na\n".to_owned()
        )
        .await
        .status,
        403
    );
}

#[tokio::test]
async fn in_the_console_it_goes_on_without_the_page() {
    let desk = Desk::open().await;
    let page = desk.get("/users/import").await;
    let form = page.form("import-form").fill(
        "text",
        "username,name,password\nzoe,Zoe Z,zoe-password\nalice,,\n",
    );
    let asked = desk
        .dana
        .submit(&page, form.fill("if_exists", "skip"))
        .await;
    assert!(
        asked.text("ask-sub").starts_with("1 new, 1 exists already"),
        "{asked}"
    );
    let form = asked.html().form_around("begin").expect("a form");
    let page = desk.dana.submit(&asked, form).await;
    let id = page.url.path().rsplit('/').next().unwrap().to_owned();
    over(&desk.server.ops(), &id).await;
    let page = desk.get(&format!("/users/imports/{id}")).await;
    assert_eq!(
        (page.text("created"), page.text("skipped")),
        ("1".to_owned(), "1".to_owned())
    );
    desk.somebody("zoe", "zoe-password").await;
}

#[tokio::test]
async fn keycloaks_admin_clients_import_a_few() {
    let server = TestServer::start(Engine::Memory).await;
    let ops = server.ops();
    let users = json!([{"username": "zoe", "enabled": true, "email": "z@example.com"}, {"username": "alice"}]);
    let body = json!({"ifResourceExists": "SKIP", "users": users, "realm": "demo"});
    let done = ops
        .call(Method::POST, "/partialImport", Some(&body))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&done["added"], &done["skipped"], &done["overwritten"]),
        (&json!(1), &json!(1), &json!(0))
    );
    let zoe = &done["results"][0];
    assert_eq!(
        (&zoe["action"], &zoe["resourceType"]),
        (&json!("ADDED"), &json!("USER"))
    );
    assert_eq!(zoe["id"], json!(ops.user_id("zoe").await));
}

#[tokio::test]
async fn the_command_shows_what_it_did_and_what_is_wrong() {
    let server = TestServer::start(Engine::Memory).await;
    let folder = tempfile::tempdir().unwrap();
    let cli = async |file: &str, more: &[&str]| {
        let path = folder.path().join("people");
        std::fs::write(&path, file).unwrap();
        let path = path.to_str().unwrap().to_owned();
        let mut command = command(&[&["user", "import", &path][..], more].concat());
        command
            .env("REALMKEEP_SERVER", &server.url)
            .env("REALMKEEP_CLIENT_ID", "ops")
            .env("REALMKEEP_CLIENT_SECRET", "ops-secret");
        tokio::task::spawn_blocking(move || finish(command))
            .await
            .unwrap()
    };
    let table = "username,email\nzoe,z@example.com\nalice,a@example.com\n";
    let (code, out, err) = cli(table, &["--dry-run"]).await;
    assert_eq!(
        (code, out.as_str()),
        (
            Some(0),
            "This would import 2 users: 1 new, 1 there already (skip).\n"
        ),
        "{err}"
    );
    let (code, out, err) = cli(table, &["--if-exists", "update"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("Created  1\nUpdated  1\nSkipped  0\nFailed   0\n"),
        "{out}"
    );
    let (code, out, err) = cli("username,enabled\nx,perhaps\n", &[]).await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.contains("line 2: enabled: expected true or false"),
        "{err}"
    );
    let (code, _, err) = cli(table, &["--if-exists", "fail"]).await;
    assert!(code == Some(1) && err.contains("there already"), "{err}");
}

/// Several thousand people, and the server killed again and again meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_the_middle_has_everybody_once_in_the_end() {
    const PEOPLE: usize = 4000;
    let home = Home::new();
    let mut process = home.start(&[]).await;
    let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
    let mut table = "username,email,password_hash\n".to_owned();
    for n in 0..PEOPLE {
        table.push_str(&format!("many-{n:04},m{n}@example.com,{BCRYPT}\n"));
    }
    let begun = send(&ops, &home.url, "", "text/csv", table)
        .await
        .expect(202)
        .json();
    let path = format!("/imports/{}", begun["id"].as_str().unwrap());
    let done = async || {
        ops.get(&path).await.expect(200).json()["done"]
            .as_u64()
            .unwrap()
    };
    // Not right after what was seen: a pause of the worker's begins there.
    for (part, later) in [
        (100, 31),
        (500, 47),
        (900, 61),
        (1400, 73),
        (1900, 89),
        (2400, 97),
    ] {
        until("some are written", LIMIT, async || done().await >= part).await;
        tokio::time::sleep(Duration::from_millis(later)).await;
        process.kill();
        process = home.start(&[]).await;
        let left = PEOPLE as u64 - done().await;
        assert!(
            left > 0,
            "it was over before it was killed: the test proves nothing"
        );
    }
    let import = over(&ops, begun["id"].as_str().unwrap()).await;
    assert_eq!(
        (&import["created"], &import["skipped"], &import["failed"]),
        (&json!(PEOPLE), &json!(0), &json!(0)),
        "{import}"
    );
    assert_eq!(ops.get("/users/count?search=many-").await.json(), PEOPLE);
    let web = App::discover(&home.url, "demo", "web").await;
    for who in ["many-0000", "many-2000", "many-3999"] {
        web.sign_in(&Browser::default(), who, "from before", &["profile"], false)
            .await;
    }
    drop(process);
}
