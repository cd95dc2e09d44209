//! `prompt` and `display` of an authentication request (OIDC Core §3.1.2.1).

use serde::{Deserialize, Serialize};

use crate::protocol::error::OAuthError;

/// What the user must be asked. As a set: `login consent` asks for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompts {
    /// Show nothing; answer `login_required` and the like instead. Excludes the others.
    pub none: bool,
    /// Credentials again, whatever session there is.
    pub login: bool,
    /// Ask for consent again.
    pub consent: bool,
    /// Let the user choose who to be.
    pub select_account: bool,
}

/// One value of `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// `none`
    None,
    /// `login`
    Login,
    /// `consent`
    Consent,
    /// `select_account`
    SelectAccount,
}

impl Prompt {
    /// All values, for discovery (`prompt_values_supported`).
    pub const ALL: [Prompt; 4] = [
        Prompt::None,
        Prompt::Login,
        Prompt::Consent,
        Prompt::SelectAccount,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Prompt::None => "none",
            Prompt::Login => "login",
            Prompt::Consent => "consent",
            Prompt::SelectAccount => "select_account",
        }
    }
}

impl Prompts {
    /// Reads the space-separated list. A misspelt `login` must not be a silent return, so unknown values are refused.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut set = Self::default();
        for word in text.split(' ').filter(|w| !w.is_empty()) {
            match Prompt::ALL.into_iter().find(|p| p.as_str() == word) {
                Some(Prompt::None) => set.none = true,
                Some(Prompt::Login) => set.login = true,
                Some(Prompt::Consent) => set.consent = true,
                Some(Prompt::SelectAccount) => set.select_account = true,
                None => {
                    return Err(OAuthError::invalid_request(
                        "prompt must be none, or of login, consent, select_account",
                    ));
                }
            }
        }
        if set.none && (set.login || set.consent || set.select_account) {
            return Err(OAuthError::invalid_request(
                "prompt none cannot be combined with other values",
            ));
        }
        Ok(set)
    }
}

/// How the pages should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Display {
    /// A full page.
    Page,
    /// A small window.
    Popup,
    /// A touch device.
    Touch,
    /// A feature phone.
    Wap,
}

impl Display {
    /// Reads the value; an unknown one is `invalid_request`.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        match text {
            "page" => Ok(Display::Page),
            "popup" => Ok(Display::Popup),
            "touch" => Ok(Display::Touch),
            "wap" => Ok(Display::Wap),
            _ => Err(OAuthError::invalid_request(
                "display must be page, popup, touch or wap",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompt_is_a_list() {
        let both = Prompts::parse("login consent").unwrap();
        assert!(both.login && both.consent && !both.none && !both.select_account);
        assert_eq!(Prompts::parse("").unwrap(), Prompts::default());
        for value in Prompt::ALL {
            assert_ne!(Prompts::parse(value.as_str()).unwrap(), Prompts::default());
        }
    }

    #[test]
    fn none_stands_alone_and_unknown_values_are_refused() {
        for text in [
            "none login",
            "consent none",
            "logn",
            "LOGIN",
            "login,consent",
        ] {
            assert_eq!(
                Prompts::parse(text).unwrap_err().code.as_str(),
                "invalid_request",
                "{text}"
            );
        }
        assert!(Display::parse("popup").is_ok() && Display::parse("tv").is_err());
    }
}
