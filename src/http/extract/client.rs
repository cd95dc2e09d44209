//! Client authentication: from the header and the body to a client that proved itself (RFC 6749 §2.3).

use tracing::Span;
use tracing::field::display;

use super::body::{Form, authorization};
use crate::domain::client::{self, AuthMethod, AuthenticatedClient, Credential};
use crate::domain::realm::Realm;
use crate::http::state::App;
use crate::protocol::OAuthError;
use crate::protocol::client_auth::Presented;

/// Authenticates the client that sent a form, by the one method it registered.
///
/// # Errors
/// `invalid_request` for two methods at once; `invalid_client` for everything else: why is in the log, not in the answer.
pub async fn authenticate(
    app: &App,
    realm: &Realm,
    form: &Form,
) -> Result<AuthenticatedClient, OAuthError> {
    let presented = Presented::parse(authorization(&form.parts.headers)?, &form.params)?;
    let Some(credential) = credential(&presented) else {
        return Err(OAuthError::invalid_client("the client must authenticate"));
    };
    let client = client::authenticate(&app.ctx, realm, credential)
        .await?
        .map_err(|why| {
            Span::current().record("why", display(&why));
            OAuthError::invalid_client("client authentication failed")
        })?;
    Span::current().record("client", client.client_id());
    Ok(client)
}

/// Like [`authenticate`], for endpoints that answer only to a client that can keep a secret (RFC 7662 §2.1).
///
/// # Errors
/// As [`authenticate`]; a public client is `invalid_client`.
pub async fn authenticate_confidential(
    app: &App,
    realm: &Realm,
    form: &Form,
) -> Result<AuthenticatedClient, OAuthError> {
    let client = authenticate(app, realm, form).await?;
    if client.is_confidential() {
        Ok(client)
    } else {
        Err(OAuthError::invalid_client(
            "this endpoint needs a client that proves itself by a secret or a key",
        ))
    }
}

fn credential(presented: &Presented) -> Option<Credential<'_>> {
    Some(match presented {
        Presented::None => return None,
        Presented::Public { client_id } => Credential::None { client_id },
        Presented::Basic { client_id, secret } => Credential::Secret {
            client_id,
            secret: secret.expose(),
            method: AuthMethod::ClientSecretBasic,
        },
        Presented::Post { client_id, secret } => Credential::Secret {
            client_id,
            secret: secret.expose(),
            method: AuthMethod::ClientSecretPost,
        },
        Presented::Assertion { client_id, jwt } => Credential::Assertion {
            client_id: client_id.as_deref(),
            jwt: jwt.expose(),
        },
    })
}
