//! A hundred apps that hang, beside one that does not.

use super::*;
use crate::support::Reply;

#[tokio::test]
async fn a_hundred_apps_that_hang_delay_neither_the_administrator_nor_an_app_that_answers() {
    let receiver = Receiver::start().await;
    let names: Vec<String> = (0..100).map(|n| format!("hang-{n}")).collect();
    for name in &names {
        receiver.answers(&format!("/{name}"), Reply::Hang);
    }
    // The one that answers comes last, whatever order is kept.
    let mut ids: Vec<&str> = names.iter().map(String::as_str).collect();
    ids.push("zz-good");
    let scene = Scene::at(Engine::Memory, &receiver, &ids).await;

    let begin = Instant::now();
    let id = scene.end().await;
    let answered = begin.elapsed();
    let told = receiver.wait("/zz-good", 1, SOON).await;
    let first = told[0].at.duration_since(begin);
    assert!(
        answered < Duration::from_secs(5),
        "the administrator waited {answered:?}"
    );
    assert!(
        first < Duration::from_secs(5),
        "the app that answers was told after {first:?}"
    );
    for name in &names {
        // Each of them has its first attempt before the first of them has run out of its time.
        receiver.wait(&format!("/{name}"), 1, SOON).await;
    }
    scene.stands(&id, "zz-good", "acknowledged", SOON).await;
    let receipt = scene.receipt(&id).await;
    assert_eq!(app(&receipt, "hang-50")["state"], "retrying", "{receipt}");

    for name in &names {
        receiver.answers(&format!("/{name}"), Reply::Status(200));
    }
    for name in &names {
        let row = scene.comes_to(&id, name, "acknowledged", PATIENCE).await;
        // One notice for each, and none sent that the receipt does not know of.
        let sent = receiver.told(&format!("/{name}")).len();
        assert_eq!(
            (&row["channels"][0]["notices"], &row["attempts"]),
            (&json!(1), &json!(sent)),
            "{row}"
        );
    }
    assert_eq!(receiver.told("/zz-good").len(), 1);
}
