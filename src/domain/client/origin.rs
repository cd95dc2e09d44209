//! The web origins (RFC 6454) that a realm's clients live at: those of their redirect URIs. Scripts of these, and of no
//! others, may read what the token endpoint and its neighbours answer.

use std::collections::HashSet;
use std::sync::Arc;

use url::Url;

use super::{Client, list};
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault};

/// Whether a redirect URI of this client lies at `origin`, which is compared as the browser serialises it.
pub fn is_of(client: &Client, origin: &str) -> bool {
    client
        .settings
        .redirect_uris
        .iter()
        .any(|uri| of(uri).is_some_and(|own| own == origin))
}

/// The origins of all clients of a realm that are enabled. Read once and kept until a client of the realm changes.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn of_realm(ctx: &Context, realm: &Realm) -> Result<Arc<HashSet<String>>, Fault> {
    if let Some(kept) = ctx.catalog.origins(realm.id) {
        return Ok(kept);
    }
    let generation = ctx.catalog.generation();
    let mut origins = HashSet::new();
    let mut after: Option<String> = None;
    loop {
        let (clients, next) = list(ctx, realm, "", after.as_deref(), AT_ONCE).await?;
        for client in clients.iter().filter(|client| client.settings.enabled) {
            origins.extend(
                client
                    .settings
                    .redirect_uris
                    .iter()
                    .filter_map(|uri| of(uri)),
            );
        }
        if next.is_none() {
            break;
        }
        after = next;
    }
    let origins = Arc::new(origins);
    ctx.catalog.keep_origins(generation, realm.id, &origins);
    Ok(origins)
}

/// The origin of a web address; an app's own scheme has none.
fn of(uri: &str) -> Option<String> {
    let origin = Url::parse(uri).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

const AT_ONCE: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_would_send() {
        assert_eq!(
            of("https://App.example:443/callback?x").as_deref(),
            Some("https://app.example")
        );
        assert_eq!(
            of("http://127.0.0.1:5173/").as_deref(),
            Some("http://127.0.0.1:5173")
        );
        assert_eq!(of("com.example.app:/callback"), None);
    }
}
