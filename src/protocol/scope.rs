//! Scopes: an ordered set of scope tokens (RFC 6749 §3.3), and the claims the standard ones ask for (OIDC Core §5.4).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::OAuthError;

/// `openid`: makes the request an OpenID Connect request (OIDC Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// `offline_access`: asks for refresh tokens that outlive the browser session (OIDC Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes with claims of their own, and which (OIDC Core §5.4).
pub const STANDARD: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// Scope tokens in the order they were first named, each once. Kept and sent as the RFC's space-separated text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ScopeSet(Vec<String>);

impl ScopeSet {
    /// Reads space-separated scope tokens; `invalid_scope` for a character RFC 6749 §3.3 does not allow.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut set = Self::default();
        for token in text.split(' ').filter(|t| !t.is_empty()) {
            if !token
                .bytes()
                .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            {
                return Err(OAuthError::invalid_scope(
                    "scopes are separated by single spaces and made of printable ASCII without quotes and backslashes",
                ));
            }
            set.push(token);
        }
        Ok(set)
    }

    /// Whether the token is in the set.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|t| t == token)
    }

    /// Whether every token of `self` is in `other`.
    pub fn is_subset(&self, other: &ScopeSet) -> bool {
        self.0.iter().all(|t| other.contains(t))
    }

    /// The tokens of `self` that are also in `other`, in the order of `self`.
    #[must_use]
    pub fn intersection(&self, other: &ScopeSet) -> ScopeSet {
        ScopeSet(
            self.0
                .iter()
                .filter(|t| other.contains(t))
                .cloned()
                .collect(),
        )
    }

    /// The set without one token.
    #[must_use]
    pub fn without(&self, token: &str) -> ScopeSet {
        ScopeSet(self.0.iter().filter(|t| *t != token).cloned().collect())
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The claims these scopes ask for, standard scopes only (OIDC Core §5.4).
    pub fn claims(&self) -> impl Iterator<Item = &'static str> {
        STANDARD
            .iter()
            .filter(|(scope, _)| self.contains(scope))
            .flat_map(|(_, claims)| claims.iter().copied())
    }

    fn push(&mut self, token: &str) {
        if !self.contains(token) {
            self.0.push(token.to_owned());
        }
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl From<ScopeSet> for String {
    fn from(set: ScopeSet) -> Self {
        set.to_string()
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = OAuthError;

    fn try_from(text: String) -> Result<Self, OAuthError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    #[test]
    fn order_is_kept_and_repeats_are_dropped() {
        assert_eq!(
            set("openid  email openid profile ").to_string(),
            "openid email profile"
        );
        assert!(set("").is_empty());
    }

    #[test]
    fn characters_outside_the_grammar_are_invalid_scope() {
        for text in ["a\"b", "a\\b", "a\tb", "é", "a\nb", "\u{7f}"] {
            let error = ScopeSet::parse(text).unwrap_err();
            assert_eq!(error.code.as_str(), "invalid_scope", "{text:?}");
        }
        assert!(set("urn:x:y/z.read!#[]~").contains("urn:x:y/z.read!#[]~"));
    }

    #[test]
    fn a_refresh_can_only_shrink() {
        assert!(set("email").is_subset(&set("openid email")));
        assert!(!set("email admin").is_subset(&set("openid email")));
        assert_eq!(
            set("admin email openid").intersection(&set("openid email")),
            set("email openid")
        );
        assert_eq!(
            set("openid offline_access").without(OFFLINE_ACCESS),
            set("openid")
        );
    }

    #[test]
    fn standard_scopes_ask_for_the_claims_of_the_core_specification() {
        let claims: Vec<_> = set("openid email phone api").claims().collect();
        assert_eq!(
            claims,
            [
                "email",
                "email_verified",
                "phone_number",
                "phone_number_verified"
            ]
        );
        assert_eq!(set("profile").claims().count(), 14);
        assert_eq!(set("openid").claims().count(), 0);
    }

    #[test]
    fn it_is_kept_as_its_text() {
        let json = serde_json::to_string(&set("openid email")).unwrap();
        assert_eq!(json, "\"openid email\"");
        assert_eq!(
            serde_json::from_str::<ScopeSet>(&json).unwrap(),
            set("openid email")
        );
        assert!(serde_json::from_str::<ScopeSet>("\"a\\\\b\"").is_err());
    }
}
