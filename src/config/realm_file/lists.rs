//! Lists of tables (`[[clients]]`, `[[users]]`), and names that may be there only once.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::section::Reading;

/// The tables of a list, and where each begins.
pub(super) fn tables<'t, 'i>(
    reading: &mut Reading<'_>,
    value: Option<&'t Spanned<DeValue<'i>>>,
    title: &str,
) -> Vec<(&'t DeTable<'i>, Range<usize>)> {
    let Some(value) = value else {
        return Vec::new();
    };
    let Some(list) = value.get_ref().as_array() else {
        let found = value.get_ref().type_str();
        let suggestion = value
            .get_ref()
            .is_table()
            .then(|| "write the header in double brackets".to_owned());
        reading.refuse(
            value.span().start,
            format!("expected {title}, found {found}"),
            suggestion,
        );
        return Vec::new();
    };
    let mut tables = Vec::new();
    for element in list.iter() {
        match element.get_ref().as_table() {
            Some(table) => tables.push((table, element.span())),
            None => {
                let found = element.get_ref().type_str();
                reading.refuse(
                    element.span().start,
                    format!("expected a table in {title}, found {found}"),
                    None,
                );
            }
        }
    }
    tables
}

/// The names met so far, and at which offset. Its line is only counted when a message needs it.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<String, usize>);

impl Seen {
    /// Refuses a name that was there before, and says where.
    pub(super) fn refuse_second(
        &mut self,
        reading: &mut Reading<'_>,
        key: &str,
        what: &str,
        at: usize,
    ) {
        if key.is_empty() {
            return;
        }
        match self.0.get(key) {
            Some(first) => {
                let line = reading.place(*first).line;
                reading.refuse(
                    at,
                    format!("{what} is described twice, first in line {line}"),
                    None,
                );
            }
            None => drop(self.0.insert(key.to_owned(), at)),
        }
    }
}
