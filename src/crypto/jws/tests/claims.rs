//! What the claims of a well-signed token may not be.

use super::*;

#[test]
fn an_absent_or_null_required_claim_is_refused() {
    for name in ["exp", "iss", "aud"] {
        for claims in [claims_without(name), claims_with(name, Value::Null)] {
            let refused = check(&access(&claims)).unwrap_err();
            assert!(matches!(refused, JwsError::MissingClaim(n) if n == name));
        }
    }
}

#[test]
fn an_issuer_that_is_a_list_is_refused_by_the_claims_type() {
    let token = access(&claims_with("iss", json!(["https://evil", "https://op"])));
    assert!(matches!(check(&token), Err(JwsError::Claims(_))));
}

#[test]
fn a_token_is_good_for_the_leeway_after_its_end_and_no_longer() {
    for (ago, good) in [(0, true), (4, true), (5, false), (59, false)] {
        let outcome = check(&access(&claims_with("exp", json!(NOW - ago))));
        match outcome {
            Ok(_) => assert!(good, "{ago} s ago"),
            Err(error) => assert!(!good && matches!(error, JwsError::Expired), "{ago} s ago"),
        }
    }
}

#[test]
fn the_time_is_the_callers() {
    let token = access(&claims());
    let at = |now| verify::<Access>(&token, ES256.verifying_key(), &Alg::ALL, now);
    assert!(at(NOW + 64).is_ok());
    assert!(matches!(at(NOW + 65), Err(JwsError::Expired)));
    assert!(matches!(at(NOW - 6), Err(JwsError::NotYetValid)));
    assert!(matches!(at(0), Err(JwsError::NotYetValid)));
    assert!(matches!(at(u64::MAX), Err(JwsError::Expired)));
}

#[test]
fn a_hint_may_have_expired_but_not_lie_about_the_rest() {
    let key = ES256.verifying_key();
    let old = ES256.sign("JWT", &claims_with("exp", json!(1))).unwrap();
    assert!(verify::<Hint>(&old, key, &Alg::ALL, NOW).is_ok());
    assert!(verify::<Plain>(&old, key, &Alg::ALL, NOW).is_err());
    let text = ES256.sign("JWT", &claims_with("exp", json!("1"))).unwrap();
    assert!(matches!(
        verify::<Hint>(&text, key, &Alg::ALL, NOW),
        Err(JwsError::NotADate("exp"))
    ));
}

#[test]
fn a_token_from_the_future_is_refused() {
    for name in ["nbf", "iat"] {
        let ahead = access(&claims_with(name, json!(NOW + 3600)));
        assert!(
            matches!(check(&ahead), Err(JwsError::NotYetValid)),
            "{name}"
        );
        let within = access(&claims_with(name, json!(NOW + 5)));
        assert!(check(&within).is_ok(), "{name}");
    }
}

#[test]
fn dates_are_numbers() {
    for name in ["exp", "nbf", "iat"] {
        for value in [json!((NOW + 60).to_string()), json!([NOW]), json!(true)] {
            let refused = check(&access(&claims_with(name, value))).unwrap_err();
            assert!(matches!(refused, JwsError::NotADate(n) if n == name));
        }
    }
    let fraction = access(&claims_with("exp", json!(NOW as f64 + 0.5)));
    assert!(check(&fraction).is_ok());
}

#[test]
fn a_payload_that_is_no_object_is_refused() {
    for claims in [json!([]), json!("text"), Value::Null] {
        assert!(matches!(check(&access(&claims)), Err(JwsError::Malformed)));
    }
}
