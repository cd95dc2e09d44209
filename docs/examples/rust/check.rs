//! Checks access tokens without asking the provider about each: signature, claims, status list.
//!
//! ```toml
//! base64 = "0.22"
//! flate2 = "1.1"
//! jsonwebtoken = { version = "11", features = ["aws_lc_rs"] }
//! reqwest = { version = "0.13", features = ["json"] }
//! serde_json = "1"
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::io::Read as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

/// Bytes of an inflated list: eight million sessions.
const MAX_LIST: u64 = 1 << 20;

/// Why a token is denied.
pub type Denied = Box<dyn Error + Send + Sync>;

/// Remembers keys and lists; behind a mutex it serves many tasks.
pub struct Checker {
    issuer: String,
    audience: String,
    http: reqwest::Client,
    keys: HashMap<String, Jwk>,
    keys_at: Option<Instant>,
    lists: HashMap<String, (Vec<u8>, u64)>,
}

impl Checker {
    /// For the tokens of one issuer that are meant for one audience.
    pub fn new(issuer: &str, audience: &str) -> Result<Checker, Denied> {
        Ok(Checker {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(5))
                .redirect(reqwest::redirect::Policy::none())
                .build()?,
            keys: HashMap::new(),
            keys_at: None,
            lists: HashMap::new(),
        })
    }

    /// The claims of a good token; an error for every other one.
    pub async fn check(&mut self, token: &str) -> Result<Value, Denied> {
        let mut rules = Validation::default();
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = self.verified(token, "at+jwt", rules).await?;
        let place = &claims["status"]["status_list"];
        let (Some(idx), Some(uri)) = (place["idx"].as_u64(), place["uri"].as_str()) else {
            return Err("names no status list".into());
        };
        // Signed by the issuer, yet a token must not send us anywhere else.
        if !uri.starts_with(&format!("{}/", self.issuer)) {
            return Err("names a foreign status list".into());
        }
        let bits = self.bits(uri).await?;
        let byte = bits
            .get(usize::try_from(idx / 8)?)
            .ok_or("beyond the status list")?;
        if byte >> (idx % 8) & 1 == 1 {
            return Err("its session is over".into());
        }
        Ok(claims)
    }

    async fn bits(&mut self, uri: &str) -> Result<&[u8], Denied> {
        let fresh = self.lists.get(uri).is_some_and(|(_, until)| now() < *until);
        if !fresh {
            // No list, no answer: an error here denies the token.
            let token = self
                .get(uri, "application/statuslist+jwt")
                .await?
                .text()
                .await?;
            let mut rules = Validation::default();
            // A list is for everybody, and names no audience.
            rules.validate_aud = false;
            rules.set_required_spec_claims(&["exp", "sub"]);
            rules.sub = Some(uri.to_owned());
            let claims = self.verified(&token, "statuslist+jwt", rules).await?;
            let list = &claims["status_list"];
            if list["bits"] != 1 {
                return Err("a status list of another kind".into());
            }
            let compressed = URL_SAFE_NO_PAD.decode(list["lst"].as_str().ok_or("no list")?)?;
            let mut bits = Vec::new();
            flate2::read::ZlibDecoder::new(&*compressed)
                .take(MAX_LIST)
                .read_to_end(&mut bits)?;
            // Counted from iat: whatever kept it on the way does not add to the lag.
            let until = claims["iat"].as_u64().unwrap_or(0) + claims["ttl"].as_u64().unwrap_or(0);
            self.lists.insert(uri.to_owned(), (bits, until));
        }
        Ok(self
            .lists
            .get(uri)
            .map(|(bits, _)| &**bits)
            .unwrap_or_default())
    }

    async fn verified(
        &mut self,
        token: &str,
        typ: &str,
        mut rules: Validation,
    ) -> Result<Value, Denied> {
        let header = decode_header(token)?;
        if header.typ.as_deref() != Some(typ) {
            return Err("another kind of token".into());
        }
        let jwk = self.key(header.kid.as_deref().unwrap_or_default()).await?;
        let alg = jwk
            .common
            .key_algorithm
            .ok_or("a key without an algorithm")?;
        // The key knows its algorithm; what the header says must agree.
        rules.algorithms = vec![alg.to_string().parse::<Algorithm>()?];
        rules.leeway = 0;
        Ok(decode(token, &DecodingKey::from_jwk(jwk)?, &rules)?.claims)
    }

    async fn key(&mut self, kid: &str) -> Result<&Jwk, Denied> {
        // A key that is not known yet is looked for, but not more often than every ten seconds.
        let lately = self
            .keys_at
            .is_some_and(|at| at.elapsed() < Duration::from_secs(10));
        if !self.keys.contains_key(kid) && !lately {
            self.keys_at = Some(Instant::now());
            let at = format!("{}/.well-known/openid-configuration", self.issuer);
            let discovery: Value = self.get(&at, "application/json").await?.json().await?;
            let at = discovery["jwks_uri"].as_str().ok_or("no jwks_uri")?;
            let set: JwkSet = self.get(at, "application/json").await?.json().await?;
            self.keys = set
                .keys
                .into_iter()
                .filter_map(|key| Some((key.common.key_id.clone()?, key)))
                .collect();
        }
        self.keys.get(kid).ok_or_else(|| "an unknown key".into())
    }

    async fn get(&self, url: &str, accept: &str) -> Result<reqwest::Response, Denied> {
        let request = self.http.get(url).header("accept", accept);
        Ok(request.send().await?.error_for_status()?)
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}
