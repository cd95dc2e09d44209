//! A posted form, as its fields came.

use url::form_urlencoded;

use crate::http::extract::multipart::Part;

/// The fields of a posted form.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`; whatever does not read is not there.
    pub fn read(body: &[u8]) -> Form {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The fields of a form with files that are none.
    pub fn of(parts: &[Part]) -> Form {
        let fields = parts.iter().filter(|part| part.file_name.is_none());
        let text = |part: &Part| String::from_utf8_lossy(&part.bytes).into_owned();
        Form(fields.map(|part| (part.name.clone(), text(part))).collect())
    }

    /// The first value of a field; empty when there is none.
    pub fn one(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Every value of a field.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, v)| v.clone())
            .collect()
    }
}
