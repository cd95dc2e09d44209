//! What a notice says, decoded, for people to read. Tokens are made for each attempt and not kept: this is what the next
//! one would carry, and what those before it carried but for `iat`, `exp` and `jti`.

use serde_json::{Value, json};

use super::listing::DeliveryId;
use super::{Channel, Delivery, revocation, webhook};
use crate::domain::client::{self, Client};
use crate::domain::realm::Realm;
use crate::domain::signout::receipt;
use crate::domain::token::issue;
use crate::domain::{Context, Fault, ssf};

/// A notice, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The header of its token; `None` where it is not one.
    pub header: Option<Value>,
    /// What it says: the claims of the token, or the members of the body.
    pub claims: Value,
    /// What goes beside the token, where there is such a thing.
    pub body: Option<Value>,
    /// Where it goes to; `None` for what the app fetches, or when nobody knows any more.
    pub to: Option<String>,
}

/// What a notice says; `None` when it can no longer be made.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn of(
    ctx: &Context,
    realm: &Realm,
    id: DeliveryId,
    delivery: &Delivery,
) -> Result<Option<Message>, Fault> {
    let Some(act) = receipt::find(ctx, realm, id.act).await? else {
        return Ok(None);
    };
    let found = client::by_id(ctx, realm, id.client).await?;
    let gone;
    let client: &Client = match &found {
        Some(client) => client,
        None => {
            gone = client::gone(&delivery.client_id);
            &gone
        }
    };
    let settings = &client.settings;
    let header = |typ: &str| {
        let alg = issue::notice_alg(realm, client);
        Some(json!({ "alg": alg.name(), "typ": typ }))
    };
    Ok(Some(match delivery.channel {
        Channel::BackChannel => Message {
            header: header(issue::LOGOUT_TYPE),
            claims: issue::logout_claims(ctx, realm, client, delivery.user, Some(delivery.sid)),
            body: None,
            to: settings
                .backchannel_logout_uri
                .clone()
                .or(delivery.uri.clone()),
        },
        Channel::GlobalRevocation => {
            let Some(endpoint) = &settings.global_token_revocation_endpoint else {
                return Ok(None);
            };
            let audience = settings.global_token_revocation_audience.as_deref();
            let audience = audience.unwrap_or(endpoint);
            Message {
                header: header(issue::COMMAND_TYPE),
                claims: issue::revocation_claims(ctx, realm, client, audience),
                body: Some(revocation::command(ctx, realm, client, delivery.user).await?),
                to: Some(endpoint.clone()),
            }
        }
        Channel::Webhook => Message {
            header: None,
            claims: json!(webhook::event(ctx, realm, client, id.act, delivery).await?),
            body: None,
            to: settings.webhook_uri.clone(),
        },
        Channel::SsfPush | Channel::SsfPoll => {
            let claims = ssf::session_claims(ctx, realm, &act, id.client, delivery).await?;
            let Some(claims) = claims else {
                return Ok(None);
            };
            Message {
                header: Some(json!({ "alg": "RS256", "typ": "secevent+jwt" })),
                claims: Value::Object(claims),
                body: None,
                to: None,
            }
        }
        Channel::None => return Ok(None),
    }))
}
