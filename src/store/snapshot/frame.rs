//! Frames: `[tag u8][key length u16][value length u32][key][value][crc32 u32]`, numbers big-endian, the checksum over all before it.

use aws_lc_rs::digest::{Context, SHA256};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FORMAT, Header, MAGIC, Trailer, hex};
use crate::store::{Bytes, MAX_KEY, MAX_VALUE};

const HEAD: usize = 7;
const CRC: usize = 4;

const HEADER: u8 = b'H';
const RECORD: u8 = b'R';
const GONE: u8 = b'D';
const AGAIN: u8 = b'N';
const TRAILER: u8 = b'E';
const FAILED: u8 = b'X';

/// One frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// The first.
    Header(Header),
    /// A record.
    Record {
        /// Its key.
        key: Bytes,
        /// Its value.
        value: Bytes,
    },
    /// In a stream: a record that was sent before is there no more.
    Gone {
        /// Its key.
        key: Bytes,
    },
    /// In a stream: records follow that changed since they were sent, from the smallest key again.
    Again,
    /// The last.
    Trailer(Trailer),
}

/// Why bytes are no snapshot, or no whole one.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum FrameError {
    /// It does not begin like one.
    #[error("it is no snapshot of realmkeep")]
    NotOne,
    /// A later version wrote it.
    #[error(
        "it has format {found}, written by realmkeep {written_by}; this version reads formats up to {FORMAT}: use realmkeep {written_by} or newer"
    )]
    Newer {
        /// Its format.
        found: u32,
        /// The version that wrote it.
        written_by: String,
    },
    /// A checksum, a length or the order is wrong.
    #[error("it is damaged at byte {at}: {what}")]
    Damaged {
        /// Where the bad frame begins.
        at: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It ends before its trailer.
    #[error("it is cut off after {0} bytes")]
    CutOff(u64),
    /// Whoever sent it could not finish it.
    #[error("the server could not finish it: {0}")]
    Unfinished(String),
}

/// Writes frames, and hashes them on the way.
pub struct Encoder {
    hash: Context,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            hash: Context::new(&SHA256),
        }
    }
}

impl Encoder {
    /// The first bytes of a snapshot.
    pub fn header(&mut self, to: &mut Vec<u8>, header: &Header) {
        let from = to.len();
        to.extend_from_slice(MAGIC);
        put(to, HEADER, b"", &json(header));
        self.hashed(to, from);
    }

    /// A record.
    pub fn record(&mut self, to: &mut Vec<u8>, key: &[u8], value: &[u8]) {
        self.put(to, RECORD, key, value);
    }

    /// That a record is there no more.
    pub fn gone(&mut self, to: &mut Vec<u8>, key: &[u8]) {
        self.put(to, GONE, key, b"");
    }

    /// That records follow that changed since.
    pub fn again(&mut self, to: &mut Vec<u8>) {
        self.put(to, AGAIN, b"", b"");
    }

    /// The end; fills in the hash of all before it.
    pub fn trailer(self, to: &mut Vec<u8>, trailer: Trailer) -> Trailer {
        let trailer = Trailer {
            sha256: hex(self.hash.finish().as_ref()),
            ..trailer
        };
        put(to, TRAILER, b"", &json(&trailer));
        trailer
    }

    /// The end of what cannot be finished.
    pub fn failed(self, to: &mut Vec<u8>, why: &str) {
        put(to, FAILED, b"", why.as_bytes());
    }

    fn put(&mut self, to: &mut Vec<u8>, tag: u8, key: &[u8], value: &[u8]) {
        let from = to.len();
        put(to, tag, key, value);
        self.hashed(to, from);
    }

    fn hashed(&mut self, to: &[u8], from: usize) {
        self.hash.update(to.get(from..).unwrap_or_default());
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Plain structs with text and numbers: there is nothing in them that JSON cannot say.
    serde_json::to_vec(value).unwrap_or_default()
}

fn put(to: &mut Vec<u8>, tag: u8, key: &[u8], value: &[u8]) {
    let from = to.len();
    to.push(tag);
    // The store bounds both far below (`MAX_KEY`, `MAX_VALUE`).
    to.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes());
    to.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend_from_slice(key);
    to.extend_from_slice(value);
    let crc = crc32fast::hash(to.get(from..).unwrap_or_default());
    to.extend_from_slice(&crc.to_be_bytes());
}

/// Reads frames from bytes as they come in.
pub struct Decoder {
    waiting: Vec<u8>,
    from: usize,
    at: u64,
    begun: bool,
    over: bool,
    hash: Context,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            from: 0,
            at: 0,
            begun: false,
            over: false,
            hash: Context::new(&SHA256),
        }
    }
}

impl Decoder {
    /// For frames from the midst of a snapshot: they are not hashed.
    #[must_use]
    pub fn amidst() -> Self {
        Self {
            begun: true,
            at: MAGIC.len() as u64 + 1,
            ..Self::default()
        }
    }

    /// Whether nothing is left that is no whole frame.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.waiting.len() == self.from
    }

    /// More bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.from > 0 {
            self.waiting.drain(..self.from);
            self.from = 0;
        }
        self.waiting.extend_from_slice(bytes);
    }

    /// How many bytes were read as frames.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The next frame; `None` when more bytes are needed, or after the last.
    ///
    /// # Errors
    /// [`FrameError`] for whatever is not as it was written.
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        let waiting = self.waiting.get(self.from..).unwrap_or_default();
        if self.over {
            return if waiting.is_empty() {
                Ok(None)
            } else {
                Err(self.damaged("something follows its end"))
            };
        }
        if !self.begun {
            let known = waiting.len().min(MAGIC.len());
            if waiting.get(..known) != MAGIC.get(..known) {
                return Err(FrameError::NotOne);
            }
            if known < MAGIC.len() {
                return Ok(None);
            }
            self.hash.update(MAGIC);
            self.took(MAGIC.len());
            self.begun = true;
            return self.next();
        }
        let [tag, k0, k1, v0, v1, v2, v3] = match waiting.first_chunk::<HEAD>() {
            Some(head) => *head,
            None => return Ok(None),
        };
        let key_len = usize::from(u16::from_be_bytes([k0, k1]));
        let value_len = u32::from_be_bytes([v0, v1, v2, v3]) as usize;
        if key_len > MAX_KEY || value_len > MAX_VALUE {
            return Err(self.damaged("a length is out of bounds"));
        }
        let body = HEAD + key_len + value_len;
        let Some((whole, crc)) = waiting
            .get(..body + CRC)
            .and_then(<[u8]>::split_last_chunk::<CRC>)
        else {
            return Ok(None);
        };
        if crc32fast::hash(whole) != u32::from_be_bytes(*crc) {
            return Err(self.damaged("a checksum does not match"));
        }
        let (key, value) = whole.get(HEAD..).unwrap_or_default().split_at(key_len);
        let (key, value) = (Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
        let ends = matches!(tag, TRAILER | FAILED);
        let frame = self.frame(tag, key, value)?;
        if !ends {
            let all = waiting.get(..body + CRC).unwrap_or_default();
            self.hash.update(all);
        }
        self.over = ends;
        self.took(body + CRC);
        Ok(Some(frame))
    }

    fn frame(&self, tag: u8, key: Bytes, value: Bytes) -> Result<Frame, FrameError> {
        match tag {
            HEADER if self.at == MAGIC.len() as u64 => header(&value)
                .ok_or_else(|| self.damaged("its header does not read"))?
                .map(Frame::Header),
            _ if self.at == MAGIC.len() as u64 => Err(self.damaged("its header is missing")),
            RECORD if !key.is_empty() => Ok(Frame::Record { key, value }),
            GONE if !key.is_empty() => Ok(Frame::Gone { key }),
            AGAIN => Ok(Frame::Again),
            TRAILER => {
                let trailer: Trailer =
                    read(&value).ok_or_else(|| self.damaged("its trailer does not read"))?;
                if trailer.sha256 != hex(self.hash.clone().finish().as_ref()) {
                    return Err(self.damaged("it is not what its trailer says (SHA-256)"));
                }
                Ok(Frame::Trailer(trailer))
            }
            FAILED => Err(FrameError::Unfinished(
                String::from_utf8_lossy(&value).into_owned(),
            )),
            _ => Err(self.damaged("a frame is of no known kind")),
        }
    }

    fn took(&mut self, bytes: usize) {
        self.from += bytes;
        self.at += bytes as u64;
    }

    fn damaged(&self, what: &'static str) -> FrameError {
        FrameError::Damaged { at: self.at, what }
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok()
}

/// `None` when it is none; an error when a later version wrote it.
fn header(json: &[u8]) -> Option<Result<Header, FrameError>> {
    let any: serde_json::Value = read(json)?;
    let found = u32::try_from(any.get("format")?.as_u64()?).ok()?;
    if found > FORMAT {
        let written_by = any.get("writtenBy").and_then(|w| w.as_str());
        return Some(Err(FrameError::Newer {
            found,
            written_by: written_by.unwrap_or("of a later version").to_owned(),
        }));
    }
    serde_json::from_value(any).ok().map(Ok)
}
