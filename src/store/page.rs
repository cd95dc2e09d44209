//! How a scan is cut into pages, the same for every engine.

use std::cmp::Ordering;
use std::ops::Bound;

use super::{Bytes, Cursor, Dir, KeysOrRecords, Page, Range, Record};

/// The two ends of a walk.
pub(super) type Bounds = (Bound<Bytes>, Bound<Bytes>);

/// What is left of `r` beyond `after`, or `None` when that is surely nothing (ordered maps panic on ends that are crossed).
pub(super) fn bounds(r: &Range, after: Option<&Cursor>, dir: Dir) -> Option<Bounds> {
    let mut from = Bound::Included(r.from.clone());
    let mut to = if r.to.is_empty() {
        Bound::Unbounded
    } else {
        Bound::Excluded(r.to.clone())
    };
    if let Some(Cursor(seen)) = after {
        match dir {
            Dir::Forward if *seen >= r.from => from = Bound::Excluded(seen.clone()),
            Dir::Reverse if r.to.is_empty() || *seen < r.to => to = Bound::Excluded(seen.clone()),
            Dir::Forward | Dir::Reverse => {}
        }
    }
    let crossed = match (&from, &to) {
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to)) => from >= to,
        _ => false,
    };
    (!crossed).then_some((from, to))
}

/// Gathers a page from records in walking order; looks one record further to know whether there is more.
pub(super) fn fill<E>(
    records: impl Iterator<Item = Result<Record, E>>,
    limit: usize,
    what: KeysOrRecords,
) -> Result<Page, E> {
    let mut page = Page {
        records: Vec::new(),
        next: None,
    };
    for record in records {
        let mut record = record?;
        if page.records.len() == limit {
            page.next = page.records.last().map(|r| Cursor(r.key.clone()));
            break;
        }
        if what == KeysOrRecords::KeysOnly {
            record.value = Bytes::new();
        }
        page.records.push(record);
    }
    Ok(page)
}

/// Lays `over` (keys as they are to be seen, absent ones included) upon `under`; both walk in the direction of `dir`.
pub(super) fn overlay<'a, E>(
    under: impl Iterator<Item = Result<Record, E>>,
    over: impl Iterator<Item = (&'a Bytes, &'a Option<Record>)>,
    dir: Dir,
) -> impl Iterator<Item = Result<Record, E>> {
    let mut under = under.peekable();
    let mut over = over.peekable();
    std::iter::from_fn(move || {
        loop {
            let order = match (under.peek(), over.peek()) {
                (None, None) => return None,
                (Some(Err(_)), _) | (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(Ok(below)), Some((key, _))) => match dir {
                    Dir::Forward => below.key.cmp(key),
                    Dir::Reverse => below.key.cmp(key).reverse(),
                },
            };
            if order == Ordering::Less {
                return under.next();
            }
            if order == Ordering::Equal {
                under.next();
            }
            if let Some((_, Some(seen))) = over.next() {
                return Some(Ok(seen.clone()));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Version;
    use std::num::NonZeroU64;

    fn record(key: &'static str, version: u64) -> Record {
        Record {
            key: key.into(),
            value: "v".into(),
            version: Version(NonZeroU64::new(version).unwrap()),
        }
    }

    #[test]
    fn an_overlay_shows_hides_and_brings_back() {
        let under = [record("a", 1), record("b", 2), record("d", 2)];
        let over = [
            ("b".into(), Some(record("b", 1))),
            ("c".into(), Some(record("c", 1))),
            ("d".into(), None),
        ];
        let seen = |dir| {
            let (mut under, mut over): (Vec<_>, Vec<_>) =
                (under.to_vec(), over.iter().map(|(k, r)| (k, r)).collect());
            if dir == Dir::Reverse {
                under.reverse();
                over.reverse();
            }
            overlay(under.into_iter().map(Ok::<_, ()>), over.into_iter(), dir)
                .map(Result::unwrap)
                .collect::<Vec<_>>()
        };
        let mut expected = vec![record("a", 1), record("b", 1), record("c", 1)];
        assert_eq!(seen(Dir::Forward), expected);
        expected.reverse();
        assert_eq!(seen(Dir::Reverse), expected);
    }
}
