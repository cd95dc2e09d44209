//! A picture in a form: chosen as a file, taken along as a `data:` address until it is saved, or taken away.

use super::Draft;
use crate::domain::realm::look::Logo;
use crate::http::console::gate::Form;

impl Draft {
    /// The picture of a posted form: the file that was chosen, or what there was before. What is no picture is noted, and
    /// what there was before stays.
    pub(super) fn chosen(&mut self, form: &Form, path: &'static str) -> Vec<String> {
        if let Some(file) = form.file(&format!("{path}.file")) {
            match Logo::of(file.to_vec()) {
                Ok(logo) => return vec![logo.to_string()],
                Err(why) => self.wrong.entry(path).or_default().push(why.to_string()),
            }
        } else if !form.one(&format!("{path}.remove")).is_empty() {
            return Vec::new();
        }
        form.all(path)
    }
}

/// What a page may show of what was typed: nothing but a picture.
pub(super) fn shown(typed: String) -> String {
    match typed.parse::<Logo>() {
        Ok(_) => typed,
        Err(_) => String::new(),
    }
}

/// A picture as people read it.
pub(super) fn said(shown: &[String]) -> String {
    let logo = shown.first().and_then(|text| text.parse::<Logo>().ok());
    logo.map_or_else(|| "a picture".to_owned(), |logo| format!("{logo:?}"))
}
