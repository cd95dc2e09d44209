//! A form with files in it: `multipart/form-data` (RFC 7578) as browsers write it. The whole body is at hand and bounded.

use bytes::Bytes;

use super::Form;

/// What stands between the parts, when this media type is of a body in parts.
pub(super) fn boundary(media_type: &str) -> Option<&str> {
    let mut words = media_type.split(';');
    let kind = words.next()?.trim();
    if !kind.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = words.filter_map(|word| word.trim().split_once('='));
    let mut found = named.filter(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    found.next().map(|(_, value)| value.trim_matches('"'))
}

/// Reads a body in parts; `None` when it does not read to its end.
pub(super) fn read(boundary: &str, body: &Bytes) -> Option<Form> {
    let line = format!("\r\n--{boundary}");
    let mut form = Form::default();
    let mut rest = body.strip_prefix(format!("--{boundary}").as_bytes())?;
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        let (part, next) = cut(after, line.as_bytes())?;
        let (head, content) = cut(part, b"\r\n\r\n")?;
        let (name, is_file) = named(std::str::from_utf8(head).ok()?)?;
        if is_file {
            form.files.push((name, body.slice_ref(content)));
        } else {
            let text = std::str::from_utf8(content).ok()?;
            form.fields.push((name, text.to_owned()));
        }
        rest = next;
    }
    rest.starts_with(b"--").then_some(form)
}

/// The name of a part's field, and whether the part is a file.
fn named(head: &str) -> Option<(String, bool)> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, said) = lines.find(|(key, _)| key.eq_ignore_ascii_case("content-disposition"))?;
    let rest = said.trim().strip_prefix("form-data; name=\"")?;
    let (name, rest) = rest.split_once('"')?;
    Some((name.to_owned(), rest.starts_with("; filename")))
}

/// What stands before and behind the first `mark`.
fn cut<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|here| here == mark)?;
    let (before, rest) = bytes.split_at(at);
    Some((before, rest.strip_prefix(mark)?))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::*;

    fn posted(media_type: &str, body: &[u8]) -> Form {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(media_type).unwrap();
        headers.insert(header::CONTENT_TYPE, value);
        Form::posted(&headers, &Bytes::copy_from_slice(body))
    }

    const TYPE: &str = "multipart/form-data; boundary=----x7";

    #[test]
    fn fields_and_files_are_read_as_browsers_write_them() {
        let body = b"------x7\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nto\r\nken\r\n------x7\r\n\
            Content-Disposition: form-data; name=\"logo\"; filename=\"a; name=b.png\"\r\nContent-Type: image/png\r\n\r\n\
            \x89PNG\r\n\r\n--\x00\r\n------x7\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\r\n------x7--\r\n";
        let form = posted(TYPE, body);
        assert_eq!(form.one("csrf"), "to\r\nken");
        assert_eq!(
            form.file("logo").unwrap().as_ref(),
            b"\x89PNG\r\n\r\n--\x00"
        );
        assert!(form.file("none").is_none() && form.file("csrf").is_none());
        assert_eq!(form.one("logo"), "");
    }

    #[test]
    fn what_is_cut_short_is_no_form() {
        let whole =
            b"------x7\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntoken\r\n------x7--";
        assert_eq!(posted(TYPE, whole).one("csrf"), "token");
        for end in 0..whole.len() {
            assert_eq!(posted(TYPE, &whole[..end]).one("csrf"), "", "{end}");
        }
        assert_eq!(posted("multipart/form-data", whole).one("csrf"), "");
        let plain = posted("application/x-www-form-urlencoded", b"csrf=token");
        assert_eq!(plain.one("csrf"), "token");
    }
}
