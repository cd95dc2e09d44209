//! Addresses inside the console: made with everything escaped, and accepted from outside only when they stay inside.

use std::fmt;

use url::form_urlencoded;

/// An address below `/admin/{realm}`, with its query.
#[derive(Clone, Debug)]
pub struct Address {
    path: String,
    query: Vec<(String, String)>,
}

impl Address {
    /// The page `rest` of a realm's console; `rest` starts with a slash or is empty.
    pub fn new(realm: &str, rest: &str) -> Address {
        let name: String = form_urlencoded::byte_serialize(realm.as_bytes()).collect();
        Address {
            path: format!("/admin/{name}{rest}"),
            query: Vec::new(),
        }
    }

    /// With one more parameter, unless its value is empty.
    pub fn with(mut self, name: &str, value: &str) -> Address {
        if !value.is_empty() {
            self.query.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.query.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "?{}",
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.query)
                .finish()
        )
    }
}

/// A path to go on to, when it is one of the console's own: anything else would make the sign-in an open redirect.
pub fn inside(text: &str) -> Option<&str> {
    let path = text.split('?').next().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    let below = path == "/admin" || path.starts_with("/admin/");
    let plain = text.len() <= LONGEST
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'#');
    // What a browser would resolve to somewhere else: dot segments and their escaped spellings.
    let tricks = ["//", "/.", "%2e", "%2f", "%5c"]
        .iter()
        .any(|trick| lower.contains(trick));
    (below && plain && !tricks).then_some(text)
}

const LONGEST: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_console_are_returned_to() {
        for good in [
            "/admin",
            "/admin?x=1",
            "/admin/demo/sessions",
            "/admin/demo/sessions?q=a%2Fb&ip=10.0.0.0%2F8",
        ] {
            assert_eq!(inside(good), Some(good));
        }
        for bad in [
            "",
            "/",
            "/adminx",
            "//evil.example/admin/",
            "https://evil.example/admin/",
            "/admin/../realms/demo",
            "/admin/%2e%2e/realms",
            "/admin//evil.example",
            "/admin/\\evil",
            "/admin/a b",
            "/admin/x#y",
            "admin/demo",
        ] {
            assert_eq!(inside(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_people_typed_cannot_leave_its_parameter() {
        let address = Address::new("demo", "/sessions")
            .with("q", "a&b=c d")
            .with("ip", "")
            .with("x", "ü#");
        assert_eq!(
            address.to_string(),
            "/admin/demo/sessions?q=a%26b%3Dc+d&x=%C3%BC%23"
        );
    }
}
