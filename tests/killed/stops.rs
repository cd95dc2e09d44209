//! How the program stops when told to, and when it refuses to start.

use super::*;
use crate::support::Receiver;
use crate::support::receiver::Reply;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_ends_well_within_five_seconds_and_forgets_nothing() {
    let home = Home::new();
    let mut process = home.start(&[]).await;
    let app = App::discover(&home.url, "demo", "web").await;
    let mut fact = come(&app).await.expect("a session");
    let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
    let made = ops
        .sign_out(json!({ "sessions": ["0190a000-0000-7000-8000-000000000000", fact.sid] }))
        .await;
    // A connection that stays open, as a console's live view does.
    let events = client()
        .get(format!(
            "{}/admin/realms/demo/signouts/{}/events",
            home.url,
            made["id"].as_str().unwrap()
        ))
        .bearer_auth(ops.token().await)
        .timeout(Duration::from_secs(60))
        .send()
        .await;
    let (status, took) = process.terminate();
    assert_eq!(status.and_then(|s| s.code()), Some(0), "{}", process.log());
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(events);
    let _process = home.start(&[]).await;
    fact.state = State::Ended;
    check(&app, &ops, &mut fact).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_hangs_does_not_hold_up_a_stop_in_good_order() {
    const PATH: &str = "/backchannel-logout";
    let receiver = Receiver::start().await;
    receiver.answers(PATH, Reply::Hang);
    let home = Home::new();
    let mut process = home.start(&[]).await;
    let app = App::discover(&home.url, "demo", "web").await;
    let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
    let body = json!({ "backchannel_logout_uri": receiver.at(PATH) });
    let path = format!("/clients/{}", ops.client_uuid("web").await);
    ops.put(&path, &body).await.expect(204);
    let fact = come(&app).await.expect("a session");
    ops.sign_out(json!({ "sessions": [fact.sid] })).await;
    receiver.wait(PATH, 1, Duration::from_secs(30)).await;
    let (status, took) = process.terminate();
    assert_eq!(status.and_then(|s| s.code()), Some(0), "{}", process.log());
    assert!(took < Duration::from_secs(5), "{took:?}");
    // The word of a clean stop: the next start need not read every record.
    assert!(home.path("data/CLEAN").is_file(), "{}", process.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_folder_is_refused_in_clear_words() {
    let home = Home::new();
    let _process = home.start(&[]).await;
    let listen = format!("127.0.0.1:{}", crate::support::process::free_port());
    // A port of its own, so that only the folder is in the way.
    let (data, realms) = (home.path("data"), home.path("realms"));
    let places = [
        "--data",
        data.to_str().unwrap(),
        "--realms",
        realms.to_str().unwrap(),
    ];
    let args = [
        &[
            "serve",
            "--listen",
            listen.as_str(),
            "--management-listen",
            "127.0.0.1:0",
        ][..],
        &places,
    ]
    .concat();
    let (code, _, err) = finish(command(&args));
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("in use by another realmkeep process") && err.contains(data.to_str().unwrap()),
        "{err}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_a_newer_version_is_refused_in_clear_words() {
    let home = Home::new();
    let (status, _) = home.start(&[]).await.terminate();
    assert!(status.is_some_and(|s| s.success()));
    let path = home.path("data/realmkeep.id");
    let text = std::fs::read_to_string(&path).expect("the file that says what the folder is");
    std::fs::write(&path, text.replace("format = 1", "format = 99")).unwrap();
    let (code, _, err) = finish(home.serve(&[]));
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("has format 99") && err.contains("or newer"),
        "{err}"
    );
}

#[test]
fn what_is_misspelt_is_refused_with_a_suggestion() {
    let home = Home::new();
    let (code, _, err) = finish(home.serve(&["--public-ulr", "http://x"]));
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("--public-ulr") && err.contains("--public-url"),
        "{err}"
    );

    let config = home.path("realmkeep.toml");
    std::fs::write(&config, "node = \"a\"\nlisten_on = \"127.0.0.1:1\"\n").unwrap();
    let (code, _, err) = finish(home.serve(&["--config", config.to_str().unwrap()]));
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("realmkeep.toml:2:1") && err.contains("listen_on") && err.contains("`listen`"),
        "{err}"
    );

    let mut misspelt = home.serve(&[]);
    misspelt.env("REALMKEEP_NODES", "x");
    let (code, _, err) = finish(misspelt);
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("REALMKEEP_NODES") && err.contains("REALMKEEP_NODE"),
        "{err}"
    );
}
