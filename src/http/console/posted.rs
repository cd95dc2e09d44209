//! A posted form, as its fields came.

mod parts;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use url::form_urlencoded;

/// The fields of a posted form, and the files chosen in it.
#[derive(Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    files: Vec<(String, Bytes)>,
}

impl Form {
    /// Reads what a form posted, in whichever of the two ways forms are posted; whatever does not read is not there.
    pub fn posted(headers: &HeaderMap, body: &Bytes) -> Form {
        let media_type = headers.get(header::CONTENT_TYPE);
        match media_type
            .and_then(|value| value.to_str().ok())
            .map(parts::boundary)
        {
            Some(Some(boundary)) => parts::read(boundary, body).unwrap_or_default(),
            _ => Form::read(body),
        }
    }

    /// Reads `application/x-www-form-urlencoded`; whatever does not read is not there.
    pub fn read(body: &[u8]) -> Form {
        Form {
            fields: form_urlencoded::parse(body).into_owned().collect(),
            files: Vec::new(),
        }
    }

    /// The first value of a field; empty when there is none.
    pub fn one(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Every value of a field.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.fields
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, v)| v.clone())
            .collect()
    }

    /// The file chosen in a field; `None` when none was.
    pub fn file(&self, name: &str) -> Option<&Bytes> {
        let chosen = self.files.iter().find(|(key, _)| key == name);
        chosen.map(|(_, file)| file).filter(|file| !file.is_empty())
    }
}
