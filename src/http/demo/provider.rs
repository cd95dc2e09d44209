//! What a demo application knows of its provider: found by discovery at first use, kept, looked up again when a token
//! names a key that is not known.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, ClientId, ClientSecret, EmptyExtraTokenFields,
    EndSessionUrl, EndpointNotSet, EndpointSet, IdTokenFields, IdTokenVerifier, IntrospectionUrl,
    IssuerUrl, ProviderMetadata, RedirectUrl, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::crypto::{Secret, VerifyingKey};
use crate::domain::time::{Clock as _, Span, SystemClock, Timestamp};

use super::DemoApp;
use super::outgoing::{Outgoing, OutgoingError};

/// The provider as one application sees it.
pub(super) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Secret,
    redirect: RedirectUrl,
    http: Outgoing,
    slot: Mutex<Option<(Timestamp, Arc<Known>)>>,
}

/// What discovery told.
pub(super) struct Known {
    /// Ready to ask for codes, tokens, userinfo and introspection.
    pub(super) client: Client,
    /// Where RP-initiated logout begins, if the provider has it.
    pub(super) end_session: Option<EndSessionUrl>,
    /// Whether every authorization response carries `iss` (RFC 9207 section 2.3).
    pub(super) names_issuer: bool,
    /// The provider's signature keys, for logout tokens.
    pub(super) keys: Vec<VerifyingKey>,
}

/// Why the provider cannot be used.
#[derive(Debug, Error)]
pub(super) enum ProviderError {
    /// An address in the application's own settings is not one.
    #[error("an address of the application is malformed")]
    Address(#[from] url::ParseError),
    /// The HTTP client could not be built.
    #[error("no HTTP client")]
    Client(#[source] reqwest::Error),
    /// Discovery failed, three times in a row.
    #[error("{0} does not answer as an OpenID provider")]
    Discovery(String, #[source] DiscoveryError),
    /// The provider does not offer an endpoint that the application needs.
    #[error("the provider offers no {0}")]
    Missing(&'static str),
    /// The keys came in a form that cannot be read.
    #[error("the provider's keys cannot be read")]
    Keys(#[source] serde_json::Error),
}

impl Provider {
    /// Prepares for the provider of `about` without asking it anything.
    pub(super) fn new(about: &DemoApp, base: &str) -> Result<Provider, ProviderError> {
        Ok(Provider {
            issuer: IssuerUrl::new(about.issuer.clone())?,
            client_id: ClientId::new(about.client_id.clone()),
            client_secret: about.client_secret.clone(),
            redirect: RedirectUrl::new(format!("{base}/callback"))?,
            http: Outgoing::new().map_err(ProviderError::Client)?,
            slot: Mutex::new(None),
        })
    }

    /// The client that requests go through.
    pub(super) fn http(&self) -> &Outgoing {
        &self.http
    }

    /// The provider as known, or looked up now.
    pub(super) async fn known(&self) -> Result<Arc<Known>, ProviderError> {
        let mut slot = self.slot.lock().await;
        match &*slot {
            Some((_, known)) => Ok(known.clone()),
            None => self.look_up(&mut slot).await,
        }
    }

    /// The provider looked up again, because a token named an unknown key. At most once in [`PAUSE`], for anybody can
    /// write such a token.
    pub(super) async fn anew(&self) -> Result<Arc<Known>, ProviderError> {
        let mut slot = self.slot.lock().await;
        match &*slot {
            Some((at, known)) if SystemClock.now().since(*at) < PAUSE => Ok(known.clone()),
            _ => self.look_up(&mut slot).await,
        }
    }

    async fn look_up(
        &self,
        slot: &mut Option<(Timestamp, Arc<Known>)>,
    ) -> Result<Arc<Known>, ProviderError> {
        let mut tries = 1;
        let metadata = loop {
            // The issuer in the answer must be the one asked for (Discovery 1.0 section 4.3): the library checks it.
            match Metadata::discover_async(self.issuer.clone(), &self.http).await {
                Ok(metadata) => break metadata,
                Err(error) if tries == TRIES => {
                    return Err(ProviderError::Discovery(self.issuer.to_string(), error));
                }
                Err(_) => tries += 1,
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        };
        let known = Arc::new(self.read(&metadata)?);
        *slot = Some((SystemClock.now(), known.clone()));
        Ok(known)
    }

    fn read(&self, metadata: &Metadata) -> Result<Known, ProviderError> {
        let more = metadata.additional_metadata();
        let token = metadata
            .token_endpoint()
            .ok_or(ProviderError::Missing("token_endpoint"))?;
        let userinfo = metadata
            .userinfo_endpoint()
            .ok_or(ProviderError::Missing("userinfo_endpoint"))?;
        let introspection = more
            .introspection_endpoint
            .clone()
            .ok_or(ProviderError::Missing("introspection_endpoint"))?;
        let secret = ClientSecret::new(self.client_secret.expose().to_owned());
        let keys = serde_json::to_value(metadata.jwks())
            .and_then(serde_json::from_value::<JwkSet>)
            .map_err(ProviderError::Keys)?;
        Ok(Known {
            client: openidconnect::Client::from_provider_metadata(
                metadata.clone(),
                self.client_id.clone(),
                Some(secret),
            )
            .set_token_uri(token.clone())
            .set_user_info_url(userinfo.clone())
            .set_introspection_url(introspection)
            .set_redirect_uri(self.redirect.clone()),
            end_session: more.end_session_endpoint.clone(),
            names_issuer: more.authorization_response_iss_parameter_supported,
            keys: keys.keys.iter().filter_map(verifying).collect(),
        })
    }
}

impl Known {
    /// Verifies this client's ID tokens. `none` and HMAC are not among the algorithms, whatever discovery says.
    pub(super) fn verifier(&self) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        self.client.id_token_verifier().set_allowed_algs([
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            CoreJwsSigningAlgorithm::EdDsa,
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        ])
    }
}

/// A provider may publish keys of kinds unknown here; they are left out.
fn verifying(jwk: &Jwk) -> Option<VerifyingKey> {
    VerifyingKey::from_jwk(jwk).ok()
}

/// Claims of an ID token beyond the standard set.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct SessionClaims {
    /// The provider's session (Front-Channel Logout 1.0 section 3).
    pub(super) sid: Option<String>,
    /// Shown as it is; userinfo's value wins.
    pub(super) preferred_username: Option<String>,
}

impl AdditionalClaims for SessionClaims {}

/// Metadata beyond OpenID Connect Discovery 1.0: RFC 8414, RFC 9207, RP-Initiated Logout 1.0.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct MoreMetadata {
    end_session_endpoint: Option<EndSessionUrl>,
    introspection_endpoint: Option<IntrospectionUrl>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// An ID token with `sid`.
pub(super) type IdToken = openidconnect::IdToken<
    SessionClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The claims of an [`IdToken`].
pub(super) type IdTokenClaims = openidconnect::IdTokenClaims<SessionClaims, CoreGenderClaim>;

/// What the token endpoint answers.
pub(super) type TokenResponse = StandardTokenResponse<
    IdTokenFields<
        SessionClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// Why a request to the token or introspection endpoint failed.
pub(super) type TokenError =
    openidconnect::RequestTokenError<OutgoingError, StandardErrorResponse<CoreErrorResponseType>>;

type DiscoveryError = openidconnect::DiscoveryError<OutgoingError>;

type Client = openidconnect::Client<
    SessionClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointSet,
>;

const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_millis(300);
const PAUSE: Span = Span::secs(5);
