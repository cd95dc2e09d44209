//! Every text of every language: there, filled, and not another language's.

use std::collections::BTreeMap;

use super::shape::{Around, At, Count, One};
use super::*;
use crate::domain::signout::Reason;
use crate::domain::time::Timestamp;

/// What stands where something is put in.
const PUT_IN: &str = "≈≈";

/// A text with samples put in.
pub(super) trait Sample {
    fn sample(&self) -> String;
}

impl Sample for &'static str {
    fn sample(&self) -> String {
        (*self).to_owned()
    }
}

impl Sample for Around {
    fn sample(&self) -> String {
        format!("{}{PUT_IN}{}", self.0, self.1)
    }
}

impl Sample for One {
    fn sample(&self) -> String {
        self(PUT_IN)
    }
}

impl Sample for Count {
    fn sample(&self) -> String {
        let counted = [0, 1, 2, 3, 11, 100, 5317].map(|n| {
            let text = self(n);
            assert!(
                n <= 1 || text.contains(&n.to_string()),
                "{text} does not say {n}"
            );
            text
        });
        counted.join(" | ")
    }
}

impl Sample for At {
    fn sample(&self) -> String {
        let text = self(Moment::from(Timestamp(1_804_084_320_000)));
        assert!(
            text.contains("2027") && text.contains("14:32") && text.contains("UTC"),
            "{text}"
        );
        text
    }
}

impl Sample for fn(&str) -> Option<(&'static str, &'static str)> {
    fn sample(&self) -> String {
        assert!(
            self("payroll.read").is_none(),
            "a scope that is not ours has no words"
        );
        let scopes = [
            "openid",
            "profile",
            "email",
            "phone",
            "address",
            "roles",
            "offline_access",
        ];
        scopes
            .map(|scope| self(scope).map_or("", |(text, _)| text))
            .join(" | ")
    }
}

impl Sample for fn(&str, u64, u64) -> String {
    fn sample(&self) -> String {
        let text = self(PUT_IN, 7, 3);
        assert!(text.contains('7') && text.contains('3'), "{text}");
        format!("{text} | {}", self(PUT_IN, 1, 1))
    }
}

impl Sample for fn(&str, &str) -> String {
    fn sample(&self) -> String {
        let text = self(PUT_IN, "Linux");
        assert!(text.contains("Linux"), "{text}");
        text
    }
}

impl Sample for fn(Reason) -> &'static str {
    fn sample(&self) -> String {
        [Reason::Admin, Reason::User, Reason::Idle]
            .map(self)
            .join(" | ")
    }
}

fn all(words: &Words) -> BTreeMap<String, String> {
    let sections = [
        words.frame.each(),
        words.login.each(),
        words.way.each(),
        words.errors.each(),
        words.device.each(),
        words.account.each(),
        words.acts.each(),
        words.mine.each(),
    ];
    sections.into_iter().flatten().collect()
}

#[test]
fn every_text_is_there_and_says_what_is_put_in() {
    let english = all(english());
    for words in ALL {
        for (name, text) in all(words) {
            let what = format!("{} {name}: {text:?}", words.tag);
            assert!(
                !text.trim().is_empty() && !text.contains(['{', '}']),
                "{what}"
            );
            assert!(!text.contains("  ") && !text.contains("||"), "{what}");
            assert_eq!(
                text.contains(PUT_IN),
                english[&name].contains(PUT_IN),
                "{what}"
            );
        }
    }
}

#[test]
fn no_sentence_was_left_in_another_language() {
    for (at, words) in ALL.into_iter().enumerate() {
        for other in ALL.into_iter().skip(at + 1) {
            let others = all(other);
            for (name, text) in all(words) {
                // A single word may be one of both; putting in is all that "Error: {}" says.
                let is_sentence = text.replace(PUT_IN, "").trim().contains(' ');
                assert!(
                    !is_sentence || text != others[&name],
                    "{} and {} say the same: {name} {text:?}",
                    words.tag,
                    other.tag
                );
            }
        }
    }
}

#[test]
fn the_languages_are_those_that_a_realm_may_choose() {
    assert_eq!(ALL.map(|words| words.tag), TAGS);
    let rtl: Vec<_> = ALL
        .into_iter()
        .filter(|words| words.dir == "rtl")
        .map(|words| words.tag)
        .collect();
    assert_eq!(rtl, ["ar"]);
}

#[test]
fn the_words_that_clients_rely_on_stay() {
    assert_eq!(english().login.wrong, "Invalid username or password.");
    assert_eq!(english().way.signed_out, "You are signed out");
}

#[test]
fn a_moment_is_written_as_each_language_writes_it() {
    let at = Moment::from(Timestamp(1_804_084_320_000));
    let written = ALL.map(|words| (words.frame.date)(at));
    assert_eq!(written[0], "3 March 2027, 14:32 UTC");
    assert_eq!(written[1], "3. März 2027, 14:32 Uhr (UTC)");
    assert_eq!(written[2], "3 mars 2027 à 14:32 (UTC)");
    assert_eq!(written[3], "3 de marzo de 2027, 14:32 (UTC)");
    assert_eq!(written[4], "2027年3月3日 14:32（UTC）");
    assert_eq!(written[5], "3 مارس 2027، الساعة 14:32 (UTC)");
    let first = Moment { day: 1, ..at };
    assert!((of_tag("fr").unwrap().frame.at)(first).starts_with("le 1er mars 2027"));
}
