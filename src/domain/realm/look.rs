//! How a realm's pages look and speak to people: its colour, its mark, its language, and what people may change of
//! themselves.

pub mod colour;
pub mod logo;

use serde::{Deserialize, Serialize};

pub use colour::{Colour, Palette};
pub use logo::Logo;

/// How the sign-in and account pages look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Look {
    /// The colour of buttons and links, as `#rrggbb`; ours when absent. White text has to be legible on it.
    pub accent: Option<Colour>,
    /// A picture beside the realm's name, as `data:image/png;base64,…`; its first letter on a tile when absent.
    pub logo: Option<Logo>,
    /// The language of pages for people whose browser asks for none that there is: `en`, `de`, `fr`, `es`, `ja` or `ar`.
    pub language: Option<String>,
    /// Where help is found, linked from the sign-in page.
    pub support_url: Option<String>,
    /// What is done with personal data, linked from every page.
    pub privacy_url: Option<String>,
    /// The terms of use, linked from every page.
    pub terms_url: Option<String>,
}

/// What people find on their own pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountPolicy {
    /// Whether there are such pages at all.
    pub enabled: bool,
    /// Whether people may change their name and language.
    pub edit_profile: bool,
    /// Whether people may change their email address; it then counts as not verified.
    pub edit_email: bool,
    /// Whether people may change their password.
    pub change_password: bool,
}

impl Default for AccountPolicy {
    fn default() -> Self {
        AccountPolicy {
            enabled: true,
            edit_profile: true,
            edit_email: false,
            change_password: true,
        }
    }
}

/// The languages that the pages speak, by their tags (BCP 47).
pub const LANGUAGES: [&str; 6] = ["en", "de", "fr", "es", "ja", "ar"];

impl Look {
    /// What is wrong with it: the setting, and what was expected.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if let Some(Err(why)) = self.accent.map(Palette::of) {
            problems.push(("accent", why.to_string()));
        }
        if let Some(language) = &self.language
            && !LANGUAGES.contains(&language.as_str())
        {
            let known = LANGUAGES.join(", ");
            let found: String = language.chars().take(20).collect();
            problems.push((
                "language",
                format!("expected one of {known}, found {found:?}"),
            ));
        }
        for (name, address) in [
            ("support_url", &self.support_url),
            ("privacy_url", &self.privacy_url),
            ("terms_url", &self.terms_url),
        ] {
            if let Some(why) = address.as_deref().and_then(address_problem) {
                problems.push((name, why));
            }
        }
        problems
    }
}

/// A link on a page leads to a page, or to a mail: never to a script.
fn address_problem(address: &str) -> Option<String> {
    let good = url::Url::parse(address)
        .is_ok_and(|url| matches!(url.scheme(), "https" | "http" | "mailto"))
        && address.len() <= 500;
    let found: String = address.chars().take(60).collect();
    (!good).then(|| {
        format!("expected an https or mailto address of at most 500 bytes, found {found:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_without_settings_is_fine_and_each_bad_one_is_named() {
        assert!(Look::default().problems().is_empty());
        let bad = Look {
            accent: Some("#ffcc00".parse().unwrap()),
            language: Some("xx".to_owned()),
            support_url: Some("javascript:alert(1)".to_owned()),
            ..Look::default()
        };
        let names: Vec<_> = bad.problems().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["accent", "language", "support_url"]);
    }
}
