//! A client in JSON.
//!
//! | Keycloak's | ours |
//! |---|---|
//! | `clientId`, `name`, `redirectUris`, `baseUrl`, `secret` | `client_id`, `client_name`, `redirect_uris`, `client_uri`, `client_secret` |
//! | `publicClient`, `clientAuthenticatorType` | `token_endpoint_auth_method` |
//! | `serviceAccountsEnabled`, `standardFlowEnabled` | `client_credentials`, `authorization_code` in `grant_types` |
//! | `consentRequired` | `consent`: `once` or `never` |
//! | `attributes` `backchannel.logout.url`, `backchannel.logout.session.required`, `post.logout.redirect.uris` | `backchannel_logout_uri`, `backchannel_logout_session_required`, `post_logout_redirect_uris` |
//! | `attributes` `frontchannel.logout.url`, `frontchannel.logout.session.required`; `frontchannelLogout` | `frontchannel_logout_uri`, `frontchannel_logout_session_required` |
//! | `attributes` `pkce.code.challenge.method` | `S256` or nothing; `require_pkce` |
//!
//! `id` is the record's, which addresses hold. Secrets are only ever inbound, but for one that has just been made.

use serde_json::{Map, Value, json};

use super::super::read;
use super::{drop_idle, drop_unchanged, put_over, rename};
use crate::domain::client::{AuthMethod, Client, ClientSettings, ConsentRule};
use crate::http::answer::Problem;

const PAIRS: &[(&str, &str)] = &[
    ("clientId", "client_id"),
    ("name", "client_name"),
    ("redirectUris", "redirect_uris"),
    ("baseUrl", "client_uri"),
    ("secret", "client_secret"),
];
/// Members of Keycloak's that this server has not.
const IDLE: &[&str] = &[
    "access",
    "adminUrl",
    "alwaysDisplayInConsole",
    "authenticationFlowBindingOverrides",
    "authorizationServicesEnabled",
    "authorizationSettings",
    "bearerOnly",
    "defaultClientScopes",
    "description",
    "directAccessGrantsEnabled",
    "fullScopeAllowed",
    "implicitFlowEnabled",
    "nodeReRegistrationTimeout",
    "notBefore",
    "optionalClientScopes",
    "origin",
    "protocolMappers",
    "registeredNodes",
    "rootUrl",
    "surrogateAuthRequired",
    "type",
    "webOrigins",
];
const BACK_CHANNEL: &str = "backchannel.logout.url";
const SESSION_REQUIRED: &str = "backchannel.logout.session.required";
const FRONT_CHANNEL: &str = "frontchannel.logout.url";
const FRONT_SESSION_REQUIRED: &str = "frontchannel.logout.session.required";
const AFTER_LOGOUT: &str = "post.logout.redirect.uris";
const PKCE: &str = "pkce.code.challenge.method";

/// A client, in both spellings, without its secret.
pub(in crate::http::admin) fn client(client: &Client) -> Value {
    Value::Object(members(client))
}

fn members(client: &Client) -> Map<String, Value> {
    let settings = &client.settings;
    let mut out = plain(settings);
    for (theirs, ours) in PAIRS {
        if let Some(value) = out.get(*ours).filter(|value| !value.is_null()).cloned() {
            out.insert((*theirs).to_owned(), value);
        }
    }
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", json!(client.id));
    put("createdTimestamp", json!(client.created_at));
    put("protocol", json!("openid-connect"));
    put("publicClient", json!(!client.is_confidential()));
    put(
        "clientAuthenticatorType",
        json!(authenticator(settings.token_endpoint_auth_method)),
    );
    put(
        "serviceAccountsEnabled",
        json!(client.allows_grant("client_credentials")),
    );
    put(
        "standardFlowEnabled",
        json!(client.allows_grant("authorization_code")),
    );
    put("implicitFlowEnabled", json!(false));
    put("directAccessGrantsEnabled", json!(false));
    put("bearerOnly", json!(false));
    put(
        "consentRequired",
        json!(settings.consent != ConsentRule::Never),
    );
    put(
        "frontchannelLogout",
        json!(settings.frontchannel_logout_uri.is_some()),
    );
    put("attributes", attributes(settings).into());
    out
}

fn attributes(settings: &ClientSettings) -> Map<String, Value> {
    let mut out = Map::new();
    if let Some(uri) = &settings.backchannel_logout_uri {
        out.insert(BACK_CHANNEL.to_owned(), json!(uri));
    }
    out.insert(
        SESSION_REQUIRED.to_owned(),
        json!(settings.backchannel_logout_session_required.to_string()),
    );
    if let Some(uri) = &settings.frontchannel_logout_uri {
        out.insert(FRONT_CHANNEL.to_owned(), json!(uri));
    }
    out.insert(
        FRONT_SESSION_REQUIRED.to_owned(),
        json!(settings.frontchannel_logout_session_required.to_string()),
    );
    if !settings.post_logout_redirect_uris.is_empty() {
        out.insert(
            AFTER_LOGOUT.to_owned(),
            json!(settings.post_logout_redirect_uris.join("##")),
        );
    }
    if settings.require_pkce {
        out.insert(PKCE.to_owned(), json!("S256"));
    }
    out
}

fn authenticator(method: AuthMethod) -> &'static str {
    match method {
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost | AuthMethod::None => {
            "client-secret"
        }
        AuthMethod::ClientSecretJwt => "client-secret-jwt",
        AuthMethod::PrivateKeyJwt => "client-jwt",
    }
}

/// The settings under our names alone; a secret that is not there is a member all the same.
fn plain(settings: &ClientSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// What a body makes of a client, or of nothing.
///
/// # Errors
/// 400 when it does not read, 422 when it asks for what is not there.
pub(in crate::http::admin) fn settings(
    before: Option<&Client>,
    mut body: Map<String, Value>,
) -> Result<ClientSettings, Problem> {
    let shown = before.map(members).unwrap_or_default();
    drop_unchanged(&mut body, &shown);
    drop_idle(&mut body, IDLE)?;
    for name in ["id", "createdTimestamp"] {
        if body.remove(name).is_some_and(|value| !value.is_null()) {
            return Err(Problem::invalid(format!(
                "{name} is given by the server and cannot be chosen or changed"
            )));
        }
    }
    if body
        .remove("protocol")
        .is_some_and(|protocol| protocol != "openid-connect")
    {
        return Err(Problem::invalid("protocol must be openid-connect"));
    }
    rename(&mut body, PAIRS)?;
    let old = before.map_or_else(ClientSettings::default, |client| client.settings.clone());
    translate(&old, &mut body)?;
    let mut base = plain(&old);
    for secret in ["client_secret", "webhook_secret"] {
        base.insert(secret.to_owned(), Value::Null);
    }
    let mut after = base.clone();
    put_over(&mut after, body, &[])?;
    super::settings(&base, after)
}

/// Brings the members of Keycloak's that mean something in other words into ours.
fn translate(old: &ClientSettings, body: &mut Map<String, Value>) -> Result<(), Problem> {
    let mut method = None;
    if let Some(value) = body
        .remove("clientAuthenticatorType")
        .filter(|v| !v.is_null())
    {
        method = Some(
            match read::text("clientAuthenticatorType", value)?.as_str() {
                "client-secret"
                    if authenticator(old.token_endpoint_auth_method) == "client-secret" =>
                {
                    old.token_endpoint_auth_method
                }
                "client-secret" => AuthMethod::ClientSecretBasic,
                "client-secret-jwt" => AuthMethod::ClientSecretJwt,
                "client-jwt" => AuthMethod::PrivateKeyJwt,
                _ => {
                    return Err(Problem::invalid(
                        "clientAuthenticatorType is client-secret, client-secret-jwt or client-jwt",
                    ));
                }
            },
        );
    }
    if let Some(value) = body.remove("publicClient").filter(|v| !v.is_null()) {
        let current = method.unwrap_or(old.token_endpoint_auth_method);
        method = Some(match (read::flag("publicClient", &value)?, current) {
            (true, _) => AuthMethod::None,
            (false, AuthMethod::None) => AuthMethod::ClientSecretBasic,
            (false, method) => method,
        });
    }
    if let Some(method) = method {
        body.entry("token_endpoint_auth_method")
            .or_insert(json!(method));
    }
    for (member, grant) in [
        ("serviceAccountsEnabled", "client_credentials"),
        ("standardFlowEnabled", "authorization_code"),
    ] {
        let Some(value) = body.remove(member).filter(|v| !v.is_null()) else {
            continue;
        };
        let on = read::flag(member, &value)?;
        let mut grants = match body.remove("grant_types") {
            Some(grants) => read::texts("grant_types", grants)?,
            None => old.grant_types.clone(),
        };
        grants.retain(|there| there != grant);
        if on {
            grants.push(grant.to_owned());
        }
        body.insert("grant_types".to_owned(), json!(grants));
    }
    if let Some(value) = body.remove("consentRequired").filter(|v| !v.is_null()) {
        let rule = if read::flag("consentRequired", &value)? {
            ConsentRule::Once
        } else {
            ConsentRule::Never
        };
        body.entry("consent").or_insert(json!(rule));
    }
    let front = body.remove("frontchannelLogout").filter(|v| !v.is_null());
    if let Some(value) = body.remove("attributes").filter(|v| !v.is_null()) {
        put_attributes(old, read::object("attributes", value)?, body)?;
    }
    // Keycloak keeps the address of a client whose front channel is switched off; here the address is the switch. Its own
    // console sends `true` for every new client, with or without one.
    if let Some(value) = front
        && !read::flag("frontchannelLogout", &value)?
    {
        body.insert("frontchannel_logout_uri".to_owned(), Value::Null);
    }
    Ok(())
}

fn put_attributes(
    old: &ClientSettings,
    mut given: Map<String, Value>,
    body: &mut Map<String, Value>,
) -> Result<(), Problem> {
    drop_unchanged(&mut given, &attributes(old));
    for (name, value) in given {
        let text = match &value {
            Value::Null => String::new(),
            Value::Bool(on) => on.to_string(),
            _ => read::text(&format!("attributes.{name}"), value.clone())?,
        };
        let (member, value) = match name.as_str() {
            BACK_CHANNEL => ("backchannel_logout_uri", address(text)),
            FRONT_CHANNEL => ("frontchannel_logout_uri", address(text)),
            FRONT_SESSION_REQUIRED => (
                "frontchannel_logout_session_required",
                json!(text == "true"),
            ),
            SESSION_REQUIRED => ("backchannel_logout_session_required", json!(text == "true")),
            AFTER_LOGOUT => {
                let uris: Vec<&str> = text.split("##").filter(|uri| !uri.is_empty()).collect();
                ("post_logout_redirect_uris", json!(uris))
            }
            PKCE if text.is_empty() || text == "S256" => ("require_pkce", json!(text == "S256")),
            // Other attributes say nothing here as long as they are switched off.
            _ if matches!(text.as_str(), "" | "false" | "0") => continue,
            _ => {
                return Err(Problem::invalid(format!(
                    "attributes.{name} is not available in this version; known are {BACK_CHANNEL}, {SESSION_REQUIRED}, {FRONT_CHANNEL}, {FRONT_SESSION_REQUIRED}, {AFTER_LOGOUT} and {PKCE}"
                )));
            }
        };
        body.entry(member).or_insert(value);
    }
    Ok(())
}

/// An address in an attribute; an empty one takes it away.
fn address(text: String) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        json!(text)
    }
}

#[cfg(test)]
mod tests;
