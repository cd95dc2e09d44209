//! Every way a token can lie, one test each: the table of JOSE attacks (RFC 8725) and of what a bare decoder lets pass.

mod claims;

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;
use crate::crypto::keys::{SigningKey, generate};
use crate::crypto::secret::b64;

const NOW: u64 = 1_800_000_000;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

static ES256: LazyLock<SigningKey> = LazyLock::new(|| key(Alg::Es256));
static RS256: LazyLock<SigningKey> = LazyLock::new(|| key(Alg::Rs256));
static EDDSA: LazyLock<SigningKey> = LazyLock::new(|| key(Alg::EdDSA));

#[derive(Debug, Deserialize, PartialEq)]
struct Claims {
    iss: String,
    aud: Value,
}

macro_rules! kind {
    ($name:ident, $typ:expr, $required:expr, $expiry:expr) => {
        #[derive(Debug)]
        struct $name;
        impl TokenKind for $name {
            const TYP: &'static [&'static str] = $typ;
            const TYP_REQUIRED: bool = $required;
            type Claims = Claims;
            const REQUIRED: &'static [&'static str] = &["exp", "iss", "aud"];
            const LEEWAY_SECS: u64 = 5;
            const CHECK_EXPIRY: bool = $expiry;
        }
    };
}
kind!(Access, &["at+jwt"], true, true);
kind!(Logout, &["logout+jwt"], true, true);
kind!(Plain, &["JWT"], false, true);
kind!(Hint, &["JWT"], false, false);

fn key(alg: Alg) -> SigningKey {
    SigningKey::parse(alg, &generate(alg).unwrap()).unwrap()
}

fn claims() -> Value {
    json!({"iss": "https://op", "aud": "app", "exp": NOW + 60, "iat": NOW})
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn claims_without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// A token of kind `Access`, well signed, with these claims.
fn access(claims: &Value) -> String {
    ES256.sign("at+jwt", claims).unwrap()
}

fn check(token: &str) -> Result<Claims, JwsError> {
    verify::<Access>(token, ES256.verifying_key(), &Alg::ALL, NOW)
}

/// A token with any header, well signed by the ES256 key: only the header can be its fault.
fn with_header(header: &str) -> String {
    // The key signs what it is given as payload, so the wanted text is built by hand and signed with the library.
    let signed = format!(
        "{}.{}",
        b64(header.as_bytes()),
        b64(claims().to_string().as_bytes())
    );
    let signature = ES256.sign_bytes(signed.as_bytes()).unwrap();
    format!("{signed}.{signature}")
}

fn hs256(header: &Value, secret: &[u8]) -> String {
    let signed = format!(
        "{}.{}",
        b64(header.to_string().as_bytes()),
        b64(claims().to_string().as_bytes())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = b64(hmac::sign(&key, signed.as_bytes()).as_ref());
    format!("{signed}.{signature}")
}

#[test]
fn a_good_token_of_every_algorithm_verifies() {
    for key in [&*ES256, &*RS256, &*EDDSA] {
        let token = key.sign("at+jwt", &claims()).unwrap();
        let read: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(serde_json::to_value(key.public_jwk()).unwrap()).unwrap();
        let public = VerifyingKey::from_jwk(&read).unwrap();
        let verified = verify::<Access>(&token, &public, &[key.alg()], NOW).unwrap();
        assert_eq!(verified.iss, "https://op");
        let header = header(&token).unwrap();
        assert_eq!(header.alg, key.alg());
        assert_eq!(header.kid.as_deref(), Some(key.kid()));
    }
}

#[test]
fn another_implementation_verifies_our_tokens() {
    for key in [&*ES256, &*RS256, &*EDDSA] {
        let token = key.sign("at+jwt", &claims()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = jsonwebtoken::DecodingKey::from_jwk(key.public_jwk()).unwrap();
        let name = key.alg().name().parse().unwrap();
        let verified =
            jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &public, name).unwrap();
        assert!(verified, "{}", key.alg());
    }
}

#[test]
fn hs256_with_the_public_key_as_secret_is_refused() {
    let pkcs8 = generate(Alg::Rs256).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let key = SigningKey::parse(Alg::Rs256, &pkcs8).unwrap();
    for secret in [pem.as_bytes(), der.as_ref()] {
        let token = hs256(&json!({"alg": "HS256", "typ": "at+jwt"}), secret);
        let refused = verify::<Access>(&token, key.verifying_key(), &Alg::ALL, NOW);
        assert!(matches!(refused, Err(JwsError::UnsupportedAlgorithm)));
        let refused = header(&token);
        assert!(matches!(refused, Err(JwsError::UnsupportedAlgorithm)));
    }
}

#[test]
fn alg_none_is_refused_however_it_is_spelled() {
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": none, "typ": "at+jwt"}).to_string();
        let payload = b64(claims().to_string().as_bytes());
        for signature in ["", "AAAA"] {
            let token = format!("{}.{payload}.{signature}", b64(header.as_bytes()));
            assert!(matches!(check(&token), Err(JwsError::UnsupportedAlgorithm)));
        }
    }
}

#[test]
fn the_algorithm_must_be_the_keys_own_and_allowed() {
    let token = access(&claims());
    assert!(matches!(
        verify::<Access>(&token, RS256.verifying_key(), &Alg::ALL, NOW),
        Err(JwsError::AlgorithmRefused)
    ));
    assert!(matches!(
        verify::<Access>(
            &token,
            ES256.verifying_key(),
            &[Alg::Rs256, Alg::EdDSA],
            NOW
        ),
        Err(JwsError::AlgorithmRefused)
    ));
    assert!(matches!(
        verify::<Access>(&token, ES256.verifying_key(), &[], NOW),
        Err(JwsError::AlgorithmRefused)
    ));
}

#[test]
fn a_token_of_one_kind_is_no_token_of_another() {
    let key = ES256.verifying_key();
    let (access, logout) = (
        access(&claims()),
        ES256.sign("logout+jwt", &claims()).unwrap(),
    );
    let plain = ES256.sign("JWT", &claims()).unwrap();
    let wrong = |refused| matches!(refused, Err(JwsError::WrongType));
    assert!(verify::<Logout>(&logout, key, &Alg::ALL, NOW).is_ok());
    assert!(verify::<Plain>(&plain, key, &Alg::ALL, NOW).is_ok());
    assert!(wrong(verify::<Access>(&logout, key, &Alg::ALL, NOW)));
    assert!(wrong(verify::<Access>(&plain, key, &Alg::ALL, NOW)));
    assert!(wrong(verify::<Logout>(&access, key, &Alg::ALL, NOW)));
    assert!(wrong(verify::<Logout>(&plain, key, &Alg::ALL, NOW)));
    assert!(wrong(verify::<Plain>(&access, key, &Alg::ALL, NOW)));
    assert!(wrong(verify::<Plain>(&logout, key, &Alg::ALL, NOW)));
}

#[test]
fn typ_may_be_absent_only_where_the_kind_says_so() {
    let token = with_header(r#"{"alg":"ES256"}"#);
    assert!(matches!(check(&token), Err(JwsError::WrongType)));
    assert!(verify::<Plain>(&token, ES256.verifying_key(), &Alg::ALL, NOW).is_ok());
}

#[test]
fn typ_is_compared_without_case_and_without_application() {
    for typ in ["AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        let token = with_header(&json!({"alg": "ES256", "typ": typ}).to_string());
        assert!(check(&token).is_ok(), "{typ}");
    }
    for typ in [
        "at+jwt ",
        "application/",
        "application/application/at+jwt",
        "é",
    ] {
        let token = with_header(&json!({"alg": "ES256", "typ": typ}).to_string());
        assert!(matches!(check(&token), Err(JwsError::WrongType)), "{typ}");
    }
}

#[test]
fn any_crit_is_refused() {
    for crit in [r#"["exp"]"#, r#"["b64"]"#, "[]", "null", "false"] {
        let token = with_header(&format!(
            r#"{{"alg":"ES256","typ":"at+jwt","crit":{crit}}}"#
        ));
        assert!(matches!(check(&token), Err(JwsError::Critical)), "{crit}");
        assert!(matches!(header(&token), Err(JwsError::Critical)), "{crit}");
    }
}

#[test]
fn a_key_in_the_header_is_not_looked_at() {
    let attacker = key(Alg::Es256);
    let header = json!({
        "alg": "ES256", "typ": "at+jwt", "kid": attacker.kid(),
        "jwk": attacker.public_jwk(), "jku": "https://evil/jwks", "x5u": "https://evil/x", "x5c": ["AAAA"]
    })
    .to_string();
    assert!(check(&with_header(&header)).is_ok(), "ignored, not refused");
    let signed = format!(
        "{}.{}",
        b64(header.as_bytes()),
        b64(claims().to_string().as_bytes())
    );
    let forged = format!(
        "{signed}.{}",
        attacker.sign_bytes(signed.as_bytes()).unwrap()
    );
    assert!(matches!(check(&forged), Err(JwsError::BadSignature)));
}

#[test]
fn a_header_with_a_member_twice_is_refused() {
    let token = with_header(r#"{"alg":"ES256","alg":"ES256","typ":"at+jwt"}"#);
    assert!(matches!(check(&token), Err(JwsError::Malformed)));
    let token = with_header(r#"["ES256",null,"at+jwt",false]"#);
    assert!(matches!(check(&token), Err(JwsError::Malformed)));
}

#[test]
fn padding_and_other_spellings_are_refused() {
    let token = access(&claims());
    let [header, payload, signature]: [&str; 3] =
        token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let twisted = [
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}."),
        format!(".{header}.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}.a.b"),
        format!("{header}.{payload}. {signature}"),
        format!("{header}.{payload}"),
        header.to_owned(),
        "..".to_owned(),
        String::new(),
    ];
    for token in twisted {
        assert!(check(&token).is_err(), "{token}");
    }
    // Even its signer cannot spell a token in another way.
    for signed in [
        format!("{header}.{payload}="),
        format!("{header}=.{payload}"),
    ] {
        let token = format!("{signed}.{}", ES256.sign_bytes(signed.as_bytes()).unwrap());
        assert!(matches!(check(&token), Err(JwsError::Malformed)), "{token}");
    }
}

#[test]
fn a_changed_payload_or_signature_is_refused() {
    let token = access(&claims());
    let other = access(&claims_with("aud", json!("other")));
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    for forged in [
        format!("{signed}.{signature}"),
        format!("{signed}."),
        format!("{signed}.{}", b64(&[0; 64])),
    ] {
        assert!(matches!(check(&forged), Err(JwsError::BadSignature)));
    }
}

#[test]
fn a_long_token_is_refused_before_it_is_read() {
    let token = access(&claims_with("filler", json!("x".repeat(13_000))));
    assert!(matches!(check(&token), Err(JwsError::TooLong)));
    assert!(matches!(header(&token), Err(JwsError::TooLong)));
    assert!(matches!(
        unverified::<Value>(&token),
        Err(JwsError::TooLong)
    ));
}

#[test]
fn unverified_reads_a_token_of_any_kind_and_any_algorithm() {
    let token = hs256(&json!({"alg": "HS256"}), SECRET);
    assert_eq!(unverified::<Claims>(&token).unwrap().iss, "https://op");
}

#[test]
fn a_shared_secret_verifies_hs256_and_nothing_else() {
    let token = hs256(&json!({"alg": "HS256", "typ": "JWT"}), SECRET);
    assert!(verify_hs256::<Plain>(&token, SECRET, NOW).is_ok());
    let other = b"another secret of thirty-two bytes or more";
    assert!(matches!(
        verify_hs256::<Plain>(&token, other, NOW),
        Err(JwsError::BadSignature)
    ));
    assert!(matches!(
        verify_hs256::<Access>(&token, SECRET, NOW),
        Err(JwsError::WrongType)
    ));
    assert!(matches!(
        verify_hs256::<Plain>(&token, SECRET, NOW + 3600),
        Err(JwsError::Expired)
    ));
    for alg in ["none", "ES256", "HS512"] {
        let token = hs256(&json!({"alg": alg}), SECRET);
        assert!(matches!(
            verify_hs256::<Plain>(&token, SECRET, NOW),
            Err(JwsError::AlgorithmRefused)
        ));
    }
    let critical = hs256(&json!({"alg": "HS256", "crit": ["exp"]}), SECRET);
    assert!(matches!(
        verify_hs256::<Plain>(&critical, SECRET, NOW),
        Err(JwsError::Critical)
    ));
}

#[test]
fn a_short_or_empty_secret_verifies_nothing() {
    for secret in [&b""[..], b"short"] {
        let token = hs256(&json!({"alg": "HS256"}), secret);
        assert!(matches!(
            verify_hs256::<Plain>(&token, secret, NOW),
            Err(JwsError::WeakSecret)
        ));
    }
}
