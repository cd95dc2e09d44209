//! What a page that came back holds.

use axum::http::header;

use super::Reply;
use crate::http::rendered::attribute;

impl Reply {
    pub(super) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |to| to.to_str().unwrap())
    }

    /// The start tags that hold `needle`.
    pub(super) fn tags(&self, needle: &str) -> Vec<&str> {
        crate::http::rendered::tags(&self.body)
            .filter(|tag| tag.contains(needle))
            .collect()
    }

    /// The values of the inputs and buttons of this name.
    pub(super) fn fields(&self, name: &str) -> Vec<String> {
        let named = self.tags(&format!(" name=\"{name}\""));
        named
            .iter()
            .filter_map(|tag| attribute(tag, "value"))
            .map(str::to_owned)
            .collect()
    }

    /// The users of the rows, in order.
    pub(super) fn users(&self) -> Vec<&str> {
        self.tags("data-session-id")
            .iter()
            .filter_map(|tag| attribute(tag, "data-user"))
            .collect()
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// The address of the link with this `rel`.
    pub(super) fn link(&self, rel: &str) -> Option<String> {
        let tags = self.tags(&format!("rel=\"{rel}\""));
        tags.first()
            .and_then(|tag| attribute(tag, "href"))
            .map(|to| to.replace("&#38;", "&").replace("&amp;", "&"))
    }
}
