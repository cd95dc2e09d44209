//! Keys: every algorithm made, published, read back and used; what a JWK must not be.

use serde_json::{Value, json};

use super::*;
use crate::crypto::sha256;

fn key(alg: Alg) -> SigningKey {
    SigningKey::parse(alg, &generate(alg).unwrap()).unwrap()
}

fn jwk(value: Value) -> Jwk {
    serde_json::from_value(value).unwrap()
}

fn parts(token: &str) -> (&str, Vec<u8>) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    (signed, unb64(signature).unwrap())
}

/// The key of RFC 7638 section 3.1.
fn published_rsa() -> Value {
    json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29"
    })
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    let key = jwk(published_rsa());
    assert_eq!(
        thumbprint(&key).unwrap(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn the_kid_is_the_thumbprint_of_the_public_jwk() {
    let key = key(Alg::Es256);
    let published = serde_json::to_value(key.public_jwk()).unwrap();
    let canonical = format!(
        r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
        published["x"], published["y"]
    );
    assert_eq!(key.kid(), b64(&sha256(canonical.as_bytes())));
}

#[test]
fn every_algorithm_signs_what_its_published_jwk_verifies() {
    for alg in Alg::ALL {
        let key = key(alg);
        let token = key.sign("JWT", &json!({"sub": "x"})).unwrap();
        let published = serde_json::to_string(key.public_jwk()).unwrap();
        let read: Jwk = serde_json::from_str(&published).unwrap();
        let verifying = VerifyingKey::from_jwk(&read).unwrap();
        assert_eq!((verifying.alg(), verifying.kid()), (alg, Some(key.kid())));
        let (signed, signature) = parts(&token);
        assert!(verifying.signed(signed.as_bytes(), &signature), "{alg}");
        assert!(!verifying.signed(b"other", &signature), "{alg}");
        let other = self::key(alg);
        assert!(
            !other.verifying_key().signed(signed.as_bytes(), &signature),
            "{alg}"
        );
    }
}

#[test]
fn a_published_jwk_names_kid_alg_and_use_and_nothing_private() {
    for alg in Alg::ALL {
        let key = key(alg);
        let published = serde_json::to_value(key.public_jwk()).unwrap();
        assert_eq!(published["kid"], key.kid());
        assert_eq!(published["alg"], alg.name());
        assert_eq!(published["use"], "sig");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(published.get(private), None, "{alg} {private}");
        }
    }
}

#[test]
fn es256_signatures_have_the_fixed_length_of_rfc_7518() {
    let key = key(Alg::Es256);
    for number in 0..16 {
        let token = key.sign("JWT", &json!({"n": number})).unwrap();
        assert_eq!(parts(&token).1.len(), 64);
    }
}

#[test]
fn the_header_has_typ_alg_and_kid_and_nothing_else() {
    let key = key(Alg::EdDSA);
    for typ in ["JWT", "at+jwt", "dpop+jwt", "a \"quoted\" type"] {
        let token = key.sign(typ, &json!({})).unwrap();
        let header = unb64(token.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(
            header,
            json!({"typ": typ, "alg": "EdDSA", "kid": key.kid()})
        );
    }
}

#[test]
fn a_key_is_read_for_its_own_algorithm_only() {
    for made in Alg::ALL {
        let pkcs8 = generate(made).unwrap();
        for read in Alg::ALL {
            let parsed = SigningKey::parse(read, &pkcs8);
            assert_eq!(parsed.is_ok(), made == read, "{made} read as {read}");
        }
    }
}

#[test]
fn a_key_read_twice_has_the_same_kid_and_shows_nothing_private() {
    let pkcs8 = generate(Alg::EdDSA).unwrap();
    assert_eq!(pkcs8.len(), 48, "PKCS#8 version 1");
    let one = SigningKey::parse(Alg::EdDSA, &pkcs8).unwrap();
    let two = SigningKey::parse(Alg::EdDSA, &pkcs8).unwrap();
    assert_eq!(one.kid(), two.kid());
    assert_eq!(
        format!("{one:?}"),
        format!("SigningKey(EdDSA {})", one.kid())
    );
}

#[test]
fn keys_that_may_not_verify_are_refused() {
    let good = serde_json::to_value(key(Alg::Es256).public_jwk()).unwrap();
    assert!(VerifyingKey::from_jwk(&jwk(good.clone())).is_ok());
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed
    };
    let rsa_with = |name: &str, value: Value| {
        let mut changed = published_rsa();
        changed[name] = value;
        changed
    };
    let weak = b64(&[0xff; 255]);
    let almost = b64(&[&[0x7f], [0xff; 255].as_slice()].concat());
    let refused = [
        with("use", json!("enc")),
        with("alg", json!("RS256")),
        with("alg", json!("HS256")),
        with("alg", json!("PS256")),
        with("crv", json!("P-384")),
        with("x", json!(b64(&[1; 32]))),
        with("x", json!(b64(&[1; 31]))),
        with("x", json!("no base64url=")),
        rsa_with("alg", json!("PS256")),
        rsa_with("n", json!(weak)),
        rsa_with("n", json!(almost)),
        rsa_with("n", json!("")),
        rsa_with("e", json!("")),
        json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ"}),
        json!({"kty": "OKP", "crv": "X25519", "x": b64(&[1; 32])}),
    ];
    for value in refused {
        // A JWK that cannot even be read as one is refused as well.
        let refused = serde_json::from_value(value.clone())
            .map(|jwk| VerifyingKey::from_jwk(&jwk).is_err())
            .unwrap_or(true);
        assert!(refused, "{value}");
    }
}

#[test]
fn coordinates_that_are_whole_only_together_are_refused() {
    let mut value = serde_json::to_value(key(Alg::Es256).public_jwk()).unwrap();
    let half = |name: &str| unb64(value[name].as_str().unwrap()).unwrap();
    let point = [half("x"), half("y")].concat();
    value["x"] = json!(b64(&point[..31]));
    value["y"] = json!(b64(&point[31..]));
    assert!(VerifyingKey::from_jwk(&jwk(value)).is_err());
}

#[test]
fn an_rsa_key_is_taken_without_alg_and_with_a_leading_zero() {
    let mut value = published_rsa();
    let n = unb64(value["n"].as_str().unwrap()).unwrap();
    value["n"] = json!(b64(&[&[0], n.as_slice()].concat()));
    value.as_object_mut().unwrap().remove("alg");
    let key = VerifyingKey::from_jwk(&jwk(value)).unwrap();
    assert_eq!(key.alg(), Alg::Rs256);
}

#[test]
fn algorithms_are_known_by_their_registered_names_only() {
    for alg in Alg::ALL {
        assert_eq!(alg.to_string().parse::<Alg>().unwrap(), alg);
        assert_eq!(serde_json::to_value(alg).unwrap(), alg.name());
    }
    for name in ["none", "HS256", "es256", "ES256 ", ""] {
        let error = name.parse::<Alg>().unwrap_err().to_string();
        assert!(error.contains("ES256, EdDSA, RS256"), "{error}");
    }
}
