//! From one engine to another and back.

use super::*;

/// The engines of the round trip, in order; it ends where the server will start.
fn engines() -> Vec<String> {
    let database = crate::support::postgres::shared().map(|cluster| cluster.fresh());
    let embedded = ["sled", "redb"].map(str::to_owned);
    let back = ["sled".to_owned()];
    embedded.into_iter().chain(database).chain(back).collect()
}

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
    let engines = engines();
    for (number, engine) in engines.iter().enumerate() {
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
        // What is there already is not mixed with anything else.
        let (code, _, err) = run(command(&[&["import", &from][..], &at].concat())).await;
        assert_eq!(code, Some(1), "{engine}");
        assert!(err.contains("holds a store already"), "{engine}: {err}");
    }
    std::fs::rename(home.path("data"), home.path("first")).unwrap();
    std::fs::rename(
        home.path(&format!("data-{}", engines.len() - 1)),
        home.path("data"),
    )
    .unwrap();
    let _process = home.start(&[]).await;
    assert_eq!(state(&ops(&home), &person).await["state"], "active");
    app.refresh(&person.tokens).await;
}
