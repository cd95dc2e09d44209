//! Opening an engine on disk: what must hold before the first answer.
//!
//! The records are compared with the tally before serving whenever the files may not be what the process wrote: after a crash of the
//! machine, on another machine, or when nobody knows. After a stop in order, and after a killed process on a machine that ran on, the
//! check goes on beside the commits when the store is large. docs/decisions/ says why.

use std::io;
use std::ops::Bound;
use std::path::Path;

use super::{Embedded, Opened};
use crate::store::batch::SEQUENCE_KEY;
use crate::store::check;
use crate::store::fault::Fault;
use crate::store::folder::{self, Folder};
use crate::store::mark::{Mark, Reached};
use crate::store::shelf::{Kind, Shelf};
use crate::store::space::Space;
use crate::store::stored::Tally;
use crate::store::{Bytes, Dir, OpenError};

/// Up to this many records are checked before serving in any case: it takes less than a second.
const AT_ONCE: u64 = 250_000;

impl Embedded {
    /// Opens the engine of `kind` in `folder`, or makes it when the folder is fresh.
    pub(in crate::store) fn open(folder: Folder, kind: Kind) -> Result<Self, OpenError> {
        Self::open_checking(folder, kind, AT_ONCE)
    }

    /// The same, with the number of records up to which all of them are always checked before serving.
    pub(in crate::store) fn open_checking(
        mut folder: Folder,
        kind: Kind,
        at_once: u64,
    ) -> Result<Self, OpenError> {
        let root = folder.path().to_owned();
        let failed = |source: io::Error| OpenError::Io {
            folder: root.clone(),
            source,
        };
        let broken = |fault: Fault| match fault {
            // What the system says is about the system; anything else is about what is in the files.
            Fault::Io(source) if source.raw_os_error().is_some() => failed(source),
            Fault::Io(source) => OpenError::Damaged {
                folder: root.clone(),
                what: source.to_string(),
            },
            Fault::Engine(what) => OpenError::Damaged {
                folder: root.clone(),
                what,
            },
        };
        let dir = root.join(kind.name);
        if !folder.is_fresh() && !dir.join(kind.file).is_file() {
            return Err(lost(&root, "missing"));
        }
        folder::make_folder(&dir).map_err(failed)?;
        let shelf = (kind.open)(&dir).map_err(broken)?;
        let state = shelf.get(SEQUENCE_KEY).map_err(broken)?;
        if state.is_none() && !folder.is_fresh() && is_empty(&*shelf).map_err(broken)? {
            return Err(lost(&root, "empty"));
        }
        let (seq, tally) = state_of(&*shelf, state).map_err(broken)?;
        let (mark, reached) = Mark::open(&root).map_err(failed)?;
        let word = folder.word().map_err(failed)?;
        compare(seq, word, reached).map_err(broken)?;
        let told = word.is_some() || reached.is_some_and(|reached| mark.is_of_now(&reached));
        let trusted = told && reached.is_none_or(|reached| reached.boot != [0; 16]);
        let checked = !trusted || tally.records <= at_once;
        if checked {
            check::whole(&*shelf, tally).map_err(broken)?;
        }
        let mut mark = mark;
        mark.reach(seq).and_then(|()| mark.sync()).map_err(failed)?;
        folder.settle().map_err(failed)?;
        folder.forget_word().map_err(failed)?;
        let space = Space::watch(&root);
        space.look();
        Self::start(Opened {
            folder,
            kind,
            shelf,
            seq,
            tally,
            mark,
            space,
            checked,
        })
    }
}

fn lost(root: &Path, what: &'static str) -> OpenError {
    OpenError::Lost {
        folder: root.to_owned(),
        what,
    }
}

fn is_empty(shelf: &dyn Shelf) -> Result<bool, Fault> {
    let mut all = shelf.walk((Bound::Unbounded, Bound::Unbounded), Dir::Forward)?;
    all.next().transpose().map(|first| first.is_none())
}

/// The last commit and the tally; those of a new store, which are written first, when nothing is there.
fn state_of(shelf: &dyn Shelf, state: Option<Bytes>) -> Result<(u64, Tally), Fault> {
    if let Some(sealed) = state {
        return Ok(Tally::unseal(SEQUENCE_KEY, &sealed)?);
    }
    if !is_empty(shelf)? {
        return Err(Fault::Engine("its own record is missing".into()));
    }
    let sealed = Tally::default().seal(SEQUENCE_KEY, 0);
    shelf.write(vec![(Bytes::from_static(SEQUENCE_KEY), Some(sealed))])?;
    Ok((0, Tally::default()))
}

/// Whether the engine ends where it was left.
fn compare(seq: u64, word: Option<u64>, reached: Option<Reached>) -> Result<(), Fault> {
    match (word, reached) {
        (Some(word), _) if word != seq => Err(Fault::Engine(format!(
            "it was closed after commit {word} and now ends with commit {seq}"
        ))),
        (_, Some(reached)) if seq < reached.seq => Err(Fault::Engine(format!(
            "commit {} was acknowledged and it now ends with commit {seq}",
            reached.seq
        ))),
        _ => Ok(()),
    }
}
