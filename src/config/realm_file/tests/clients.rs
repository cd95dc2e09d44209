//! What a client in a realm file may not say.

use super::*;

#[test]
fn addresses_are_refused_one_by_one_at_their_own_place() {
    let found = client(
        "post_logout_redirect_uris = [\n  \"https://ok.example/\",\n  \"http://c.example/bye\",\n  \"https://*.example/\",\n  \"https://ok.example/\",\n]\n",
    );
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("realms/r.toml:8:3: `post_logout_redirect_uris` in [[clients]]: \"http://c.example/bye\" is plain http"));
    assert!(found[0].ends_with("did you mean `https://c.example/bye`?"));
    assert!(found[1].starts_with("realms/r.toml:9:3: `post_logout_redirect_uris` in [[clients]]: \"https://*.example/\" has a wildcard"));
    assert_eq!(
        found[2],
        "realms/r.toml:10:3: `post_logout_redirect_uris` in [[clients]]: \"https://ok.example/\" is listed twice"
    );
    let found = client("backchannel_logout_uri = \"https://c.example/logout#x\"\n");
    one(
        &found,
        "6:26: `backchannel_logout_uri` in [[clients]]: \"https://c.example/logout#x\" has a fragment; did you mean `https://c.example/logout`?",
    );
    assert_eq!(
        client("backchannel_logout_uri = \"http://notes:9091/logout\"\n"),
        Vec::<String>::new()
    );
}

#[test]
fn grants_and_scopes_are_those_there_are() {
    one(
        &client("grant_types = [\"authorisation_code\"]\n"),
        "6:16: `grant_types` in [[clients]]: unknown grant type \"authorisation_code\", expected one of authorization_code, \
         refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code; did you mean `authorization_code`?",
    );
    one(
        &client("response_types = [\"code\", \"token\"]\n"),
        "6:27: `response_types` in [[clients]]: unknown response type \"token\", expected code",
    );
    one(
        &client("scope = \"openid  email\"\n"),
        "6:9: `scope` in [[clients]]: expected scopes separated by single spaces, such as \"openid profile email\", found \"\"; \
         did you mean \"openid email\"?",
    );
    one(
        &client("scope = \"openid,email\"\n"),
        "6:9: `scope` in [[clients]]: scopes are separated by spaces, not by commas; did you mean \"openid email\"?",
    );
    assert!(
        client("scope = 'open\"id'\n")[0]
            .starts_with("realms/r.toml:6:9: `scope` in [[clients]]: expected scopes")
    );
    one(
        &client("service_account_roles = [\"realm-admin\"]\n"),
        "6:25: `service_account_roles` in [[clients]]: has no effect without the grant type client_credentials",
    );
    one(
        &problems("realm = \"r\"\n\n[[clients]]\nclient_id = \"c\"\nclient_secret = \"s\"\n"),
        "3:1: `redirect_uris` is missing in [[clients]]: is needed by the grant type authorization_code: at least one address",
    );
    let device = "realm = \"r\"\n\n[[clients]]\nclient_id = \"tv\"\ntoken_endpoint_auth_method = \"none\"\n\
                  grant_types = [\"urn:ietf:params:oauth:grant-type:device_code\"]\n";
    assert_eq!(problems(device), Vec::<String>::new());
}

#[test]
fn a_client_proves_who_it_is_as_it_says() {
    let start =
        "realm = \"r\"\n[[clients]]\nclient_id = \"c\"\nredirect_uris = [\"https://c.example/\"]\n";
    one(
        &problems(start),
        "2:1: `client_secret` is missing in [[clients]]: is needed by `token_endpoint_auth_method = \"client_secret_basic\"`; \
         give one, or set `token_endpoint_auth_method = \"none\"` for a public client",
    );
    let public = format!("{start}token_endpoint_auth_method = \"none\"\n");
    one(
        &problems(&format!(
            "{public}grant_types = [\"authorization_code\", \"client_credentials\"]\n"
        )),
        "6:15: `grant_types` in [[clients]]: client_credentials is for clients that prove who they are; \
         `token_endpoint_auth_method` is \"none\"",
    );
    one(
        &problems(&format!("{public}require_pkce = false\n")),
        "6:16: `require_pkce` in [[clients]]: only a client that can keep a secret may do without PKCE; \
         `token_endpoint_auth_method` is \"none\"",
    );
    one(
        &problems(&format!("{public}client_secret = \"s3cret\"\n")),
        "6:17: `client_secret` in [[clients]]: is given, but `token_endpoint_auth_method` is \"none\": nobody would ask for it",
    );
    one(
        &client("token_endpoint_auth_method = \"client_secret_jwt\"\n"),
        "4:17: `client_secret` in [[clients]]: is too short for client_secret_jwt: expected 32 bytes or more (RFC 7518 section 3.2)",
    );
    one(
        &problems(&format!(
            "{start}token_endpoint_auth_method = \"private_key_jwt\"\n"
        )),
        "2:1: `jwks` is missing in [[clients]]: is needed by `token_endpoint_auth_method = \"private_key_jwt\"`",
    );
    one(
        &client("jwks = { key = 1 }\n"),
        "6:8: `jwks` in [[clients]]: expected a JWK set: a table with a list `keys` (RFC 7517 section 5)",
    );
    assert!(
        client("jwks = { keys = [{ kty = \"EC\", d = \"x\" }] }\n")[0]
            .contains("holds a private or symmetric key")
    );
    assert_eq!(client("require_pkce = false\n"), Vec::<String>::new());
}

#[test]
fn names_are_given_once_in_a_file() {
    one(
        &client("[[clients]]\nclient_id = \"c\"\nclient_secret = \"s\"\ngrant_types = []\n"),
        "7:13: client `c` is described twice, first in line 3",
    );
    // Usernames are compared as sign-in compares them.
    one(
        &user("[[users]]\nusername = \"U\"\n"),
        "5:12: user `U` is described twice, first in line 3",
    );
    one(
        &problems("realm = \"r\"\n[[users]]\npassword = \"p\"\n"),
        "2:1: `username` is missing in [[users]]: a username has 1 to 128 characters, no control characters and no white space at its ends",
    );
    assert!(
        client("[[clients]]\nclient_secret = \"s\"\ngrant_types = []\n")[0].starts_with(
            "realms/r.toml:6:1: `client_id` is missing in [[clients]]: expected 1 to 255"
        )
    );
}

#[test]
fn what_apis_check_is_one_of_three_and_never_a_list_that_no_token_names() {
    one(
        &client("access_token_revocation_check = \"statuslist\"\n"),
        "6:33: `access_token_revocation_check`: expected one of none, status-list, introspection, found `statuslist`; \
         did you mean `status-list`?",
    );
    one(
        &client("access_token_format = \"JWT\"\n"),
        "6:23: `access_token_format`: expected one of jwt, opaque, found `JWT`; did you mean `jwt`?",
    );
    let found = client(
        "access_token_format = \"opaque\"\naccess_token_revocation_check = \"status-list\"\n",
    );
    one(
        &found,
        "7:33: `access_token_revocation_check` in [[clients]]: expected \"introspection\" (or \"none\"): an opaque token \
         names no status list, and `access_token_format` is \"opaque\"",
    );
    assert_eq!(
        client("access_token_revocation_check = \"status-list\"\n"),
        Vec::<String>::new()
    );
}

#[test]
fn every_way_of_telling_an_app_is_read() {
    let found = client(
        "frontchannel_logout_uri = \"https://c.example/out\"\nfrontchannel_logout_session_required = true\n\
         global_token_revocation_endpoint = \"https://c.example/gtr\"\n\
         global_token_revocation_audience = \"https://c.example\"\nglobal_token_revocation_subject = \"email\"\n\
         webhook_uri = \"https://c.example/hook\"\n\
         webhook_secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n",
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_a_way_of_telling_lacks_is_said_where_it_is_written() {
    for (line, words) in [
        (
            "webhook_uri = \"https://c.example/hook\"\n",
            "`webhook_secret` is missing",
        ),
        (
            "frontchannel_logout_uri = \"https://other.example/out\"\n",
            "one of redirect_uris",
        ),
        (
            "global_token_revocation_subject = \"phone\"\n",
            "expected one of iss_sub, email, opaque",
        ),
        (
            "global_token_revocation_issuer = \"https://idp.example\"\n",
            "needs jwks",
        ),
    ] {
        let found = client(line);
        assert!(
            found.iter().any(|problem| problem.contains(words)),
            "{line}: {found:?}"
        );
    }
}
