//! Watching a sign-out.

use super::*;

#[tokio::test]
async fn the_receipt_is_sent_and_the_stream_ends_once_it_is_settled() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let ann = house.somebody(&house.demo, "ann", &[]).await;
    let act = house.post("/admin/realms/demo/signouts", &ada.token, json!({"select": {"users": [ann.user]}})).await.is(201).json;
    let path = format!("/admin/realms/demo/signouts/{}/events", act["id"].as_str().unwrap());
    let answer = house.get(&path, &ada.token).await.is(200);
    assert!(answer.header("content-type").starts_with("text/event-stream"));
    let events: Vec<&str> = answer.text.split("\n\n").filter(|event| event.contains("event: receipt")).collect();
    assert_eq!(events.len(), 1, "{}", answer.text);
    let data: String = events[0].lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(serde_json::from_str::<Value>(&data).unwrap(), act);
    house.get(&format!("/admin/realms/demo/signouts/{}/events", uuid::Uuid::nil()), &ada.token).await.is(404);
}
