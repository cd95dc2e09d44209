//! What the sign-in and account pages say, in every language that they speak.
//!
//! A language is one static of [`Words`]: a text that is missing does not compile, and whatever is put into a text is an
//! argument, so that no language can forget it. Where a number stands in a sentence the language counts in its own way.
//! [`choose()`] says which language somebody is shown. Protocol errors, mails and the console speak English.

pub mod choose;
mod moment;
mod shape;

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod ja;

#[cfg(test)]
mod tests;

use crate::domain::session::Device;

pub use choose::{Asked, choose};
pub use moment::{Moment, When};
pub use shape::{Account, Acts, Around, Connect, Errors, Frame, Login, Mine, Way, Words};

/// All languages, in the order of the switch. English stands for those that are not here.
pub static ALL: [&Words; 6] = [
    &en::WORDS,
    &de::WORDS,
    &fr::WORDS,
    &es::WORDS,
    &ja::WORDS,
    &ar::WORDS,
];

/// The tags of all languages: `ui_locales_supported`.
pub const TAGS: [&str; 6] = crate::domain::realm::look::LANGUAGES;

/// English.
pub fn english() -> &'static Words {
    &en::WORDS
}

/// The language of exactly this tag.
pub fn of_tag(tag: &str) -> Option<&'static Words> {
    ALL.into_iter().find(|words| words.tag == tag)
}

impl Words {
    /// A device, as people know it.
    pub fn device(&self, device: &Device) -> String {
        match (device.browser.as_str(), device.os.as_str()) {
            ("Unknown", "Unknown") => self.account.unknown_device.to_owned(),
            ("Unknown", one) | (one, "Unknown") => one.to_owned(),
            (browser, system) => (self.account.device)(browser, system),
        }
    }
}
