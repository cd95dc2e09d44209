//! The console as an app of every realm: a built-in public client, made when somebody first signs in and put right
//! whenever it differs.

use std::sync::Arc;

use crate::domain::client::verbs::{self, ClientError};
use crate::domain::client::{self, AuthMethod, CONSOLE, Client, ClientSettings, ConsentRule};
use crate::domain::realm::Realm;
use crate::domain::{Actor, Context, Fault};

/// The scope the console asks for.
pub const SCOPE: &str = "openid profile";

/// Where an authorization answer for the console of a realm goes.
pub fn callback(ctx: &Context, realm: &Realm) -> String {
    format!("{}/admin/{}/callback", ctx.public_url, realm.name)
}

/// The realm's client `realmkeep-console`.
///
/// # Errors
/// [`ClientError`] when it can be neither read nor written.
pub async fn ensure(ctx: &Context, realm: &Realm) -> Result<Arc<Client>, ClientError> {
    let wanted = settings(ctx, realm);
    let actor = Actor::system("console");
    if let Some(found) = client::find(ctx, realm, CONSOLE).await? {
        if found.settings == wanted {
            return Ok(found);
        }
        return Ok(verbs::update(ctx, realm, &actor, found.id, wanted)
            .await?
            .client);
    }
    match verbs::create(ctx, realm, &actor, wanted).await {
        Ok(made) => Ok(made.client),
        // Somebody else's sign-in made it meanwhile.
        Err(ClientError::NameTaken) => client::find(ctx, realm, CONSOLE)
            .await?
            .ok_or(ClientError::Fault(Fault::Busy)),
        Err(error) => Err(error),
    }
}

fn settings(ctx: &Context, realm: &Realm) -> ClientSettings {
    ClientSettings {
        client_id: CONSOLE.to_owned(),
        client_name: Some("Realmkeep console".to_owned()),
        redirect_uris: vec![callback(ctx, realm)],
        post_logout_redirect_uris: vec![format!(
            "{}/admin/{}/signed-out",
            ctx.public_url, realm.name
        )],
        grant_types: vec!["authorization_code".to_owned()],
        token_endpoint_auth_method: AuthMethod::None,
        scope: SCOPE.to_owned(),
        refresh_without_offline_access: false,
        consent: ConsentRule::Never,
        ..ClientSettings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing;

    #[tokio::test]
    async fn the_client_is_made_once_and_put_right_when_changed() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let made = ensure(&ctx, &realm).await.unwrap();
        assert!(!made.is_confidential() && made.settings.require_pkce);
        let before = testing::position(&ctx).await;
        assert_eq!(ensure(&ctx, &realm).await.unwrap().id, made.id);
        assert_eq!(testing::position(&ctx).await, before);
        let mut crooked = made.settings.clone();
        crooked.redirect_uris = vec!["https://evil.example/".to_owned()];
        verbs::update(&ctx, &realm, &Actor::system("test"), made.id, crooked)
            .await
            .unwrap();
        assert_eq!(ensure(&ctx, &realm).await.unwrap().settings, made.settings);
    }
}
