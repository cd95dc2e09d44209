//! Makes a file of a stream: as a draft beside it, whole and on disk before it gets its name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::frame::{Decoder, Encoder, Frame, FrameError};
use super::read::Frames;
use super::{Header, Tally, Trailer};
use crate::store::Bytes;

const BUFFER: usize = 256 * 1024;

/// Why no file was made.
#[derive(thiserror::Error, Debug)]
pub enum DraftError {
    /// The stream is no snapshot, or none that was finished.
    #[error("the snapshot did not come through: {0}")]
    Frame(#[from] FrameError),
    /// The disk refused.
    #[error("cannot write {}", file.display())]
    Io {
        /// What was written.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A snapshot that is being written. Dropped before [`Draft::finish`] it leaves nothing.
pub struct Draft {
    path: PathBuf,
    part: PathBuf,
    later: PathBuf,
    decoder: Decoder,
    header: Option<Header>,
    trailer: Option<Trailer>,
    /// The records as first met.
    first: Option<Out>,
    /// What changed after that: runs, each in the order of its keys.
    runs: Option<Runs>,
    /// How many records came in, changed ones included.
    pub received: u64,
}

struct Out {
    file: BufWriter<File>,
    encoder: Encoder,
    tally: Tally,
    bytes: Vec<u8>,
}

struct Runs {
    file: BufWriter<File>,
    /// Where each begins.
    starts: Vec<u64>,
    at: u64,
}

impl Draft {
    /// A draft of the file at `path`.
    ///
    /// # Errors
    /// [`DraftError::Io`] when it cannot be made.
    pub fn begin(path: &Path) -> Result<Self, DraftError> {
        let beside = |end: &str| {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(end);
            path.with_file_name(name)
        };
        let part = beside(".part");
        let file = private(&part).map_err(|source| DraftError::Io {
            file: part.clone(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            later: beside(".later"),
            decoder: Decoder::default(),
            header: None,
            trailer: None,
            first: Some(Out::new(file)),
            runs: None,
            received: 0,
            part,
        })
    }

    /// Bytes of the stream as they come in.
    ///
    /// # Errors
    /// [`DraftError`] when they are not what they should be, or cannot be written.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), DraftError> {
        self.decoder.push(bytes);
        while let Some(frame) = self.decoder.next()? {
            self.take(frame)?;
        }
        Ok(())
    }

    fn take(&mut self, frame: Frame) -> Result<(), DraftError> {
        let failed = |file: &Path| {
            let file = file.to_owned();
            move |source| DraftError::Io { file, source }
        };
        match frame {
            Frame::Header(header) => {
                if let Some(first) = &mut self.first {
                    first.header(&header).map_err(failed(&self.part))?;
                }
                self.header = Some(header);
            }
            Frame::Again => {
                let runs = match &mut self.runs {
                    Some(runs) => runs,
                    None => {
                        let file = private(&self.later).map_err(failed(&self.later))?;
                        self.runs.insert(Runs {
                            file: BufWriter::with_capacity(BUFFER, file),
                            starts: Vec::new(),
                            at: 0,
                        })
                    }
                };
                runs.starts.push(runs.at);
            }
            Frame::Record { key, value } => {
                self.received += 1;
                match (&mut self.runs, &mut self.first) {
                    (Some(runs), _) => runs
                        .put(|e, to| e.record(to, &key, &value))
                        .map_err(failed(&self.later))?,
                    (None, Some(first)) => {
                        first.record(&key, &value).map_err(failed(&self.part))?
                    }
                    (None, None) => {}
                }
            }
            Frame::Gone { key } => {
                if let Some(runs) = &mut self.runs {
                    runs.put(|e, to| e.gone(to, &key))
                        .map_err(failed(&self.later))?;
                }
            }
            Frame::Trailer(trailer) => self.trailer = Some(trailer),
        }
        Ok(())
    }

    /// Ends the file, makes it durable and gives it its name.
    ///
    /// # Errors
    /// [`DraftError`] when the stream was cut off, or the disk refuses.
    pub fn finish(mut self) -> Result<(Header, Trailer), DraftError> {
        let failed = |file: &Path| {
            let file = file.to_owned();
            move |source| DraftError::Io { file, source }
        };
        let (Some(header), Some(trailer), Some(first)) =
            (self.header.clone(), self.trailer.clone(), self.first.take())
        else {
            return Err(FrameError::CutOff(self.decoder.at()).into());
        };
        let trailer = match self.runs.take() {
            None => first.end(trailer).map_err(failed(&self.part))?,
            Some(runs) => {
                let flushed = first.file.into_inner();
                flushed.map_err(|e| failed(&self.part)(e.into_error()))?;
                self.merge(&header, trailer, runs)?
            }
        };
        fs::rename(&self.part, &self.path).map_err(failed(&self.path))?;
        let folder = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed(folder))?;
        Ok((header, trailer))
    }

    /// Writes the records anew with what changed later, in the order of their keys.
    fn merge(
        &mut self,
        header: &Header,
        trailer: Trailer,
        runs: Runs,
    ) -> Result<Trailer, DraftError> {
        let failed = |file: &Path| {
            let file = file.to_owned();
            move |source| DraftError::Io { file, source }
        };
        runs.file
            .into_inner()
            .map_err(|e| failed(&self.later)(e.into_error()))?;
        let mut sources = vec![Source::open(&self.part, 0, u64::MAX).map_err(failed(&self.part))?];
        let ends = runs.starts.iter().skip(1).copied().chain([runs.at]);
        for (start, end) in runs.starts.iter().zip(ends) {
            let source = Source::open(&self.later, *start, end).map_err(failed(&self.later))?;
            sources.push(source);
        }
        let merged = self.part.with_extension("merged");
        let mut out = Out::new(private(&merged).map_err(failed(&merged))?);
        out.header(header).map_err(failed(&merged))?;
        let written = write_merged(&mut sources, &mut out).map_err(failed(&merged));
        let written = written.and_then(|()| out.end(trailer).map_err(failed(&merged)));
        let done = written.and_then(|trailer| {
            fs::rename(&merged, &self.part).map_err(failed(&self.part))?;
            Ok(trailer)
        });
        if done.is_err() {
            let _ = fs::remove_file(&merged);
        }
        done
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After `finish` the first is there no more, under this name.
        let _ = fs::remove_file(&self.part);
        let _ = fs::remove_file(&self.later);
    }
}

/// Of all sources the smallest key next; of one key the latest source.
fn write_merged(sources: &mut [Source], out: &mut Out) -> io::Result<()> {
    loop {
        let mut best: Option<(Bytes, usize)> = None;
        for (at, source) in sources.iter().enumerate() {
            if let Some((key, _)) = &source.next
                && best.as_ref().is_none_or(|(smallest, _)| key <= smallest)
            {
                best = Some((key.clone(), at));
            }
        }
        let Some((key, winner)) = best else {
            return Ok(());
        };
        for (at, source) in sources.iter_mut().enumerate() {
            if source.next.as_ref().is_some_and(|(next, _)| *next == key) {
                let found = source.step()?;
                if at == winner
                    && let Some((key, Some(value))) = found
                {
                    out.record(&key, &value)?;
                }
            }
        }
    }
}

/// One run, in the order of its keys.
struct Source {
    frames: Frames<io::Take<File>>,
    next: Option<(Bytes, Option<Bytes>)>,
}

impl Source {
    fn open(path: &Path, start: u64, end: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        let length = end.saturating_sub(start);
        let mut source = Self {
            frames: Frames::new(io::Read::take(file, length), start == 0 && end == u64::MAX),
            next: None,
        };
        source.step()?;
        Ok(source)
    }

    /// What was next; looks for what comes after it.
    fn step(&mut self) -> io::Result<Option<(Bytes, Option<Bytes>)>> {
        let next = loop {
            match self.frames.next().map_err(io::Error::other)? {
                Some(Frame::Record { key, value }) => break Some((key, Some(value))),
                Some(Frame::Gone { key }) => break Some((key, None)),
                Some(_) => {}
                None => break None,
            }
        };
        Ok(std::mem::replace(&mut self.next, next))
    }
}

impl Out {
    fn new(file: File) -> Self {
        Self {
            file: BufWriter::with_capacity(BUFFER, file),
            encoder: Encoder::default(),
            tally: Tally::default(),
            bytes: Vec::new(),
        }
    }

    fn header(&mut self, header: &Header) -> io::Result<()> {
        self.encoder.header(&mut self.bytes, header);
        self.write()
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.tally.add(key, value);
        self.encoder.record(&mut self.bytes, key, value);
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }

    fn end(mut self, trailer: Trailer) -> io::Result<Trailer> {
        let trailer = Trailer {
            records: self.tally.records,
            digest: self.tally.digest(),
            ..trailer
        };
        let trailer = std::mem::take(&mut self.encoder).trailer(&mut self.bytes, trailer);
        self.write()?;
        let file = self.file.into_inner().map_err(|e| e.into_error())?;
        file.sync_all()?;
        Ok(trailer)
    }
}

impl Runs {
    fn put(&mut self, write: impl FnOnce(&mut Encoder, &mut Vec<u8>)) -> io::Result<()> {
        let mut bytes = Vec::new();
        write(&mut Encoder::default(), &mut bytes);
        self.at += bytes.len() as u64;
        self.file.write_all(&bytes)
    }
}

/// A new file that only its owner may read; one of that name is replaced.
fn private(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
