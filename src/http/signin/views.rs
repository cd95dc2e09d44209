//! Smaller pages beside those of [`super::pages`]: the form that carries an answer to an app, the choices of an account and
//! of sessions, and "You are signed in".

use askama::Template;

use super::pages::{Gate, Hidden};
use crate::http::words::When;

/// An answer that the browser posts to the app (OAuth 2.0 Form Post Response Mode). It has a button and no script.
#[derive(Debug, Template)]
#[template(path = "signin/templates/form_post.html")]
pub struct FormPostPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// The redirect URI.
    pub action: String,
    /// The answer.
    pub fields: Vec<Hidden>,
    /// The app, as it calls itself.
    pub client_name: String,
}

/// Where a sign-in ends that no app asked for.
#[derive(Debug, Template)]
#[template(path = "signin/templates/signed_in.html")]
pub struct SignedInPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Who is signed in.
    pub username: String,
    /// Where "Sign out" leads.
    pub logout_url: String,
    /// Where the person's own pages are, if there are any.
    pub account_url: Option<String>,
}

/// The choice of an account. Posts `csrf`, `interaction` and `choice=same` or `choice=other`, or `cancel=1`.
#[derive(Debug, Template)]
#[template(path = "signin/templates/select.html")]
pub struct SelectPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Where the form is posted.
    pub action: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// Names the authorization request that waits for this.
    pub interaction: String,
    /// The app that asks, as it calls itself.
    pub client_name: Option<String>,
    /// Who is signed in, as people know them.
    pub name: String,
    /// Who is signed in.
    pub username: String,
}

/// A session that its user may choose to end.
#[derive(Debug)]
pub struct HeldSession {
    /// Its id.
    pub sid: String,
    /// "Firefox 145 on Linux".
    pub device: String,
    /// The address it started at.
    pub ip: String,
    /// When it was last used.
    pub last_active: When,
    /// When it started.
    pub started: When,
    /// Whether it is ticked to begin with.
    pub checked: bool,
}

/// The choice of sessions to end, for somebody who holds as many as the realm allows. Posts `csrf`, `interaction` and
/// `end` for each one chosen, or `cancel=1`.
#[derive(Debug, Template)]
#[template(path = "signin/templates/choose.html")]
pub struct ChoosePage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Where the form is posted.
    pub action: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// Names the sign-in that waits for this.
    pub interaction: String,
    /// The app that asks, as it calls itself.
    pub client_name: Option<String>,
    /// How many sessions the realm allows, and how many must end, in words.
    pub text: String,
    /// What the person holds, oldest first.
    pub sessions: Vec<HeldSession>,
    /// Whether the last answer was not enough.
    pub too_few: bool,
}

#[cfg(test)]
mod tests;
