//! The device pages as plain data.

use askama::Template;

use crate::http::signin::pages::{Gate, ScopeLine};
use crate::http::words::When;

/// Where a person enters the code that their device shows. Posts `csrf` and `user_code`.
#[derive(Debug, Template)]
#[template(path = "signin/templates/device.html")]
pub struct DevicePage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Where the form is posted.
    pub action: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// What was typed before, or came with the link.
    pub code: String,
    /// Why the last try failed, in words.
    pub error: Option<String>,
}

/// The question. Posts `csrf`, `interaction` and `decision=allow` or `decision=deny`.
#[derive(Debug, Template)]
#[template(path = "signin/templates/device_confirm.html")]
pub struct ConfirmPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Where the form is posted.
    pub action: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// Names the code that waits for this answer.
    pub interaction: String,
    /// The app that asks, as it calls itself.
    pub client_name: String,
    /// Who is signed in.
    pub username: String,
    /// What the device must show.
    pub code: String,
    /// What the device says of itself.
    pub device: String,
    /// From which address it asked.
    pub ip: String,
    /// When it asked.
    pub asked: When,
    /// What the app asks for.
    pub scopes: Vec<ScopeLine>,
    /// Whether the person can take it back on their own pages.
    pub removable: bool,
}

/// The end: back to the device.
#[derive(Debug, Template)]
#[template(path = "signin/templates/device_done.html")]
pub struct DonePage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Whether the device may go on.
    pub allowed: bool,
    /// Where the person's own pages are, if there are any.
    pub account_url: Option<String>,
}

#[cfg(test)]
mod tests;
