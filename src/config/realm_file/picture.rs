//! A realm's logo: a realm file names a picture that lies beside it.

use std::borrow::Cow;
use std::fs;

use serde_spanned::Spanned;
use toml::de::DeValue;

use crate::config::section::Reading;
use crate::domain::realm::look::Logo;

/// The table `[look]` with the picture itself in place of its file's name.
pub(super) fn beside<'i>(
    reading: &mut Reading<'_>,
    mut look: Spanned<DeValue<'i>>,
) -> Spanned<DeValue<'i>> {
    let DeValue::Table(table) = look.get_mut() else {
        return look;
    };
    let Some(logo) = table.get_mut("logo") else {
        return look;
    };
    let name = match logo.get_ref().as_str() {
        Some(name) if !name.starts_with("data:") => name.to_owned(),
        // Another type is complained about like any other.
        _ => return look,
    };
    let (span, path) = (logo.span(), reading.beside(&name));
    let picture = fs::read(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
        .and_then(|bytes| Logo::of(bytes).map_err(|error| format!("{}: {error}", path.display())));
    match picture {
        Ok(picture) => *logo = Spanned::new(span, DeValue::String(Cow::Owned(picture.to_string()))),
        Err(message) => {
            reading.refuse(span.start, format!("`logo` in [look]: {message}"), None);
            table.remove("logo");
        }
    }
    look
}
