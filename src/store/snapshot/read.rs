//! Reads a snapshot from a file, and refuses one that is not whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::frame::{Decoder, Frame, FrameError};
use super::{Header, Tally, Trailer};
use crate::store::Bytes;

const BUFFER: usize = 256 * 1024;

/// Why a file was not read.
#[derive(thiserror::Error, Debug)]
pub enum ReadError {
    /// It is not as it was written.
    #[error("{}: {source}", file.display())]
    Frame {
        /// Which file.
        file: std::path::PathBuf,
        /// What is wrong with it.
        source: FrameError,
    },
    /// The disk refused.
    #[error("cannot read {}: {source}", file.display())]
    Io {
        /// Which file.
        file: std::path::PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What a file was found to hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// What it says at its beginning.
    pub header: Header,
    /// What it says at its end, which is what was found.
    pub trailer: Trailer,
    /// Its length in bytes.
    pub bytes: u64,
}

/// The frames of whatever can be read.
pub struct Frames<R> {
    from: R,
    decoder: Decoder,
    buffer: Vec<u8>,
}

/// Why there is no next frame.
#[derive(thiserror::Error, Debug)]
pub enum FramesError {
    /// The bytes are not as they were written.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// They cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<R: Read> Frames<R> {
    /// `whole`: from the first byte of a snapshot; otherwise frames from its midst.
    pub fn new(from: R, whole: bool) -> Self {
        Self {
            from,
            decoder: if whole {
                Decoder::default()
            } else {
                Decoder::amidst()
            },
            buffer: vec![0; BUFFER],
        }
    }

    /// The next frame; `None` at the end.
    ///
    /// # Errors
    /// [`FramesError`].
    pub fn next(&mut self) -> Result<Option<Frame>, FramesError> {
        loop {
            if let Some(frame) = self.decoder.next()? {
                return Ok(Some(frame));
            }
            let read = self.from.read(&mut self.buffer)?;
            if read == 0 {
                return if self.decoder.is_at_rest() {
                    Ok(None)
                } else {
                    Err(FrameError::CutOff(self.decoder.at()).into())
                };
            }
            self.decoder
                .push(self.buffer.get(..read).unwrap_or_default());
        }
    }

    /// How many bytes were read as frames.
    pub fn at(&self) -> u64 {
        self.decoder.at()
    }
}

/// The records of a snapshot in the order of their keys.
pub struct Records {
    frames: Frames<File>,
    file: std::path::PathBuf,
    /// What it says at its beginning.
    pub header: Header,
    trailer: Option<Trailer>,
    tally: Tally,
    last: Option<Bytes>,
}

impl Records {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`ReadError`] when it is no snapshot, or one of a later version.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let wrong = |error| told(path, error);
        let file = File::open(path).map_err(|e| wrong(e.into()))?;
        let mut frames = Frames::new(file, true);
        match frames.next().map_err(wrong)? {
            Some(Frame::Header(header)) => Ok(Self {
                frames,
                file: path.to_owned(),
                header,
                trailer: None,
                tally: Tally::default(),
                last: None,
            }),
            _ => Err(wrong(FrameError::NotOne.into())),
        }
    }

    /// The next record; `None` after the last, once the trailer was found to be true.
    ///
    /// # Errors
    /// [`ReadError`] when the file is not as it was written.
    pub fn next(&mut self) -> Result<Option<(Bytes, Bytes)>, ReadError> {
        let at = self.frames.at();
        let damaged = |what| FrameError::Damaged { at, what };
        let error = match self.frames.next() {
            Err(error) => error,
            Ok(Some(Frame::Record { key, value })) => {
                if self.last.as_ref().is_none_or(|last| *last < key) {
                    self.tally.add(&key, &value);
                    self.last = Some(key.clone());
                    return Ok(Some((key, value)));
                }
                damaged("the order of its records is wrong").into()
            }
            Ok(Some(Frame::Trailer(trailer))) => {
                let same =
                    trailer.records == self.tally.records && trailer.digest == self.tally.digest();
                self.trailer = Some(trailer);
                match self.frames.next() {
                    Ok(_) if same => return Ok(None),
                    Ok(_) => damaged("it does not hold what its trailer says").into(),
                    Err(error) => error,
                }
            }
            Ok(Some(_)) => damaged("a frame does not belong here").into(),
            Ok(None) if self.trailer.is_some() => return Ok(None),
            Ok(None) => FrameError::CutOff(at).into(),
        };
        Err(told(&self.file, error))
    }

    /// How many records were read.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.tally.records
    }
}

/// Reads a whole file and compares all of it with what it says of itself.
///
/// # Errors
/// [`ReadError`] for the first thing that is wrong.
pub fn check(path: &Path, mut progress: impl FnMut(u64)) -> Result<Checked, ReadError> {
    let mut records = Records::open(path)?;
    while records.next()?.is_some() {
        progress(records.count());
    }
    let bytes = records.frames.at();
    match records.trailer.take() {
        Some(trailer) => Ok(Checked {
            header: records.header,
            trailer,
            bytes,
        }),
        None => Err(told(path, FrameError::CutOff(bytes).into())),
    }
}

fn told(file: &Path, error: FramesError) -> ReadError {
    let file = file.to_owned();
    match error {
        FramesError::Frame(source) => ReadError::Frame { file, source },
        FramesError::Io(source) => ReadError::Io { file, source },
    }
}
