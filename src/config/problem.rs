//! What is wrong with a configuration, where, and what was probably meant.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong. Its `Display` is one line: `file:line:column: message; suggestion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file it is in; none for a flag or an environment variable, which the message names.
    pub file: Option<PathBuf>,
    /// The line in that file, from 1.
    pub line: Option<usize>,
    /// The column in that line, in characters from 1.
    pub column: Option<usize>,
    /// What is wrong and what was expected. Never a secret.
    pub message: String,
    /// What was probably meant, as half a sentence: "did you mean `listen`?".
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem of no file: of a flag, of an environment variable, of several things together.
    pub(super) fn nowhere(message: impl Into<String>) -> Problem {
        Problem {
            file: None,
            line: None,
            column: None,
            message: message.into(),
            suggestion: None,
        }
    }

    /// A problem of a file as a whole.
    pub(super) fn of_file(file: &Path, message: impl Into<String>) -> Problem {
        Problem {
            file: Some(file.to_owned()),
            ..Problem::nowhere(message)
        }
    }

    /// A problem at a place in a file.
    pub(super) fn at(file: &Path, place: Place, message: impl Into<String>) -> Problem {
        Problem {
            line: Some(place.line),
            column: Some(place.column),
            ..Problem::of_file(file, message)
        }
    }

    /// The same with a suggestion, if there is one.
    pub(super) fn suggest(self, suggestion: Option<String>) -> Problem {
        Problem { suggestion, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            for number in [self.line, self.column].into_iter().flatten() {
                write!(f, "{number}:")?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; {suggestion}"),
            None => Ok(()),
        }
    }
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl Place {
    /// Where the byte `offset` of `text` is.
    pub(super) fn of(text: &str, offset: usize) -> Place {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).map_or(0, |tail| tail.chars().count()) + 1;
        Place { line, column }
    }
}

/// "did you mean `…`?" for the candidate [`nearest`] to `word`.
pub(super) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|meant| format!("did you mean `{meant}`?"))
}

/// The candidate most like `word`, when one is near enough to be helpful.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Case, dashes and underscores are the commonest slips, so they count for nothing.
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let wanted = plain(word);
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let likeness = strsim::jaro_winkler(&wanted, &plain(candidate));
        if likeness >= NEAR && best.is_none_or(|(other, _)| likeness > other) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How alike two words must be for one to be suggested for the other: near enough for `redirect` and `redirect_uris`,
/// too far for `realm` and `role`.
const NEAR: f64 = 0.83;

/// Text as it may be shown in a message: quoted, and not endless.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_one_line() {
        let place = Place {
            line: 14,
            column: 1,
        };
        let problem = Problem::at(
            Path::new("realms/demo.toml"),
            place,
            "unknown key `redirect_uri` in [[clients]]",
        )
        .suggest(did_you_mean("redirect_uri", ["client_id", "redirect_uris"]));
        assert_eq!(
            problem.to_string(),
            "realms/demo.toml:14:1: unknown key `redirect_uri` in [[clients]]; did you mean `redirect_uris`?"
        );
        assert_eq!(
            Problem::nowhere("REALMKEEP_LISTN is unknown").to_string(),
            "REALMKEEP_LISTN is unknown"
        );
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "a\nßb\n";
        assert_eq!(Place::of(text, 0), Place { line: 1, column: 1 });
        assert_eq!(Place::of(text, 4), Place { line: 2, column: 2 });
        assert_eq!(Place::of(text, 99), Place { line: 3, column: 1 });
    }

    #[test]
    fn only_a_near_word_is_suggested() {
        assert_eq!(
            did_you_mean("clientId", ["client_id"]).as_deref(),
            Some("did you mean `client_id`?")
        );
        assert_eq!(
            did_you_mean("idle-timout", ["limit", "idle_timeout"]).as_deref(),
            Some("did you mean `idle_timeout`?")
        );
        assert_eq!(
            did_you_mean("colour", ["listen", "public_url", "data"]),
            None
        );
    }
}
