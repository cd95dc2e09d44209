//! What each parameter of an authentication request does, and which error a wrong one earns.

use super::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://app.example/cb";

fn parse_with(extra: &str, require_pkce: bool) -> Result<AuthorizeRequest, OAuthError> {
    let allowed = ScopeSet::parse("openid profile email").unwrap();
    let rules = ClientRules {
        redirect_uri: CALLBACK,
        may_use_code: true,
        require_pkce,
        allowed_scopes: &allowed,
        default_max_age: None,
    };
    AuthorizeRequest::parse(
        &Params::read(format!("client_id=app&{extra}")).unwrap(),
        &rules,
    )
}

fn parse(extra: &str) -> Result<AuthorizeRequest, OAuthError> {
    parse_with(
        &format!(
            "response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256&{extra}"
        ),
        true,
    )
}

fn code_of(result: Result<AuthorizeRequest, OAuthError>) -> &'static str {
    result.map_or_else(|error| error.code.as_str(), |_| "ok")
}

#[test]
fn a_full_request_is_read() {
    let request = parse(
        "scope=openid+email&redirect_uri=https://app.example/cb&state=s&nonce=n&display=popup&prompt=login+consent&max_age=60\
         &ui_locales=de+en&claims_locales=de&id_token_hint=a.b.c&login_hint=alice&acr_values=gold+silver&response_mode=form_post\
         &claims=%7B%22id_token%22%3A%7B%22acr%22%3Anull%7D%7D&resource=https://api.example&resource=urn:b&dpop_jkt=ignored",
    )
    .unwrap();
    assert_eq!(request.scope.to_string(), "openid email");
    assert_eq!(request.redirect_uri, CALLBACK);
    assert!(request.redirect_uri_sent);
    assert_eq!(
        (request.state.as_deref(), request.nonce.as_deref()),
        (Some("s"), Some("n"))
    );
    assert_eq!(
        (request.display, request.max_age),
        (Some(Display::Popup), Some(60))
    );
    assert!(request.prompt.login && request.prompt.consent);
    assert_eq!(request.ui_locales, ["de", "en"]);
    assert_eq!(request.acr_values, ["gold", "silver"]);
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert!(request.claims.id_token.contains_key("acr"));
    assert_eq!(request.code_challenge.as_deref(), Some(CHALLENGE));
    assert_eq!(request.resource, ["https://api.example", "urn:b"]);
}

#[test]
fn it_survives_being_kept_while_the_user_signs_in() {
    let request = parse(
        "scope=openid&claims=%7B%22userinfo%22%3A%7B%22a%22%3A%7B%22value%22%3A1%7D%7D%7D&state=s",
    )
    .unwrap();
    let bytes = postcard::to_stdvec(&request).unwrap();
    assert!(postcard::from_bytes::<AuthorizeRequest>(&bytes).unwrap() == request);
    let json = serde_json::to_string(&request).unwrap();
    assert!(serde_json::from_str::<AuthorizeRequest>(&json).unwrap() == request);
}

#[test]
fn only_the_response_type_code_is_offered() {
    for (text, code) in [
        ("", "invalid_request"),
        ("response_type=token", "unsupported_response_type"),
        ("response_type=id_token", "unsupported_response_type"),
        ("response_type=code+id_token", "unsupported_response_type"),
        ("response_type=none", "unsupported_response_type"),
        ("response_type=CODE", "unsupported_response_type"),
        ("response_type=code", "ok"),
    ] {
        assert_eq!(code_of(parse_with(text, false)), code, "{text}");
    }
}

#[test]
fn a_wrong_parameter_earns_its_registered_error() {
    for (text, code) in [
        ("request=a.b.c", "request_not_supported"),
        ("request_uri=urn:x", "request_uri_not_supported"),
        ("registration=%7B%7D", "registration_not_supported"),
        ("scope=openid&scope=email", "invalid_request"),
        ("nonce=a&nonce=b", "invalid_request"),
        ("scope=a%22b", "invalid_scope"),
        ("prompt=none+login", "invalid_request"),
        ("max_age=-1", "invalid_request"),
        ("max_age=1.5", "invalid_request"),
        ("max_age=+60", "invalid_request"),
        ("display=tv", "invalid_request"),
        ("claims=%5B%5D", "invalid_request"),
        ("response_mode=web_message", "invalid_request"),
        ("resource=api", "invalid_target"),
        ("resource=https://api.example%23x", "invalid_target"),
    ] {
        assert_eq!(code_of(parse(text)), code, "{text}");
    }
}

#[test]
fn pkce_is_required_unless_the_client_is_exempt_and_plain_is_never_taken() {
    let plain =
        format!("response_type=code&code_challenge={CHALLENGE}&code_challenge_method=plain");
    let unnamed = format!("response_type=code&code_challenge={CHALLENGE}");
    for required in [true, false] {
        assert_eq!(code_of(parse_with(&plain, required)), "invalid_request");
        assert_eq!(code_of(parse_with(&unnamed, required)), "invalid_request");
        assert_eq!(
            code_of(parse_with(
                "response_type=code&code_challenge_method=S256",
                required
            )),
            "invalid_request"
        );
        let expected = if required { "invalid_request" } else { "ok" };
        assert_eq!(
            code_of(parse_with("response_type=code", required)),
            expected
        );
    }
}

#[test]
fn scopes_the_client_may_not_have_are_dropped() {
    assert_eq!(
        parse("scope=admin+openid+api").unwrap().scope.to_string(),
        "openid"
    );
    let bare = parse("scope=admin").unwrap();
    assert!(bare.scope.is_empty());
}

#[test]
fn max_age_zero_is_not_absent_and_a_huge_one_is_harmless() {
    assert_eq!(parse("max_age=0").unwrap().max_age, Some(0));
    assert_eq!(
        parse("max_age=99999999999999999999999").unwrap().max_age,
        Some(MAX_MAX_AGE)
    );
    assert_eq!(parse("").unwrap().max_age, None);
}

#[test]
fn the_clients_default_max_age_counts_when_the_request_names_none() {
    let allowed = ScopeSet::default();
    let rules = ClientRules {
        redirect_uri: CALLBACK,
        may_use_code: true,
        require_pkce: false,
        allowed_scopes: &allowed,
        default_max_age: Some(3600),
    };
    let max_age = |form: &str| {
        AuthorizeRequest::parse(&Params::read(form).unwrap(), &rules)
            .unwrap()
            .max_age
    };
    assert_eq!(max_age("client_id=app&response_type=code"), Some(3600));
    assert_eq!(
        max_age("client_id=app&response_type=code&max_age=5"),
        Some(5)
    );
    let refused = ClientRules {
        may_use_code: false,
        ..rules
    };
    let error = AuthorizeRequest::parse(
        &Params::read("client_id=app&response_type=code").unwrap(),
        &refused,
    )
    .unwrap_err();
    assert_eq!(error.code.as_str(), "unauthorized_client");
}

#[test]
fn the_front_is_read_even_when_the_rest_is_wrong() {
    let params =
        Params::read("client_id=app&redirect_uri=u&response_type=token&state=s&prompt=none+login")
            .unwrap();
    let front = Front::parse(&params).unwrap();
    assert_eq!(
        (front.state.as_deref(), front.redirect_uri.as_deref()),
        (Some("s"), Some("u"))
    );
}

#[test]
fn an_ambiguous_front_is_an_error_for_the_page() {
    let long = format!(
        "client_id=a&redirect_uri=https://a.example/{}",
        "x".repeat(redirect::MAX_URI)
    );
    for text in [
        "",
        "client_id=",
        "client_id=a&client_id=a",
        "client_id=a&redirect_uri=x&redirect_uri=y",
        "client_id=a&state=1&state=2",
        &long,
    ] {
        assert_eq!(
            Front::parse(&Params::read(text).unwrap())
                .unwrap_err()
                .code
                .as_str(),
            "invalid_request",
            "{text}"
        );
    }
}

#[test]
fn errors_travel_as_the_client_can_read_them() {
    for (text, mode) in [
        ("response_type=code", ResponseMode::Query),
        ("", ResponseMode::Query),
        ("response_type=token", ResponseMode::Fragment),
        ("response_type=code+id_token", ResponseMode::Fragment),
        (
            "response_type=id_token&response_mode=form_post",
            ResponseMode::FormPost,
        ),
        (
            "response_type=code&response_mode=fragment",
            ResponseMode::Fragment,
        ),
        ("response_type=code&response_mode=odd", ResponseMode::Query),
    ] {
        let params = Params::read(format!("client_id=a&{text}")).unwrap();
        assert_eq!(Front::parse(&params).unwrap().error_mode(), mode, "{text}");
    }
}
