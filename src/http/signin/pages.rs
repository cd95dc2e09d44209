//! The sign-in pages as plain data: what a person sees between an app and its tokens. Handlers fill these, templates draw them.
//!
//! All text is escaped by the templates; every field may hold what an attacker chose. None of the pages needs a script.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::look;
use crate::domain::realm::Realm;
use crate::http::words::{self, Words};

/// What every sign-in page shares.
#[derive(Debug, Clone)]
pub struct Gate {
    /// The realm's display name.
    pub realm_name: String,
    /// `light` or `dark` where the person chose one; `None` follows the system.
    pub theme: Option<String>,
    /// The language.
    pub words: &'static Words,
    /// The address of the realm's own style sheet.
    pub style: Option<String>,
    /// The address of the realm's picture; its first letter on a tile when absent.
    pub logo: Option<String>,
    /// Where it is said what is done with personal data.
    pub privacy_url: Option<String>,
    /// Where the terms of use are.
    pub terms_url: Option<String>,
    /// The switch of languages; absent on a page that has no address of its own.
    pub switch: Option<Switch>,
}

/// The switch of languages.
#[derive(Debug, Clone)]
pub struct Switch {
    /// Where the form is sent.
    pub action: String,
    /// The page that is shown again.
    pub next: String,
}

impl Gate {
    /// Of a realm.
    pub fn of(realm: &Realm, words: &'static Words) -> Gate {
        let settings = &realm.settings.look;
        Gate {
            realm_name: realm.display_name().to_owned(),
            style: look::style_url(realm),
            logo: look::logo_url(realm),
            privacy_url: settings.privacy_url.clone(),
            terms_url: settings.terms_url.clone(),
            ..Gate::nowhere(words)
        }
    }

    /// Of no realm.
    pub fn nowhere(words: &'static Words) -> Gate {
        Gate {
            realm_name: "Realmkeep".to_owned(),
            theme: None,
            words,
            style: None,
            logo: None,
            privacy_url: None,
            terms_url: None,
            switch: None,
        }
    }

    /// Of a page with this address, which can be shown in another language.
    #[must_use]
    pub fn at(mut self, realm: &Realm, address: String) -> Gate {
        self.switch = Some(Switch {
            action: format!("/realms/{}/language", realm.name),
            next: address,
        });
        self
    }

    /// The letter on the realm's tile.
    pub fn initial(&self) -> String {
        self.realm_name
            .chars()
            .find(|c| c.is_alphanumeric())
            .map_or_else(|| "R".to_owned(), |c| c.to_uppercase().collect())
    }

    /// A page's title; one that begins with an error says so first.
    pub fn title(&self, title: &str, is_error: bool) -> String {
        let title = format!("{title} · {}", self.realm_name);
        if is_error {
            (self.words.frame.error)(&title)
        } else {
            title
        }
    }

    /// All languages, for the switch.
    pub fn languages(&self) -> [&'static Words; 6] {
        words::ALL
    }
}

/// A hidden form field that is carried through unchanged.
#[derive(Debug, Clone)]
pub struct Hidden {
    /// Field name.
    pub name: String,
    /// Field value.
    pub value: String,
}

/// The login page. Posts `csrf`, `interaction`, `username`, `password`, `remember=1` when ticked, or `cancel=1`.
#[derive(Debug, Template)]
#[template(path = "signin/templates/login.html")]
pub struct LoginPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Where the form is posted.
    pub action: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// Names the authorization request that waits for this login.
    pub interaction: String,
    /// The app that asks, as it calls itself.
    pub client_name: Option<String>,
    /// What was typed before, or the login hint.
    pub username: String,
    /// Whether the person may not choose another name (a fresh login was asked of somebody known).
    pub username_fixed: bool,
    /// Whether "Keep me signed in" is offered.
    pub remember_offered: bool,
    /// Whether it is ticked.
    pub remember_checked: bool,
    /// Why the last try failed, in words.
    pub error: Option<String>,
    /// A sentence above the form, such as "An administrator signed you out at 14:32. …".
    pub notice: Option<String>,
    /// Where a forgotten password leads.
    pub forgot_url: Option<String>,
    /// Where help is found.
    pub support_url: Option<String>,
    /// Whether the person can go back to the app without signing in.
    pub cancel: bool,
}

/// One thing an app asks for.
#[derive(Debug, Clone)]
pub struct ScopeLine {
    /// The scope value, as in the request.
    pub scope: String,
    /// What it means, in a few words: "Your email address".
    pub label: String,
    /// A second line, or empty.
    pub detail: String,
}

/// The consent page. Posts `csrf`, `interaction` and `decision=allow` or `decision=deny`.
#[derive(Debug, Template)]
#[template(path = "signin/templates/consent.html")]
pub struct ConsentPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Where the form is posted.
    pub action: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// Names the authorization request that waits for this answer.
    pub interaction: String,
    /// The app that asks, as it calls itself.
    pub client_name: String,
    /// The host the answer will be sent to; the part of the app's claim that was checked.
    pub client_host: String,
    /// Who is signed in.
    pub username: String,
    /// What the app asks for.
    pub scopes: Vec<ScopeLine>,
    /// Whether the person can take it back on their own pages.
    pub removable: bool,
}

/// "Sign out?", asked when an app's request does not prove whose wish it is (RP-Initiated Logout 1.0 §2). Posts `csrf`,
/// the hidden fields and `confirm=1`.
#[derive(Debug, Template)]
#[template(path = "signin/templates/logout.html")]
pub struct LogoutPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Where the form is posted.
    pub action: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// The request's own parameters.
    pub hidden: Vec<Hidden>,
    /// Who is signed in.
    pub username: String,
    /// The app that asks, if one does.
    pub client_name: Option<String>,
    /// Names of the apps that will be told.
    pub apps: Vec<String>,
    /// Where "Stay signed in" leads.
    pub stay_url: Option<String>,
}

/// The end of a sign-out.
#[derive(Debug, Template)]
#[template(path = "signin/templates/signed_out.html")]
pub struct SignedOutPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Names of the apps that are being told.
    pub apps: Vec<String>,
    /// Apps that this page tells by loading an address of theirs.
    pub frames: Vec<AppFrame>,
    /// Where the browser goes by itself when the frames have had their time.
    pub soon: Option<String>,
    /// Label and address of a way on: back to the app, or to sign in again.
    pub onward: Option<(String, String)>,
}

/// An app that the page tells by loading an address of its own (Front-Channel Logout 1.0 §3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppFrame {
    /// The app, as it calls itself.
    pub name: String,
    /// What is loaded.
    pub address: String,
}

/// Something went wrong and no app can be told about it.
#[derive(Debug, Template)]
#[template(path = "signin/templates/error.html")]
pub struct ErrorPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// The headline: "This link does not work".
    pub title: String,
    /// The code: `invalid_request` (RFC 6749 §4.1.2.1) or an HTTP status.
    pub code: String,
    /// What happened and what to do now.
    pub description: String,
    /// The request's id, to be quoted to an administrator.
    pub id: String,
    /// Label and address of a way on.
    pub onward: Option<(String, String)>,
}

/// Shown while the browser is on its way to the app; the answer carries the address in a header as well.
#[derive(Debug, Template)]
#[template(path = "signin/templates/continue.html")]
pub struct ContinuePage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// The app, as it calls itself.
    pub client_name: String,
    /// Where the link leads.
    pub url: String,
}

#[cfg(test)]
mod tests;
