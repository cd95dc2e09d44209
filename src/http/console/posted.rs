//! A posted form, as its fields came.

use std::convert::Infallible;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;
use url::form_urlencoded;

/// The fields of a posted form, and the files chosen in it.
#[derive(Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    files: Vec<(String, Bytes)>,
}

impl Form {
    /// Reads what a form posted, in whichever of the two ways forms are posted (`multipart/form-data`, RFC 7578, has files);
    /// whatever does not read is not there. The route's limit on bodies bounds it.
    pub async fn posted(headers: &HeaderMap, body: &Bytes) -> Form {
        let media_type = headers.get(header::CONTENT_TYPE);
        let boundary = media_type
            .and_then(|value| value.to_str().ok())
            .and_then(|value| multer::parse_boundary(value).ok());
        match boundary {
            Some(boundary) => in_parts(body.clone(), boundary).await.unwrap_or_default(),
            None => Form::read(body),
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

async fn in_parts(body: Bytes, boundary: String) -> multer::Result<Form> {
    let body = stream::once(std::future::ready(Ok::<_, Infallible>(body)));
    let mut parts = Multipart::new(body, boundary);
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let content = part.bytes().await?;
        if is_file {
            form.files.push((name, content));
        } else {
            let text = String::from_utf8_lossy(&content).into_owned();
            form.fields.push((name, text));
        }
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    async fn posted(media_type: &str, body: &[u8]) -> Form {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(media_type).unwrap();
        headers.insert(header::CONTENT_TYPE, value);
        Form::posted(&headers, &Bytes::copy_from_slice(body)).await
    }

    const TYPE: &str = "multipart/form-data; boundary=----x7";

    #[tokio::test]
    async fn fields_and_files_are_read_as_browsers_write_them() {
        let body = b"------x7\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nto\r\nken\r\n------x7\r\n\
            Content-Disposition: form-data; name=\"logo\"; filename=\"a; name=b.png\"\r\nContent-Type: image/png\r\n\r\n\
            \x89PNG\r\n\r\n--\x00\r\n------x7\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\r\n------x7--\r\n";
        let form = posted(TYPE, body).await;
        assert_eq!(form.one("csrf"), "to\r\nken");
        assert_eq!(
            form.file("logo").unwrap().as_ref(),
            b"\x89PNG\r\n\r\n--\x00"
        );
        assert!(form.file("none").is_none() && form.file("csrf").is_none());
        assert_eq!(form.one("logo"), "");
    }

    #[tokio::test]
    async fn what_is_cut_short_is_no_form() {
        let whole =
            b"------x7\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntoken\r\n------x7--";
        assert_eq!(posted(TYPE, whole).await.one("csrf"), "token");
        for end in 0..whole.len() {
            assert_eq!(posted(TYPE, &whole[..end]).await.one("csrf"), "", "{end}");
        }
        assert_eq!(posted("multipart/form-data", whole).await.one("csrf"), "");
        let plain = posted("application/x-www-form-urlencoded", b"csrf=token").await;
        assert_eq!(plain.one("csrf"), "token");
    }
}
