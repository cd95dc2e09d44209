//! The discovery document (OIDC Discovery §4, RFC 8414 §3) at its three addresses, as bytes that are made once per realm
//! and sent as they are.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;

use super::{cors, refused};
use crate::crypto::{self, Alg};
use crate::domain::client::AuthMethod;
use crate::domain::id::RealmId;
use crate::domain::keys::{self, RealmKeys};
use crate::domain::realm::Realm;
use crate::http::extract::InRealm;
use crate::http::state::App;
use crate::protocol::OAuthError;
use crate::protocol::discovery::{Discovery, Features, path};
use crate::protocol::scope::{self, OFFLINE_ACCESS, OPENID};

/// The addresses of the document: below the issuer, and with the well-known part before the issuer's path (RFC 8414 §3.1).
pub fn routes() -> Router<App> {
    let documents: Arc<Documents> = Arc::default();
    let answer = move |State(app): State<App>, InRealm(realm): InRealm, request: Request| {
        let documents = Arc::clone(&documents);
        async move { documents.answer(&app, realm, request.headers()).await }
    };
    let methods = get(answer).options(cors::preflight_anybody);
    Router::new()
        .route(
            &format!("/realms/{{realm}}{}", path::DISCOVERY),
            methods.clone(),
        )
        .route(
            &format!("{}/realms/{{realm}}", path::DISCOVERY),
            methods.clone(),
        )
        .route(
            "/.well-known/oauth-authorization-server/realms/{realm}",
            methods,
        )
}

/// The documents of the realms in use.
#[derive(Default)]
struct Documents {
    kept: RwLock<HashMap<RealmId, Arc<Document>>>,
}

/// A document, and what it was made from: while the catalog hands out these very records, nothing has changed.
struct Document {
    realm: Arc<Realm>,
    keys: Arc<RealmKeys>,
    bytes: Bytes,
    etag: HeaderValue,
}

/// The most documents kept, of about 3 KiB each; when full, all go and the busy ones are back in a moment.
const MOST: usize = 2000;

impl Documents {
    async fn answer(&self, app: &App, realm: Arc<Realm>, headers: &HeaderMap) -> Response {
        match self.of(app, realm).await {
            Ok(document) => prepared(headers, &document.etag, &document.bytes),
            Err(error) => refused(error),
        }
    }

    async fn of(&self, app: &App, realm: Arc<Realm>) -> Result<Arc<Document>, OAuthError> {
        let keys = keys::of(&app.ctx, &realm).await?;
        let kept = self
            .kept
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&realm.id)
            .cloned();
        if let Some(kept) = kept
            && Arc::ptr_eq(&kept.realm, &realm)
            && Arc::ptr_eq(&kept.keys, &keys)
        {
            return Ok(kept);
        }
        let bytes = Bytes::from(write(&realm.issuer(&app.ctx.public_url), &realm, &keys));
        let etag = format!("\"{}\"", crypto::b64(&crypto::sha256(&bytes)));
        let etag = HeaderValue::try_from(etag).map_err(|_| OAuthError::server_error())?;
        let document = Arc::new(Document {
            realm,
            keys,
            bytes,
            etag,
        });
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(document.realm.id, Arc::clone(&document));
        Ok(document)
    }
}

fn write(issuer: &str, realm: &Realm, keys: &RealmKeys) -> String {
    // The realm's own algorithm first, for clients that take the first; its key is made on first use.
    let mut algorithms = vec![realm.settings.tokens.signing_algorithm.name()];
    for alg in std::iter::once(&Alg::Rs256).chain(&keys.algs) {
        if !algorithms.contains(&alg.name()) {
            algorithms.push(alg.name());
        }
    }
    let mut assertions: Vec<&str> = Alg::ALL.iter().map(|alg| alg.name()).collect();
    assertions.push("HS256");
    let mut scopes = vec![OPENID, OFFLINE_ACCESS];
    scopes.extend(scope::STANDARD.iter().map(|(name, _)| *name));
    scopes.push("roles");
    let mut claims = OWN_CLAIMS.to_vec();
    claims.extend(
        scope::STANDARD
            .iter()
            .flat_map(|(_, claims)| claims.iter().copied()),
    );
    let discovery = Discovery {
        issuer,
        id_token_algorithms: &algorithms,
        auth_methods: &[
            AuthMethod::ClientSecretBasic,
            AuthMethod::ClientSecretPost,
            AuthMethod::ClientSecretJwt,
            AuthMethod::PrivateKeyJwt,
        ],
        public_clients: true,
        assertion_algorithms: &assertions,
        scopes: &scopes,
        claims: &claims,
        acr_values: &[],
        ui_locales: &crate::http::words::TAGS,
        features: features(realm),
    };
    discovery.to_json().to_string()
}

/// What is on. A feature is named here in the change that makes it work.
fn features(realm: &Realm) -> Features {
    let logout = &realm.settings.logout;
    Features {
        backchannel_logout: true,
        frontchannel_logout: logout.front_channel,
        check_session: logout.check_session,
        global_token_revocation: logout.global_token_revocation,
        registration: false,
        device: true,
        pushed_requests: false,
        status_lists: !realm.settings.tokens.status_list_ttl.is_zero(),
    }
}

/// Claims that come with every ID token or are the server's own.
const OWN_CLAIMS: [&str; 12] = [
    "sub",
    "iss",
    "aud",
    "azp",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
    "roles",
];

/// A public JSON document that may be kept for five minutes, ready to send.
pub fn prepared(headers: &HeaderMap, etag: &HeaderValue, bytes: &Bytes) -> Response {
    let prepared = Prepared {
        media_type: "application/json",
        cache: HeaderValue::from_static("public, max-age=300"),
        etag,
        bytes,
    };
    send(headers, prepared)
}

/// A public document that is ready to send.
pub struct Prepared<'a> {
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// Its `Cache-Control`.
    pub cache: HeaderValue,
    /// Its entity tag.
    pub etag: &'a HeaderValue,
    /// The document.
    pub bytes: &'a Bytes,
}

/// Sends a public document: 304 when the caller has it already (RFC 9110 §13.1.2).
pub fn send(headers: &HeaderMap, document: Prepared<'_>) -> Response {
    let Prepared {
        media_type,
        cache,
        etag,
        bytes,
    } = document;
    let fresh = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|known| names(known, etag));
    let (status, body) = if fresh {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (StatusCode::OK, Body::from(bytes.clone()))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let own = response.headers_mut();
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    own.insert(header::CACHE_CONTROL, cache);
    own.insert(header::ETAG, etag.clone());
    let (name, anybody) = cors::ANYBODY;
    own.insert(name, anybody);
    response
}

/// Whether a list of entity tags holds this one; compared weakly, as RFC 9110 §13.1.2 says.
fn names(list: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(list), Ok(etag)) = (list.to_str(), etag.to_str()) else {
        return false;
    };
    let plain = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    list.split(',')
        .map(str::trim)
        .any(|known| known == "*" || plain(known) == plain(etag))
}
