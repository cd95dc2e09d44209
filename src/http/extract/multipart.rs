//! A form with files (`multipart/form-data`, RFC 7578), read as a whole: the route's limit on bodies bounds it. Nothing is
//! copied: every part is a piece of the body.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};

/// One field of a form.
#[derive(Clone, Debug)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name as the browser gave it; `None` for a field that is no file.
    pub file_name: Option<String>,
    /// What is in it.
    pub bytes: Bytes,
}

impl Part {
    /// Whether it is a file that somebody chose: a field for files that was left empty comes without name and content.
    pub fn is_chosen(&self) -> bool {
        self.file_name.as_deref().is_some_and(|n| !n.is_empty()) || !self.bytes.is_empty()
    }
}

/// The most fields of a form; a page has a dozen.
const MOST: usize = 64;
/// The most bytes of a part's headers.
const LONGEST_HEAD: usize = 4096;

/// Reads a body; `None` when it is no such form, or not a whole one.
pub fn read(headers: &HeaderMap, body: &Bytes) -> Option<Vec<Part>> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (media_type, rest) = kind.split_once(';')?;
    if !media_type
        .trim()
        .eq_ignore_ascii_case("multipart/form-data")
    {
        return None;
    }
    let boundary = parameter(rest, "boundary").filter(|b| (1..=70).contains(&b.len()))?;
    let line = format!("--{boundary}");
    let mut at = find(body, line.as_bytes(), 0)?;
    let delimiter = format!("\r\n{line}");
    let mut parts = Vec::new();
    at += line.len();
    loop {
        // Behind a boundary: two dashes at the end of everything, otherwise the next line begins a part.
        match body.get(at..at + 2)? {
            b"--" => return Some(parts),
            b"\r\n" if parts.len() < MOST => at += 2,
            _ => return None,
        }
        let (head, content) = match body.get(at..at + 2)? {
            b"\r\n" => (at, at + 2),
            _ => {
                let end = find(body, b"\r\n\r\n", at).filter(|end| end - at <= LONGEST_HEAD)?;
                (end, end + 4)
            }
        };
        let end = find(body, delimiter.as_bytes(), content.saturating_sub(2))?;
        let text = std::str::from_utf8(body.get(at..head)?).ok()?;
        let bytes = body.slice(content.min(end)..end);
        parts.push(part(text, bytes)?);
        at = end + delimiter.len();
    }
}

fn part(head: &str, bytes: Bytes) -> Option<Part> {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    let (kind, rest) = disposition.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    Some(Part {
        name: parameter(rest, "name")?,
        file_name: parameter(rest, "filename"),
        bytes,
    })
}

/// The value of a parameter, quoted or not. Browsers write `%22` for a quote in a name (HTML §4.10.21.8), older ones `\"`.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let (name, value) = rest.split_once('=')?;
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = value.find(';').unwrap_or(value.len());
                (value[..end].trim().to_owned(), &value[end..])
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = behind;
    }
}

fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value.replace("%22", "\""), &text[at + 1..])),
            '\\' if text[at + 1..].starts_with(['"', '\\']) => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

/// Where `needle` begins, from a place on.
fn find(body: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = from;
    loop {
        at += body.get(at..)?.iter().position(|byte| *byte == first)?;
        if body.get(at..)?.starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(kind: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        headers
    }

    fn parts(body: &str) -> Option<Vec<Part>> {
        let headers = headers("multipart/form-data; boundary=\"--x\"");
        read(&headers, &Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn fields_and_files_come_as_they_were_sent() {
        let body = "----x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntoken\r\n----x\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"a;\\\"b%22.csv\"\r\nContent-Type: text/csv\r\n\r\n\
             a,b\r\n--\r\n\r\n----x\r\nContent-Disposition: form-data; name=empty; filename=\"\"\r\n\r\n\r\n----x--\r\n";
        let parts = parts(body).unwrap();
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["csrf", "file", "empty"]);
        assert_eq!(&parts[0].bytes[..], b"token");
        assert!(parts[0].file_name.is_none());
        assert_eq!(parts[1].file_name.as_deref(), Some("a;\"b\".csv"));
        assert_eq!(&parts[1].bytes[..], b"a,b\r\n--\r\n");
        assert!(parts[1].is_chosen() && !parts[2].is_chosen());
    }

    #[test]
    fn what_is_not_whole_is_not_read() {
        let whole = "----x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n----x--\r\n";
        assert!(parts(whole).is_some());
        for cut in 0..whole.len() - 2 {
            assert!(parts(&whole[..cut]).is_none(), "{cut}");
        }
        let plain = headers("application/x-www-form-urlencoded");
        assert!(read(&plain, &Bytes::from(whole)).is_none());
        let many: String = (0..=MOST)
            .map(|_| "----x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n")
            .collect();
        assert!(parts(&format!("{many}----x--")).is_none());
    }
}
