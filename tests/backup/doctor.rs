//! `realmkeep doctor`: what it finds, with a server and without.

use super::*;

async fn doctor(home: &Home, more: &[&str]) -> (Option<i32>, Value) {
    let realms = path(home, "realms");
    let args = [
        &[
            "doctor",
            "--json",
            "--all",
            "--realms",
            &realms,
            "--public-url",
            &home.url,
        ],
        more,
    ]
    .concat();
    let (code, out, err) = cli(home, &args).await;
    let findings: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(findings["sound"], code == Some(0), "{findings}");
    (code, findings)
}

/// The finding of an area that says this.
#[track_caller]
fn finding<'a>(found: &'a Value, area: &str, words: &str) -> &'a Value {
    let all = found["findings"].as_array().expect("findings");
    all.iter()
        .find(|f| f["area"] == area && f["found"].as_str().is_some_and(|t| t.contains(words)))
        .unwrap_or_else(|| panic!("no {words:?} of {area} in {found:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_runs_is_asked_and_one_that_stands_is_looked_at() {
    let home = Home::new();
    let (code, found) = doctor(&home, &[]).await;
    assert_eq!(code, Some(0));
    assert!(!home.path("data").exists(), "looking makes nothing");
    finding(&found, "configuration", "sound, with 3 realm files");

    let receiver = Receiver::start().await;
    let gone = Receiver::down().await;
    let apps = [("up", receiver.at("/up")), ("gone", gone.at("/gone"))];
    let apps: Vec<(&str, &str)> = apps.iter().map(|(id, at)| (*id, at.as_str())).collect();
    let text = realms::with_apps(&apps).replace("{url}", &home.url);
    std::fs::write(home.path("realms/demo.toml"), text).unwrap();
    let mut process = home.start(&[]).await;
    // Signing keys are made when they are first asked for.
    App::discover(&home.url, "demo", "web").await;
    come(&App::discover(&home.url, "demo", "web").await).await;
    let (code, found) = doctor(&home, &[]).await;
    assert_eq!(code, Some(1), "an app cannot be reached");
    finding(&found, "server", "runs as");
    finding(&found, "store", "takes commits");
    finding(&found, "clock", "within");
    finding(&found, "layout", "the newest");
    finding(&found, "keys", "open with this master key");
    finding(&found, "reach", "demo/up");
    finding(&found, "folder", "its owner's alone");
    finding(&found, "cookies", "neither Secure");
    let gone = finding(&found, "reach", "demo/gone");
    assert_eq!(gone["level"], "problem");
    assert!(gone["meaning"].as_str().unwrap().contains("does not learn"));
    assert!(gone["todo"].as_str().unwrap().contains("start the app"));
    // Nobody was told anything.
    for told in receiver.told("/up") {
        assert_eq!((told.method.as_str(), told.body.as_str()), ("HEAD", ""));
    }
    process.terminate();
    let (_, stopped) = doctor(&home, &[]).await;
    finding(&stopped, "server", "no server runs");
    finding(&stopped, "keys", "open with this master key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let mut process = home.start(&[]).await;
    come(&App::discover(&home.url, "demo", "web").await).await;
    process.terminate();
    std::fs::set_permissions(home.path("data"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (_, found) = doctor(&home, &[]).await;
    let open = finding(&found, "folder", "mode 755");
    assert!(open["todo"].as_str().unwrap().starts_with("chmod 700"));
    // Another key opens nothing.
    std::fs::write(home.path("data/master.key"), "77".repeat(32)).unwrap();
    let (code, found) = doctor(&home, &[]).await;
    assert_eq!(code, Some(1));
    let keys = finding(&found, "keys", "cannot be opened");
    assert!(
        keys["todo"]
            .as_str()
            .unwrap()
            .contains("REALMKEEP_MASTER_KEY")
    );
    std::fs::remove_file(home.path("data/master.key")).unwrap();
    let (code, found) = doctor(&home, &[]).await;
    assert_eq!(code, Some(1));
    finding(&found, "store", "no master key");
    assert!(!home.path("data/master.key").exists(), "looking makes none");
    // A proxy that is not believed, and a realm file that does not read.
    std::fs::write(home.path("realms/bad.toml"), "realm = \"bad\"\nx = 1\n").unwrap();
    let (code, out, _) = cli(
        &home,
        &[
            "doctor",
            "--realms",
            &path(&home, "realms"),
            "--public-url",
            "https://id.example",
        ],
    )
    .await;
    assert_eq!(code, Some(1));
    for words in [
        "PROBLEM configuration",
        "unknown key `x`",
        "WARNING proxy",
        "--trusted-proxy",
        "do: ",
    ] {
        assert!(out.contains(words), "{words:?} is not in {out}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_far_away_answers_who_may_do_everything() {
    let home = Home::new();
    let _process = home.start(&[]).await;
    let mut ask = command(&[
        "doctor",
        "--server",
        &home.url,
        "--client-id",
        "root",
        "--all",
    ]);
    ask.env("REALMKEEP_CLIENT_SECRET", "root-secret");
    let (code, out, err) = run(ask).await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("sled takes commits"), "{out}");
    let refused = ops(&home).at("master").get("/doctor").await;
    assert_eq!(refused.status, 404);
}
