//! A realm's picture: one of four kinds that hold nothing but points of colour, known by its first bytes.
//!
//! SVG is not among them: it is a document, and a document can hold scripts, links and other documents.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest picture, in bytes: it lies in the realm's own record.
pub const LARGEST: usize = 32 * 1024;

/// A picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    kind: Kind,
    bytes: Vec<u8>,
}

/// What a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Png,
    Jpeg,
    WebP,
    Avif,
}

/// Why something is not taken as a picture.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// The text is no `data:` address.
    #[error("expected a picture as data:image/png;base64,…")]
    NotData,
    /// It is too large.
    #[error("a logo has at most 32 KiB, found {0} bytes; a picture of 96 by 96 points is enough")]
    TooLarge(usize),
    /// Its bytes are those of no kind that is taken.
    #[error(
        "expected a picture in PNG, JPEG, WebP or AVIF (not SVG, which can hold scripts); its first bytes are of none of them"
    )]
    NoPicture,
    /// It is said to be something else than it is.
    #[error("the picture is said to be {said:?} and is {found}")]
    Mismatch {
        /// What it was said to be.
        said: String,
        /// What it is.
        found: &'static str,
    },
}

impl Kind {
    fn of(bytes: &[u8]) -> Option<Kind> {
        let brand = bytes.get(8..12);
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Kind::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Kind::Jpeg)
        } else if bytes.starts_with(b"RIFF") && brand == Some(b"WEBP") {
            Some(Kind::WebP)
        } else if bytes.get(4..8) == Some(b"ftyp") && matches!(brand, Some(b"avif" | b"avis")) {
            Some(Kind::Avif)
        } else {
            None
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Kind::Png => "image/png",
            Kind::Jpeg => "image/jpeg",
            Kind::WebP => "image/webp",
            Kind::Avif => "image/avif",
        }
    }
}

impl Logo {
    /// Takes a picture.
    ///
    /// # Errors
    /// [`LogoError`] when it is none, or too large.
    pub fn of(bytes: Vec<u8>) -> Result<Logo, LogoError> {
        if bytes.len() > LARGEST {
            return Err(LogoError::TooLarge(bytes.len()));
        }
        let kind = Kind::of(&bytes).ok_or(LogoError::NoPicture)?;
        Ok(Logo { kind, bytes })
    }

    /// Its media type: what its bytes say, whatever was said of them.
    pub fn media_type(&self) -> &'static str {
        self.kind.media_type()
    }

    /// The picture itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.media_type(), self.bytes.len())
    }
}

impl fmt::Display for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "data:{};base64,{}",
            self.media_type(),
            STANDARD.encode(&self.bytes)
        )
    }
}

impl FromStr for Logo {
    type Err = LogoError;

    fn from_str(text: &str) -> Result<Logo, LogoError> {
        let rest = text.strip_prefix("data:").ok_or(LogoError::NotData)?;
        let (said, coded) = rest.split_once(";base64,").ok_or(LogoError::NotData)?;
        // Four letters stand for three bytes.
        if coded.len() / 4 * 3 > LARGEST + 3 {
            return Err(LogoError::TooLarge(coded.len() / 4 * 3));
        }
        let bytes = STANDARD.decode(coded).map_err(|_| LogoError::NotData)?;
        let logo = Logo::of(bytes)?;
        if said != logo.media_type() {
            let said = said.chars().take(40).collect();
            return Err(LogoError::Mismatch {
                said,
                found: logo.media_type(),
            });
        }
        Ok(logo)
    }
}

impl Serialize for Logo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Logo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Logo, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

    #[test]
    fn a_picture_is_what_its_bytes_say() {
        for (bytes, media_type) in [
            (PNG, "image/png"),
            (b"\xff\xd8\xff\xe0...", "image/jpeg"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"\0\0\0\x20ftypavif\0\0\0\0", "image/avif"),
        ] {
            let logo = Logo::of(bytes.to_vec()).unwrap();
            assert_eq!(logo.media_type(), media_type);
            assert_eq!(logo.to_string().parse::<Logo>().unwrap(), logo);
        }
    }

    #[test]
    fn what_is_no_picture_too_large_or_said_to_be_another_is_refused() {
        for bytes in [
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"[..],
            b"<html>",
            b"GIF89a",
            b"\0\0\0\x20ftypmp42",
            b"RIFF",
            b"",
        ] {
            assert_eq!(Logo::of(bytes.to_vec()), Err(LogoError::NoPicture));
        }
        let mut large = PNG.to_vec();
        large.resize(LARGEST + 1, 0);
        assert_eq!(
            Logo::of(large.clone()),
            Err(LogoError::TooLarge(LARGEST + 1))
        );
        large.pop();
        assert!(Logo::of(large).unwrap().to_string().parse::<Logo>().is_ok());
        let coded = STANDARD.encode(PNG);
        for (text, words) in [
            (
                format!("data:image/svg+xml;base64,{coded}"),
                "is said to be",
            ),
            (
                format!("data:image/jpeg;base64,{coded}"),
                "and is image/png",
            ),
            (format!("https://example.com/{coded}"), "expected a picture"),
            ("data:image/png;base64,%%".to_owned(), "expected a picture"),
        ] {
            let why = text.parse::<Logo>().unwrap_err().to_string();
            assert!(why.contains(words), "{why}");
        }
        let large = format!("data:image/png;base64,{}", "A".repeat(LARGEST * 2));
        assert!(matches!(large.parse::<Logo>(), Err(LogoError::TooLarge(_))));
    }
}
