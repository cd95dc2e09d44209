//! What a realm, a client and a user may look like beyond what their types say. Pure: settings in, findings out, so that
//! a REST body can be held to the same rules as a realm file.

mod client;
mod realm;
mod user;

pub use client::check_client;
pub use realm::{check_logout, check_look, check_retention, check_sessions, check_tokens};
pub use user::check_user;

/// Something that is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The keys it is about; the first is where it is shown.
    pub keys: Vec<&'static str>,
    /// Which element of the first key's list.
    pub index: Option<usize>,
    /// Which key inside the first key's table.
    pub inner: Option<String>,
    /// What is wrong and what was expected, after the key's name; never a secret.
    pub message: String,
    /// What was probably meant, as half a sentence.
    pub suggestion: Option<String>,
}

impl Finding {
    fn new(key: &'static str, message: impl Into<String>) -> Finding {
        Finding {
            keys: vec![key],
            index: None,
            inner: None,
            message: message.into(),
            suggestion: None,
        }
    }

    /// Names another key that the finding depends on: were that key unreadable, the finding would mislead.
    fn with(mut self, key: &'static str) -> Finding {
        self.keys.push(key);
        self
    }

    fn element(self, index: usize) -> Finding {
        Finding {
            index: Some(index),
            ..self
        }
    }

    fn suggest(self, suggestion: Option<String>) -> Finding {
        Finding { suggestion, ..self }
    }
}
