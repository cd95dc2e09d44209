//! From one engine to another and back.

use super::*;

/// The engines of the round trip, in order.
const ENGINES: [&str; 2] = ["sled", "redb"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_trip_over_every_engine_gives_the_same_digest_and_sessions_go_on() {
    let home = Home::new();
    let mut process = home.start(&[]).await;
    let app = App::discover(&home.url, "demo", "web").await;
    let person = come(&app).await;
    process.terminate();
    let (code, out, err) = cli(&home, &["export", &path(&home, "export-0")]).await;
    assert_eq!(code, Some(0), "{err}");
    let digest = line(&out, "digest");
    let key = home.path("data/master.key");
    for (number, engine) in ENGINES.iter().chain(&["sled"]).enumerate() {
        let data = home.path(&format!("data-{number}"));
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(&key, data.join("master.key")).unwrap();
        let data = data.to_str().unwrap().to_owned();
        let (from, to) = (
            path(&home, &format!("export-{number}")),
            path(&home, &format!("export-{}", number + 1)),
        );
        let at = ["--data", &data, "--store", engine];
        let (code, out, err) = run(command(&[&["import", &from][..], &at].concat())).await;
        assert_eq!(code, Some(0), "{engine}: {err}");
        assert!(out.contains(&digest), "{engine}: {out}");
        let (code, out, err) = run(command(&[&["export", &to][..], &at].concat())).await;
        assert_eq!(code, Some(0), "{engine}: {err}");
        assert_eq!(line(&out, "digest"), digest, "{engine}");
    }
    std::fs::rename(home.path("data"), home.path("first")).unwrap();
    std::fs::rename(
        home.path(&format!("data-{}", ENGINES.len())),
        home.path("data"),
    )
    .unwrap();
    let _process = home.start(&[]).await;
    assert_eq!(state(&ops(&home), &person).await["state"], "active");
    app.refresh(&person.tokens).await;
}
