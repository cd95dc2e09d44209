//! A relying party as people write them: the `openidconnect` crate with discovery, PKCE, `state` and `nonce`; and the
//! same requests raw, for answers that the crate would not let through.

mod wire;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, IntrospectionUrl, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenResponse as _,
};
use url::Url;

use super::browser::{Browser, Page, client, parameter};
use super::{Answer, claims};
pub use wire::{Wire, basic};

type Rp =
    CoreClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointNotSet, EndpointSet, EndpointSet>;

/// A relying party.
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Where its answers go.
    pub redirect: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The crate's client.
    pub rp: Rp,
    /// The app's side of the wire.
    pub wire: Wire,
    secret: Option<String>,
}

/// What an app keeps between sending a browser away and getting it back.
pub struct Pending {
    /// Where the browser is sent.
    pub url: Url,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl Pending {
    /// The PKCE verifier, for raw exchanges.
    pub fn verifier(&self) -> &str {
        self.verifier.secret()
    }
}

/// What an app holds of a signed-in person.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token; empty when there is none.
    pub refresh: String,
    /// The ID token.
    pub id_token: String,
    /// The session.
    pub sid: String,
    /// The person.
    pub sub: String,
    /// When credentials were given, in seconds.
    pub auth_time: u64,
}

/// The secrets of the clients in [`super::realms`].
fn secret_of(realm: &str, client_id: &str) -> Option<String> {
    match (realm, client_id) {
        ("other", id) => Some(format!("other-{id}-secret")),
        (_, "asks" | "tv") => None,
        (_, "web") => Some("web-secret-with-:%+ &=".to_owned()),
        (_, id) => Some(format!("{id}-secret")),
    }
}

impl App {
    /// Looks the provider up, as an app does at start.
    pub async fn discover(url: &str, realm: &str, client_id: &str) -> App {
        let redirect = format!("https://{client_id}.example/callback");
        App::with(
            url,
            realm,
            client_id,
            secret_of(realm, client_id),
            &redirect,
        )
        .await
    }

    /// The same for a client with this secret and redirect URI.
    pub async fn with(
        url: &str,
        realm: &str,
        client_id: &str,
        secret: Option<String>,
        redirect: &str,
    ) -> App {
        let wire = Wire(client());
        let issuer = format!("{url}/realms/{realm}");
        let metadata =
            CoreProviderMetadata::discover_async(IssuerUrl::new(issuer.clone()).unwrap(), &wire)
                .await
                .unwrap_or_else(|e| panic!("discovery of {issuer}: {e:?}"));
        let raw = Answer::of(
            wire.0
                .get(format!("{issuer}/.well-known/openid-configuration")),
        )
        .await
        .json();
        let address = |name: &str| {
            raw[name]
                .as_str()
                .unwrap_or_else(|| panic!("discovery has no {name}: {raw}"))
                .to_owned()
        };
        let (token, userinfo) = (
            metadata.token_endpoint().unwrap().clone(),
            metadata.userinfo_endpoint().unwrap().clone(),
        );
        let rp = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(client_id.to_owned()),
            secret.clone().map(ClientSecret::new),
        )
        .set_token_uri(token)
        .set_user_info_url(userinfo)
        .set_introspection_url(IntrospectionUrl::new(address("introspection_endpoint")).unwrap())
        .set_redirect_uri(RedirectUrl::new(redirect.to_owned()).unwrap());
        App {
            client_id: client_id.to_owned(),
            redirect: redirect.to_owned(),
            issuer,
            rp,
            wire,
            secret,
        }
    }

    /// Begins a sign-in for these scopes, beside `openid`.
    pub fn begin(&self, scopes: &[&str]) -> Pending {
        self.begin_with(scopes, &[])
    }

    /// The same with more parameters.
    pub fn begin_with(&self, scopes: &[&str], more: &[(&str, &str)]) -> Pending {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = self
            .rp
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in scopes {
            request = request.add_scope(Scope::new((*scope).to_owned()));
        }
        for (name, value) in more {
            request = request.add_extra_param((*name).to_owned(), (*value).to_owned());
        }
        let (url, state, nonce) = request.url();
        Pending {
            url,
            state,
            nonce,
            verifier,
        }
    }

    /// Takes the browser back: checks `state` and `iss` and answers the code.
    #[track_caller]
    pub fn code(&self, pending: &Pending, page: &Page) -> String {
        let back = page
            .location()
            .unwrap_or_else(|| panic!("{} did not come back to {}", page, self.client_id));
        assert!(
            back.as_str().starts_with(&self.redirect),
            "came back to {back}"
        );
        let code = parameter(&back, "code").unwrap_or_else(|| panic!("no code in {back}"));
        assert_eq!(
            parameter(&back, "state").as_ref(),
            Some(pending.state.secret())
        );
        assert_eq!(
            parameter(&back, "iss").as_deref(),
            Some(self.issuer.as_str()),
            "RFC 9207"
        );
        code
    }

    /// Exchanges a code through the crate and checks the ID token.
    pub async fn exchange(&self, pending: Pending, code: String) -> Tokens {
        let answer = self
            .rp
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(pending.verifier)
            .request_async(&self.wire)
            .await
            .unwrap_or_else(|e| panic!("{}: {e:?}", self.client_id));
        let id_token = answer.id_token().expect("an ID token");
        let verifier = self
            .rp
            .id_token_verifier()
            .set_allowed_algs([CoreJwsSigningAlgorithm::EcdsaP256Sha256]);
        let about = id_token
            .claims(&verifier, &pending.nonce)
            .expect("a good ID token");
        let (alg, key) = (
            id_token.signing_alg().unwrap(),
            id_token.signing_key(&verifier).unwrap(),
        );
        let hash = AccessTokenHash::from_token(answer.access_token(), alg, key).unwrap();
        assert_eq!(about.access_token_hash(), Some(&hash), "at_hash");
        Tokens::of(
            answer.access_token().secret(),
            answer.refresh_token().map_or("", |t| t.secret()),
            &id_token.to_string(),
        )
    }

    /// Signs a person in on a login page, or silently when the browser has a session.
    pub async fn sign_in(
        &self,
        browser: &Browser,
        who: &str,
        password: &str,
        scopes: &[&str],
        remember: bool,
    ) -> Tokens {
        let pending = self.begin(scopes);
        let page = browser.open(pending.url.as_str()).await;
        let page = if page.is_login() {
            browser.log_in(&page, who, password, remember).await
        } else {
            page
        };
        let page = self.allow(browser, page).await;
        let code = self.code(&pending, &page);
        self.exchange(pending, code).await
    }

    /// Signs in without a page: the browser must have a session.
    pub async fn sign_in_silently(&self, browser: &Browser, scopes: &[&str]) -> Tokens {
        let pending = self.begin_with(scopes, &[("prompt", "none")]);
        let page = browser.open(pending.url.as_str()).await;
        let code = self.code(&pending, &page);
        self.exchange(pending, code).await
    }

    /// Says yes on the consent page, if this is one.
    pub async fn allow(&self, browser: &Browser, page: Page) -> Page {
        match page.html().form("consent-form") {
            Some(form) => browser.submit(&page, form.press("consent-allow")).await,
            None => page,
        }
    }

    /// What `prompt=none` answers: the error, or nothing when it answers with a code.
    pub async fn silent_error(&self, browser: &Browser) -> Option<String> {
        let pending = self.begin_with(&[], &[("prompt", "none")]);
        let page = browser.open(pending.url.as_str()).await;
        let back = page
            .location()
            .unwrap_or_else(|| panic!("prompt=none showed {page}"));
        assert!(
            back.as_str().starts_with(&self.redirect),
            "prompt=none led to {back}"
        );
        let error = parameter(&back, "error");
        assert!(
            error.is_some() != parameter(&back, "code").is_some(),
            "{back}"
        );
        error
    }

    /// A refresh through the crate.
    pub async fn refresh(&self, tokens: &Tokens) -> Tokens {
        let answer = self
            .rp
            .exchange_refresh_token(&RefreshToken::new(tokens.refresh.clone()))
            .request_async(&self.wire)
            .await
            .unwrap_or_else(|e| panic!("{}: {e:?}", self.client_id));
        let id_token = answer
            .id_token()
            .map(ToString::to_string)
            .unwrap_or_else(|| tokens.id_token.clone());
        Tokens::of(
            answer.access_token().secret(),
            answer.refresh_token().map_or("", |t| t.secret()),
            &id_token,
        )
    }

    /// A form to an endpoint of the realm, as this client: Basic when it has a secret.
    pub async fn form(&self, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::of(self.request(endpoint, fields)).await
    }

    /// The request behind [`App::form`].
    pub fn request(&self, endpoint: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let url = format!("{}/protocol/openid-connect/{endpoint}", self.issuer);
        let mut fields = fields.to_vec();
        let mut request = self.wire.0.post(url);
        match &self.secret {
            Some(secret) => {
                request = request.header("authorization", basic(&self.client_id, secret))
            }
            None => fields.push(("client_id", &self.client_id)),
        }
        request.form(&fields)
    }

    /// A raw refresh.
    pub async fn try_refresh(&self, refresh: &str) -> Answer {
        self.form(
            "token",
            &[("grant_type", "refresh_token"), ("refresh_token", refresh)],
        )
        .await
    }

    /// A raw exchange of a code.
    pub async fn try_exchange(&self, code: &str, verifier: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", &self.redirect),
        ];
        self.form("token", &fields).await
    }

    /// A raw introspection.
    pub async fn introspect(&self, token: &str) -> Answer {
        self.form("token/introspect", &[("token", token)]).await
    }

    /// A raw revocation.
    pub async fn revoke(&self, token: &str) -> Answer {
        self.form("revoke", &[("token", token)]).await
    }

    /// A raw request for userinfo.
    pub async fn userinfo(&self, access: &str) -> Answer {
        let url = format!("{}/protocol/openid-connect/userinfo", self.issuer);
        Answer::of(self.wire.0.get(url).bearer_auth(access)).await
    }
}

impl Tokens {
    fn of(access: &str, refresh: &str, id_token: &str) -> Tokens {
        let about = claims(id_token);
        Tokens {
            access: access.to_owned(),
            refresh: refresh.to_owned(),
            sid: about["sid"]
                .as_str()
                .expect("a sid in the ID token")
                .to_owned(),
            sub: about["sub"]
                .as_str()
                .expect("a sub in the ID token")
                .to_owned(),
            auth_time: about["auth_time"]
                .as_u64()
                .expect("an auth_time in the ID token"),
            id_token: id_token.to_owned(),
        }
    }
}
