//! The answer of the authorization endpoint on its way back to the client (RFC 6749 §4.1.2, RFC 9207, OAuth form
//! post mode), and parameters added to any URI that was matched before.
//!
//! Invariant: the URI the client registered is kept byte for byte; parameters are only added.

use serde::{Deserialize, Serialize};

use super::error::OAuthError;

/// How the answer travels (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default for a code.
    #[default]
    Query,
    /// In the fragment of the redirect URI.
    Fragment,
    /// In a form that the browser posts to the redirect URI.
    FormPost,
}

impl ResponseMode {
    /// All modes, for discovery.
    pub const ALL: [ResponseMode; 3] = [
        ResponseMode::Query,
        ResponseMode::Fragment,
        ResponseMode::FormPost,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ResponseMode::Query => "query",
            ResponseMode::Fragment => "fragment",
            ResponseMode::FormPost => "form_post",
        }
    }

    /// The mode of that name, if it is offered.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// What the browser is told to do. The values may be an authorization code: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum Redirect {
    /// Go to this URL, by 302 after a GET and 303 after a POST, never 307 (RFC 9700 §4.12).
    Location(String),
    /// Post these fields to this URL.
    FormPost {
        /// The redirect URI, as registered.
        action: String,
        /// Names and values, not yet escaped for HTML.
        fields: Vec<(String, String)>,
    },
}

/// The answer with a code. `iss` is always there (RFC 9207 §2).
pub fn authorize_success(
    redirect_uri: &str,
    mode: ResponseMode,
    code: &str,
    state: Option<&str>,
    iss: &str,
    session_state: Option<&str>,
) -> Redirect {
    let mut fields = vec![("code", code)];
    fields.extend(state.map(|s| ("state", s)));
    fields.push(("iss", iss));
    fields.extend(session_state.map(|s| ("session_state", s)));
    send(redirect_uri, mode, &fields)
}

/// The answer with an error (RFC 6749 §4.1.2.1). Only for a redirect URI that was matched with the client's.
pub fn authorize_error(
    redirect_uri: &str,
    mode: ResponseMode,
    error: &OAuthError,
    state: Option<&str>,
    iss: &str,
) -> Redirect {
    let mut fields = vec![
        ("error", error.code.as_str()),
        ("error_description", error.description()),
    ];
    fields.extend(state.map(|s| ("state", s)));
    fields.push(("iss", iss));
    send(redirect_uri, mode, &fields)
}

/// The URI with parameters added to its query; what was there stays.
pub fn append_query(uri: &str, fields: &[(&str, &str)]) -> String {
    // A registered URI has no fragment; one that slipped through is dropped rather than swallowing the parameters.
    let base = before_fragment(uri);
    let separator = match base.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    let encoded = encode(fields);
    if encoded.is_empty() {
        base.to_owned()
    } else {
        format!("{base}{separator}{encoded}")
    }
}

fn send(redirect_uri: &str, mode: ResponseMode, fields: &[(&str, &str)]) -> Redirect {
    match mode {
        ResponseMode::Query => Redirect::Location(append_query(redirect_uri, fields)),
        ResponseMode::Fragment => Redirect::Location(format!(
            "{}#{}",
            before_fragment(redirect_uri),
            encode(fields)
        )),
        ResponseMode::FormPost => Redirect::FormPost {
            action: redirect_uri.to_owned(),
            fields: fields
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        },
    }
}

fn before_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(base, _)| base)
}

/// Form-urlencoded, with `%20` rather than `+`: both form decoders and `decodeURIComponent` read it.
fn encode(fields: &[(&str, &str)]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for (name, value) in fields {
        if !out.is_empty() {
            out.push('&');
        }
        for (index, text) in [name, value].into_iter().enumerate() {
            if index == 1 {
                out.push('=');
            }
            for byte in text.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    out.push(char::from(byte));
                } else {
                    // Writing to a String cannot fail.
                    _ = write!(out, "%{byte:02X}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    const ISS: &str = "https://id.example/realms/demo";

    fn location(redirect: Redirect) -> String {
        match redirect {
            Redirect::Location(url) => url,
            Redirect::FormPost { .. } => panic!("a location was expected"),
        }
    }

    #[test]
    fn the_question_mark_and_the_ampersand_fall_where_they_belong() {
        for (uri, expected) in [
            ("https://a.example/cb", "https://a.example/cb?state=s"),
            (
                "https://a.example/cb?x=1",
                "https://a.example/cb?x=1&state=s",
            ),
            ("https://a.example/cb?", "https://a.example/cb?state=s"),
            (
                "https://a.example/cb?x=1&",
                "https://a.example/cb?x=1&state=s",
            ),
            ("https://a.example", "https://a.example?state=s"),
            ("com.example.app:/cb", "com.example.app:/cb?state=s"),
            ("https://a.example/cb#f", "https://a.example/cb?state=s"),
        ] {
            assert_eq!(append_query(uri, &[("state", "s")]), expected);
        }
        assert_eq!(
            append_query("https://a.example/?", &[]),
            "https://a.example/?"
        );
    }

    #[test]
    fn the_issuer_is_in_success_and_error_of_every_mode() {
        let error = OAuthError::access_denied("the user said no");
        for mode in ResponseMode::ALL {
            for redirect in [
                authorize_success("https://a.example/cb", mode, "c", None, ISS, None),
                authorize_error("https://a.example/cb", mode, &error, Some("s"), ISS),
            ] {
                match redirect {
                    Redirect::Location(url) => {
                        assert!(
                            url.contains("iss=https%3A%2F%2Fid.example%2Frealms%2Fdemo"),
                            "{url}"
                        );
                    }
                    Redirect::FormPost { fields, .. } => {
                        assert!(fields.contains(&("iss".to_owned(), ISS.to_owned())));
                    }
                }
            }
        }
    }

    #[test]
    fn a_fragment_answer_leaves_the_query_alone() {
        let url = location(authorize_success(
            "https://a.example/cb?x=1",
            ResponseMode::Fragment,
            "c",
            None,
            "i",
            None,
        ));
        assert_eq!(url, "https://a.example/cb?x=1#code=c&iss=i");
    }

    #[test]
    fn mode_names_read_back() {
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(ResponseMode::parse("web_message"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_back(
            state in "\\PC{1,40}",
            code in "[A-Za-z0-9_+/=&%# -]{1,40}",
            base in prop::sample::select(vec![
                "https://a.example/cb", "https://a.example/cb?x=1%202&y=", "https://a.example/cb?", "http://127.0.0.1:9/",
            ]),
            mode in prop::sample::select(ResponseMode::ALL.to_vec()),
        ) {
            let expected: Vec<(String, String)> =
                [("code", code.as_str()), ("state", &state), ("iss", ISS), ("session_state", "ss")]
                    .iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let kept: Vec<(String, String)> = Url::parse(base).unwrap().query_pairs().into_owned().collect();
            match authorize_success(base, mode, &code, Some(&state), ISS, Some("ss")) {
                Redirect::FormPost { action, fields } => {
                    prop_assert_eq!(mode, ResponseMode::FormPost);
                    prop_assert_eq!(action, base);
                    prop_assert_eq!(fields, expected);
                }
                Redirect::Location(url) => {
                    prop_assert!(url.starts_with(base));
                    let parsed = Url::parse(&url).unwrap();
                    let text = if mode == ResponseMode::Fragment { parsed.fragment() } else { parsed.query() };
                    let got: Vec<(String, String)> =
                        url::form_urlencoded::parse(text.unwrap().as_bytes()).into_owned().collect();
                    let before = if mode == ResponseMode::Fragment { Vec::new() } else { kept };
                    prop_assert_eq!(got, [before, expected].concat());
                }
            }
        }
    }
}
