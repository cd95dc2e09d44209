//! One tag of a page: its name, its attributes, where it stands; and the characters that are written as entities.

/// One tag of a page, in the order of the text.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) closing: bool,
    /// Where it begins and where the text after it begins.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Tag {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

pub(super) fn tag(text: &str, start: usize) -> Option<Tag> {
    let mut rest = &text[start + 1..];
    let closing = rest.starts_with('/');
    if closing {
        rest = &rest[1..];
    }
    let length = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(rest.len());
    if length == 0 && !rest.starts_with('!') {
        return None;
    }
    let name = rest[..length].to_lowercase();
    rest = &rest[length..];
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix('>') {
            let end = text.len() - after.len();
            return Some(Tag {
                name,
                attributes,
                closing,
                start,
                end,
            });
        }
        if let Some(after) = rest.strip_prefix('/') {
            rest = after;
            continue;
        }
        let length = rest
            .find(|c: char| c.is_whitespace() || "=>/".contains(c))
            .unwrap_or(rest.len())
            .max(1);
        let attribute = rest[..length].to_lowercase();
        rest = rest[length..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            rest = after.trim_start();
            let quote = rest.chars().next().filter(|c| "\"'".contains(*c));
            let length = match quote {
                Some(quote) => {
                    rest = &rest[1..];
                    rest.find(quote)?
                }
                None => rest
                    .find(|c: char| c.is_whitespace() || c == '>')
                    .unwrap_or(rest.len()),
            };
            value = &rest[..length];
            rest = &rest[length + usize::from(quote.is_some())..];
        }
        attributes.push((attribute, decode(value)));
    }
}

pub(super) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end < 12);
        let decoded = end.and_then(|end| entity(&rest[1..end]));
        match (decoded, end) {
            (Some(c), Some(end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}
