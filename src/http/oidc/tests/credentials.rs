//! A client that acts for itself.

use super::*;
use crate::domain::token::resources::admin_audience;

const CC: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn scope_is_the_registered_one_without_what_speaks_of_users() {
    let bench = bench().await;
    for (asked, outcome) in [
        (None, Ok("read write")),
        (Some("write"), Ok("write")),
        (Some("openid read"), Ok("read")),
        (Some("openid offline_access"), Ok("")),
        (Some("read admin"), Err("invalid_scope")),
    ] {
        let mut pairs = vec![CC];
        pairs.extend(asked.map(|scope| ("scope", scope)));
        let answer = bench.as_client("robot", "token", &pairs).await;
        match outcome {
            Err(error) => assert_eq!((answer.status.as_u16(), answer.error()), (400, error)),
            Ok(scope) => {
                assert_eq!(
                    answer.json["scope"].as_str().unwrap_or_default(),
                    scope,
                    "{}",
                    answer.text
                );
                assert!(
                    answer.json.get("refresh_token").is_none()
                        && answer.json.get("id_token").is_none()
                );
                let access = claims(&answer.token("access_token"));
                assert_eq!(
                    (access["sub"].as_str(), access["scope"].as_str()),
                    (Some("robot"), Some(scope))
                );
                assert!(access.get("sid").is_none());
            }
        }
    }
}

#[tokio::test]
async fn the_audience_is_its_own_a_registered_resource_or_the_admin_api() {
    let bench = bench().await;
    let admin = admin_audience(&bench.ctx);
    let operator = ClientSettings {
        client_id: "operator".to_owned(),
        service_account_roles: vec!["sessions-operator".to_owned()],
        ..clients().remove(3)
    };
    add(&bench.ctx, &bench.realm, operator).await;
    for (client, asked, audience) in [
        ("robot", None, Some("robot")),
        (
            "robot",
            Some("https://api.example/"),
            Some("https://api.example/"),
        ),
        ("robot", Some(admin.as_str()), None),
        ("robot", Some("https://evil.example/"), None),
        ("operator", None, Some(admin.as_str())),
        (
            "operator",
            Some("https://api.example/"),
            Some("https://api.example/"),
        ),
    ] {
        let mut pairs = vec![CC];
        pairs.extend(asked.map(|resource| ("resource", resource)));
        let answer = bench.as_client(client, "token", &pairs).await;
        match audience {
            None => assert_eq!(answer.error(), "invalid_target", "{client} {asked:?}"),
            Some(audience) => {
                let access = claims(&answer.token("access_token"));
                assert_eq!(
                    access["aud"],
                    serde_json::json!([audience]),
                    "{client} {asked:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn its_token_is_good_until_the_client_is_disabled_and_says_nothing_of_a_user() {
    let bench = bench().await;
    let token = bench
        .as_client("robot", "token", &[CC])
        .await
        .token("access_token");
    let said = bench.introspect("robot", &token).await.json;
    assert_eq!(
        (said["active"].as_bool(), said["sub"].as_str()),
        (Some(true), Some("robot"))
    );
    assert!(said.get("username").is_none());
    assert_eq!(bench.userinfo(&token).await.error(), "insufficient_scope");
    let id = bench.client("robot").await.id;
    let disabled = ClientSettings {
        enabled: false,
        client_secret: None,
        ..clients().remove(3)
    };
    client::verbs::update(
        &bench.ctx,
        &bench.realm,
        &Actor::system("test"),
        id,
        disabled,
    )
    .await
    .unwrap();
    let as_robot = bench.as_client("robot", "token", &[CC]).await;
    assert_eq!(
        (as_robot.status.as_u16(), as_robot.error()),
        (401, "invalid_client")
    );
    assert_eq!(bench.userinfo(&token).await.error(), "invalid_token");
}
