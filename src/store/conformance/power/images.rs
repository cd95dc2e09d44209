//! Files as a power cut may have left them.
//!
//! Of each file the bytes are known that were durable at the cut: what was written before a sync began that had ended by then. Names
//! (files made, renamed, taken away) are taken to be durable at once, so that a file may be there and be empty.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

const BLOCK: usize = 4096;
const SECTOR: usize = 512;

/// What is left of the writes that were not durable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Left {
    /// Nothing.
    Nothing,
    /// Any of their blocks, in any order.
    SomeBlocks,
    /// The first ones, and the last of these only in part.
    TornPrefix,
}

#[derive(Debug)]
enum Event {
    Made,
    Wrote(usize, Vec<u8>),
    Cut(usize),
    SyncBegan(u64),
    SyncEnded(u64),
    Renamed(PathBuf),
    Unlinked,
    Said(String),
}

/// All that happened below a folder, in order.
pub(super) struct Recording(Vec<(PathBuf, Event)>);

impl Recording {
    /// Reads what `tests/power/record.c` wrote; paths become relative to `below`.
    pub(super) fn read(mut log: &[u8], below: &Path) -> Self {
        let mut events = Vec::new();
        let own = |path: &str| {
            let path = Path::new(path);
            path.strip_prefix(below).unwrap_or(path).to_owned()
        };
        while let Some((head, rest)) = log.split_first_chunk::<19>() {
            let number = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
            let path_len = usize::from(u16::from_le_bytes([head[1], head[2]]));
            let (path, rest) = rest.split_at(path_len);
            let len = usize::try_from(number(11)).unwrap();
            if rest.len() < len {
                break;
            }
            let (data, rest) = rest.split_at(len);
            let at = || usize::try_from(number(3)).unwrap();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let event = match head[0] {
                b'C' => Event::Made,
                b'W' => Event::Wrote(at(), data.to_vec()),
                b'S' => Event::Cut(at()),
                b'B' => Event::SyncBegan(number(3)),
                b'E' => Event::SyncEnded(number(3)),
                b'R' => Event::Renamed(own(&text(data))),
                b'U' => Event::Unlinked,
                b'A' => Event::Said(text(data)),
                other => panic!("a record of kind {other}"),
            };
            events.push((own(&text(path)), event));
            log = rest;
        }
        Self(events)
    }

    /// Power cuts at `count` moments, in order. A third of them fall into the first part, where things are made.
    pub(super) fn cuts(&self, count: usize, left: Left) -> Cuts<'_> {
        let mut dice = Dice(0x5eed ^ count as u64);
        let mut moments: Vec<usize> = (0..count)
            .map(|i| match i % 3 {
                0 => dice.below(self.0.len() / 10),
                _ => dice.below(self.0.len() + 1),
            })
            .collect();
        moments.sort_unstable();
        Cuts {
            recording: self,
            moments: moments.into_iter(),
            at: 0,
            files: BTreeMap::new(),
            acknowledged: Vec::new(),
            left,
            dice,
        }
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

#[derive(Clone)]
enum Op {
    Wrote(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Default)]
struct Content {
    durable: Vec<u8>,
    pending: Vec<Op>,
    /// How much was pending when a sync began that is still under way.
    syncs: HashMap<u64, usize>,
}

impl Content {
    fn sync_ended(&mut self, sync: u64) {
        let Some(upto) = self.syncs.remove(&sync) else {
            return;
        };
        for op in self.pending.drain(..upto) {
            apply(&mut self.durable, &op);
        }
        for begun in self.syncs.values_mut() {
            *begun = begun.saturating_sub(upto);
        }
    }

    fn as_left(&self, left: Left, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        match left {
            Left::Nothing => {}
            Left::SomeBlocks => {
                for op in &self.pending {
                    for part in blocks(op) {
                        if dice.below(2) == 0 {
                            apply(&mut bytes, &part);
                        }
                    }
                }
            }
            Left::TornPrefix => {
                let whole = dice.below(self.pending.len() + 1);
                for op in &self.pending[..whole] {
                    apply(&mut bytes, op);
                }
                if let Some(Op::Wrote(at, data)) = self.pending.get(whole) {
                    let some = dice.below(data.len() / SECTOR + 1) * SECTOR;
                    apply(&mut bytes, &Op::Wrote(*at, data[..some].to_vec()));
                }
            }
        }
        bytes
    }
}

/// The parts of a write that a disk writes for themselves.
fn blocks(op: &Op) -> Vec<Op> {
    let Op::Wrote(at, data) = op else {
        return vec![op.clone()];
    };
    let (mut parts, mut done) = (Vec::new(), 0);
    while done < data.len() {
        let len = (BLOCK - (at + done) % BLOCK).min(data.len() - done);
        parts.push(Op::Wrote(at + done, data[done..done + len].to_vec()));
        done += len;
    }
    parts
}

fn apply(bytes: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Cut(len) => bytes.resize(*len, 0),
        Op::Wrote(_, data) if data.is_empty() => {}
        Op::Wrote(at, data) => {
            let end = at + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*at..end].copy_from_slice(data);
        }
    }
}

/// Goes through a recording and stops at each cut.
pub(super) struct Cuts<'a> {
    recording: &'a Recording,
    moments: std::vec::IntoIter<usize>,
    at: usize,
    files: BTreeMap<PathBuf, Content>,
    acknowledged: Vec<String>,
    left: Left,
    dice: Dice,
}

/// The files at one cut.
pub(super) struct Cut {
    files: Vec<(PathBuf, Vec<u8>)>,
    /// What the process had said by then.
    pub(super) acknowledged: Vec<String>,
}

impl Cut {
    /// Puts the files into a folder.
    pub(super) fn lay_out(&self, folder: &Path) {
        for (path, bytes) in &self.files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        // Folders are made before anything in them, and made durable at once.
        std::fs::create_dir_all(folder).unwrap();
        for own in ["sled/blobs"] {
            if folder.join("sled/db").exists() {
                std::fs::create_dir_all(folder.join(own)).unwrap();
            }
        }
    }
}

impl Cuts<'_> {
    /// The files at the next cut.
    pub(super) fn next(&mut self) -> Option<Cut> {
        let moment = self.moments.next()?;
        while self.at < moment {
            let (path, event) = &self.recording.0[self.at];
            self.at += 1;
            self.happened(path, event);
        }
        let (left, dice) = (self.left, &mut self.dice);
        let files = self
            .files
            .iter()
            .map(|(path, content)| (path.clone(), content.as_left(left, dice)))
            .collect();
        Some(Cut {
            files,
            acknowledged: self.acknowledged.clone(),
        })
    }

    fn happened(&mut self, path: &Path, event: &Event) {
        match event {
            Event::Said(text) => {
                let names = text.lines().filter_map(|line| line.strip_prefix("ACK "));
                self.acknowledged.extend(names.map(str::to_owned));
            }
            Event::Unlinked => drop(self.files.remove(path)),
            Event::Renamed(to) => {
                if let Some(content) = self.files.remove(path) {
                    self.files.insert(to.clone(), content);
                }
            }
            Event::Made => drop(self.files.insert(path.to_owned(), Content::default())),
            // Of a folder: names are durable at once.
            Event::SyncBegan(_) | Event::SyncEnded(_) if !self.files.contains_key(path) => {}
            Event::SyncBegan(sync) => {
                let content = self.files.entry(path.to_owned()).or_default();
                content.syncs.insert(*sync, content.pending.len());
            }
            Event::SyncEnded(sync) => {
                let content = self.files.entry(path.to_owned()).or_default();
                content.sync_ended(*sync);
            }
            Event::Wrote(at, data) => {
                let content = self.files.entry(path.to_owned()).or_default();
                content.pending.push(Op::Wrote(*at, data.clone()));
            }
            Event::Cut(len) => {
                let content = self.files.entry(path.to_owned()).or_default();
                content.pending.push(Op::Cut(*len));
            }
        }
    }
}
