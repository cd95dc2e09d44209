//! Which addresses a client may register, and why one is refused.

use url::{Host, ParseError, Url};

/// What an address is for; each use has its own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A browser is sent there, with an authorization answer (RFC 6749 §3.1.2) or after sign-out (RP-Initiated
    /// Logout §3.1).
    Return {
        /// A scheme of an app's own is for apps, which cannot keep a secret (RFC 8252 §7.1).
        public: bool,
    },
    /// The server posts logout tokens there (Back-Channel Logout §2.2).
    BackChannel {
        /// Plain http is allowed for clients that can keep a secret.
        confidential: bool,
    },
    /// A page for people.
    Page,
    /// A resource server's name (RFC 8707 §2): never opened, so no rule about http.
    Resource,
}

/// Why an address is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: &'static str,
    pub(super) suggestion: Option<String>,
}

/// Checks an address for its purpose.
pub(super) fn check(text: &str, purpose: Purpose) -> Result<(), Refusal> {
    let refuse = |message| {
        Err(Refusal {
            message,
            suggestion: None,
        })
    };
    let rather = |message, meant: String| {
        Err(Refusal {
            message,
            suggestion: Some(format!("did you mean `{meant}`?")),
        })
    };
    // The parser would quietly drop or encode these, and the exact comparison would then never match.
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
        return refuse("has white space or characters outside ASCII; percent-encode them");
    }
    if text.contains('*') && purpose != Purpose::Resource {
        return refuse("has a wildcard; addresses are compared as exact text, so list each one");
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(ParseError::RelativeUrlWithoutBase) => {
            return refuse(
                "is not absolute; expected an address such as https://app.example.com/callback",
            );
        }
        Err(_) => {
            return refuse(
                "is not an address; expected one such as https://app.example.com/callback",
            );
        }
    };
    if url.fragment().is_some() && purpose != Purpose::Page {
        let without = text.split('#').next().unwrap_or_default().to_owned();
        return rather("has a fragment", without);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("has a user name or password in it");
    }
    match (url.scheme(), purpose) {
        ("https", _) | (_, Purpose::Resource) => Ok(()),
        ("http", Purpose::BackChannel { confidential: true } | Purpose::Page) => Ok(()),
        // RFC 8252 §7.3: what never leaves the device needs no TLS.
        ("http", _) if is_loopback(&url) => Ok(()),
        ("http", _) => {
            let secure = text.replacen("http", "https", 1);
            rather(
                "is plain http to another machine; http is for 127.0.0.1, [::1] and localhost only",
                secure,
            )
        }
        (_, Purpose::BackChannel { .. } | Purpose::Page) => refuse("is neither https nor http"),
        (scheme, Purpose::Return { public }) => match own_scheme(text, scheme) {
            true if public => Ok(()),
            true => {
                refuse("has a scheme of an app's own, which is for public clients; expected https")
            }
            false if !text.contains("://") => {
                let scheme = if text.starts_with("localhost") || text.starts_with("127.") {
                    "http"
                } else {
                    "https"
                };
                let meant = format!("{scheme}://{text}");
                rather(
                    "has no scheme; expected an address such as https://app.example.com/callback",
                    meant,
                )
            }
            false => refuse(
                "has a scheme that is neither https nor a reversed domain name such as com.example.app:/callback",
            ),
        },
    }
}

/// Whether the scheme is an app's own: a reversed domain name, followed by a path (RFC 8252 §7.1). The period keeps
/// out `javascript:` and its kind too.
fn own_scheme(text: &str, scheme: &str) -> bool {
    scheme.contains('.')
        && text
            .get(scheme.len()..)
            .is_some_and(|rest| rest.starts_with(":/"))
}

/// Whether an address points at the machine it is opened on.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: Purpose = Purpose::Return { public: true };

    fn why(text: &str, purpose: Purpose) -> &'static str {
        check(text, purpose).unwrap_err().message
    }

    #[test]
    fn https_loopback_and_reversed_domain_schemes_may_be_redirected_to() {
        for text in [
            "https://app.example.com/callback?tenant=1",
            "http://127.0.0.1:9090/callback",
            "http://[::1]/callback",
            "http://localhost:3000/",
            "com.example.app:/callback",
            "com.example.app://callback",
        ] {
            assert_eq!(check(text, APP), Ok(()), "{text}");
        }
    }

    #[test]
    fn whatever_could_carry_a_code_elsewhere_is_refused() {
        for (text, reason) in [
            ("/callback", "is not absolute"),
            ("https://app.example.com/#/callback", "has a fragment"),
            ("https://app.example.com/callback#", "has a fragment"),
            ("https://*.example.com/callback", "has a wildcard"),
            ("http://app.example.com/callback", "is plain http"),
            ("http://127.0.0.1.example.com/", "is plain http"),
            ("https://me:secret@app.example.com/", "has a user name"),
            ("javascript:alert(1)", "has no scheme"),
            ("myapp://callback", "has a scheme that is neither"),
            ("app.example.com:8080/callback", "has no scheme"),
            ("https://app.example.com/call back", "has white space"),
            ("https://", "is not an address"),
            ("", "has white space"),
        ] {
            assert!(
                why(text, APP).starts_with(reason),
                "{text}: {}",
                why(text, APP)
            );
        }
    }

    #[test]
    fn what_was_meant_is_suggested() {
        let meant = |text: &str| check(text, APP).unwrap_err().suggestion.unwrap();
        assert_eq!(
            meant("http://app.example.com/cb"),
            "did you mean `https://app.example.com/cb`?"
        );
        assert_eq!(
            meant("https://app.example.com/cb#x"),
            "did you mean `https://app.example.com/cb`?"
        );
        assert_eq!(
            meant("localhost:3000/cb"),
            "did you mean `http://localhost:3000/cb`?"
        );
    }

    #[test]
    fn a_notice_goes_over_plain_http_only_to_a_client_with_a_secret() {
        let inside = "http://notes.internal:9091/logout";
        assert_eq!(
            check(inside, Purpose::BackChannel { confidential: true }),
            Ok(())
        );
        assert!(
            check(
                inside,
                Purpose::BackChannel {
                    confidential: false
                }
            )
            .is_err()
        );
        assert!(
            check(
                "com.example.app:/logout",
                Purpose::BackChannel { confidential: true }
            )
            .is_err()
        );
        assert_eq!(
            why(
                "https://a.example/#x",
                Purpose::BackChannel { confidential: true }
            ),
            "has a fragment"
        );
    }

    #[test]
    fn a_scheme_of_an_apps_own_is_for_apps() {
        let refused = why(
            "com.example.app:/callback",
            Purpose::Return { public: false },
        );
        assert!(
            refused.starts_with("has a scheme of an app's own"),
            "{refused}"
        );
    }
}
