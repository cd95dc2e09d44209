//! The command to an app to revoke everything of one of its users (draft-parecki-oauth-global-token-revocation-06). It knows
//! no sessions, so it is sent only for acts that end everything of the user.

use serde_json::{Value, json};

use super::backchannel::{MAX_ANSWER, TIMEOUT};
use super::send::Outcome;
use super::wire::{Answered, Outgoing};
use crate::domain::client::{Client, RevocationSubject};
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::token::issue;
use crate::domain::{Context, Fault, user};

/// Makes the request (§3.1, §3.2), with a token of its own for this attempt.
///
/// # Errors
/// [`Fault`] when the user cannot be read or the key cannot sign.
pub async fn outgoing(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    endpoint: &str,
    user: UserId,
) -> Result<Outgoing, Fault> {
    let audience = client.settings.global_token_revocation_audience.as_deref();
    let token = issue::revocation_token(ctx, realm, client, audience.unwrap_or(endpoint)).await?;
    let body = command(ctx, realm, client, user).await?;
    Ok(Outgoing {
        url: endpoint.to_owned(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("authorization", format!("Bearer {token}")),
            ("cache-control", "no-store".to_owned()),
        ],
        body: body.to_string().into(),
        timeout: TIMEOUT,
        max_answer: MAX_ANSWER,
    })
}

/// What the command says.
///
/// # Errors
/// [`Fault`] when the user cannot be read.
pub async fn command(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    user: UserId,
) -> Result<Value, Fault> {
    Ok(json!({ "sub_id": subject(ctx, realm, client, user).await? }))
}

/// The user as this app knows them (RFC 9493 §3.2).
async fn subject(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    id: UserId,
) -> Result<Value, Fault> {
    let by_issuer =
        || json!({ "format": "iss_sub", "iss": realm.issuer(&ctx.public_url), "sub": id });
    Ok(match client.settings.global_token_revocation_subject {
        RevocationSubject::IssSub => by_issuer(),
        RevocationSubject::Opaque => json!({ "format": "opaque", "id": id }),
        RevocationSubject::Email => {
            let found = user::by_id(ctx, realm, id).await?;
            match found.as_ref().and_then(|user| user.value.claim("email")) {
                Some(email) => json!({ "format": "email", "email": email }),
                // Somebody without an address, or deleted since: the app may know the other name.
                None => by_issuer(),
            }
        }
    })
}

/// What an answer means (§3.4): 204, or 200 from whoever is less exact, confirms; so does 404, for whoever is not known has
/// nothing to end. What the app refuses for good is not sent again.
pub fn outcome(answered: &Answered) -> Outcome {
    match answered.status {
        200 | 204 | 404 => Outcome::Acknowledged,
        400 | 401 | 403 | 422 => Outcome::Rejected,
        _ => Outcome::Retry {
            after: answered.retry_after,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::jws;
    use crate::domain::client::{AuthMethod, ClientSettings, verbs};
    use crate::domain::user::UserSettings;
    use crate::domain::{Actor, testing};

    fn answer(status: u16) -> Answered {
        Answered {
            status,
            content_type: None,
            retry_after: None,
            body: Vec::new().into(),
            took: std::time::Duration::ZERO,
        }
    }

    #[test]
    fn an_app_that_does_not_know_the_user_has_nothing_to_end() {
        for (status, expected) in [
            (200, Outcome::Acknowledged),
            (204, Outcome::Acknowledged),
            (404, Outcome::Acknowledged),
            (400, Outcome::Rejected),
            (401, Outcome::Rejected),
            (403, Outcome::Rejected),
            (422, Outcome::Rejected),
            (302, Outcome::Retry { after: None }),
            (429, Outcome::Retry { after: None }),
            (500, Outcome::Retry { after: None }),
        ] {
            assert_eq!(outcome(&answer(status)), expected, "{status}");
        }
    }

    #[tokio::test]
    async fn the_command_names_the_user_as_the_app_knows_them() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let settings = UserSettings {
            username: "alice".to_owned(),
            claims: serde_json::from_str(r#"{"email":"alice@example.com"}"#).unwrap(),
            ..UserSettings::default()
        };
        let actor = Actor::system("test");
        let alice = user::verbs::create(&ctx, &realm, &actor, settings)
            .await
            .unwrap();
        let bob = testing::user(&ctx, &realm, "bob").await;
        let issuer = realm.issuer(&ctx.public_url);
        for (n, (subject, id, audience, expected)) in [
            (
                RevocationSubject::IssSub,
                alice.id,
                None,
                json!({"format": "iss_sub", "iss": issuer, "sub": alice.id}),
            ),
            (
                RevocationSubject::Email,
                alice.id,
                Some("https://app.example/"),
                json!({"format": "email", "email": "alice@example.com"}),
            ),
            (
                RevocationSubject::Email,
                bob.id,
                None,
                json!({"format": "iss_sub", "iss": issuer, "sub": bob.id}),
            ),
            (
                RevocationSubject::Opaque,
                bob.id,
                None,
                json!({"format": "opaque", "id": bob.id}),
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let settings = ClientSettings {
                client_id: format!("app-{n}"),
                token_endpoint_auth_method: AuthMethod::None,
                global_token_revocation_endpoint: Some("https://app.example/gtr".to_owned()),
                global_token_revocation_audience: audience.map(str::to_owned),
                global_token_revocation_subject: subject,
                ..ClientSettings::default()
            };
            let client = verbs::create(&ctx, &realm, &actor, settings)
                .await
                .unwrap()
                .client;
            let out = outgoing(&ctx, &realm, &client, "https://app.example/gtr", id)
                .await
                .unwrap();
            let body: Value = serde_json::from_slice(&out.body).unwrap();
            assert_eq!(body, json!({ "sub_id": expected }));
            let bearer = out.headers.iter().find(|(n, _)| *n == "authorization");
            let token = bearer
                .unwrap()
                .1
                .strip_prefix("Bearer ")
                .unwrap()
                .to_owned();
            let claims: Value = jws::unverified(&token).unwrap();
            assert_eq!(claims["sub"], client.client_id());
            assert_eq!(claims["iss"], issuer);
            assert_eq!(claims["aud"], audience.unwrap_or("https://app.example/gtr"));
            assert_eq!(
                claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
                300
            );
        }
    }
}
