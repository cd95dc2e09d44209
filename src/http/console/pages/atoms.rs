//! The small parts pages are made of: people, devices, moments, marked text, numbers in words.

/// A point in time: how it reads, and what it is.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    /// As words: "2 min ago", "since 11:51", "21 Nov 2026, 14:32:07 UTC".
    pub text: String,
    /// RFC 3339, for machines and for scripts that keep the words fresh.
    pub datetime: String,
}

/// Somebody with a face: two letters on one of six tints.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The full name; the username where there is none.
    pub name: String,
    /// The name they sign in with.
    pub username: String,
}

impl Person {
    /// A person; without a name they are called by their username.
    pub fn new(name: &str, username: &str) -> Self {
        let name = if name.trim().is_empty() {
            username
        } else {
            name
        };
        Self {
            name: name.to_owned(),
            username: username.to_owned(),
        }
    }

    /// One or two letters: of the first and the last word, else the first two.
    pub fn initials(&self) -> String {
        let words: Vec<&str> = self
            .name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .collect();
        let letters: String = match words.as_slice() {
            [] => "?".to_owned(),
            [only] => only.chars().take(2).collect(),
            [first, .., last] => first.chars().take(1).chain(last.chars().take(1)).collect(),
        };
        letters.to_uppercase()
    }

    /// The tint's class, the same for the same person everywhere.
    pub fn tint(&self) -> &'static str {
        let sum = self.username.bytes().fold(0usize, |sum, b| {
            sum.wrapping_mul(31).wrapping_add(usize::from(b))
        });
        ["a", "b", "c", "d", "e", "f"][sum % 6]
    }
}

/// What a session runs on.
#[derive(Debug, Clone, Default)]
pub struct Device {
    /// `desktop`, `laptop`, `phone`, `tablet`, `cli`; anything else is shown as unknown.
    pub kind: String,
    /// The program: "Firefox 145".
    pub browser: String,
    /// What it runs on: "Linux"; may be empty.
    pub os: String,
}

impl Device {
    /// The icon for its kind.
    pub fn icon(&self) -> &'static str {
        match self.kind.as_str() {
            "laptop" => "laptop",
            "phone" => "smartphone",
            "tablet" => "tablet",
            "cli" => "terminal",
            "desktop" => "monitor",
            _ => "monitor-smartphone",
        }
    }

    /// In a sentence: "Firefox 145 on Linux".
    pub fn words(&self) -> String {
        match (self.browser.is_empty(), self.os.is_empty()) {
            (false, false) => format!("{} on {}", self.browser, self.os),
            (false, true) => self.browser.clone(),
            (true, false) => self.os.clone(),
            (true, true) => "an unknown device".to_owned(),
        }
    }
}

/// One entry of a list to choose from.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is the chosen one.
    pub selected: bool,
}

/// A way to somewhere else.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// What is read.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// A text with the part that a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked<'a> {
    /// What stands before it.
    pub before: &'a str,
    /// What was found; empty when nothing was.
    pub hit: &'a str,
    /// What follows.
    pub after: &'a str,
}

impl<'a> Marked<'a> {
    /// Finds `wanted` at the start of a word of `text`, whatever the case.
    pub fn find(text: &'a str, wanted: &str) -> Self {
        let wanted: Vec<char> = wanted.trim().chars().flat_map(char::to_lowercase).collect();
        let mut word_begins = true;
        for (start, c) in text.char_indices() {
            if word_begins && let Some(length) = prefix_length(&text[start..], &wanted) {
                let (hit, after) = text[start..].split_at(length);
                return Self {
                    before: &text[..start],
                    hit,
                    after,
                };
            }
            word_begins = !c.is_alphanumeric();
        }
        Self {
            before: text,
            hit: "",
            after: "",
        }
    }
}

/// How many bytes of `text` spell `wanted` (lower case), if it begins with it.
fn prefix_length(text: &str, wanted: &[char]) -> Option<usize> {
    let mut left = wanted;
    for (at, c) in text.char_indices() {
        if left.is_empty() {
            return (!wanted.is_empty()).then_some(at);
        }
        for lower in c.to_lowercase() {
            left = left.strip_prefix(&[lower])?;
        }
    }
    (left.is_empty() && !wanted.is_empty()).then_some(text.len())
}

/// A number with thousands set apart: `2,418`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 session`, `2,418 sessions`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_in_threes() {
        let cases = [
            (0, "0"),
            (7, "7"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345, "12,345"),
            (1_234_567, "1,234,567"),
        ];
        for (n, words) in cases {
            assert_eq!(grouped(n), words);
        }
        assert_eq!(counted(1, "person", "people"), "1 person");
        assert_eq!(counted(1_203, "person", "people"), "1,203 people");
    }

    #[test]
    fn a_search_marks_the_start_of_a_word_in_any_case_and_script() {
        let m = Marked::find("Anna Keller", "KEL");
        assert_eq!((m.before, m.hit, m.after), ("Anna ", "Kel", "ler"));
        let m = Marked::find("Łukasz Nowak", "łuk");
        assert_eq!((m.before, m.hit, m.after), ("", "Łuk", "asz Nowak"));
        assert_eq!(Marked::find("anna.keller", "keller").hit, "keller");
        assert_eq!(Marked::find("Skelton", "kel").hit, "");
        assert_eq!(Marked::find("anything", "").hit, "");
        // A letter whose lower case is two characters must not be cut in half.
        assert_eq!(Marked::find("İstanbul", "i").hit, "");
        assert_eq!(Marked::find("İstanbul", "i\u{307}s").hit, "İs");
    }

    #[test]
    fn a_face_is_made_of_the_first_and_last_word() {
        assert_eq!(Person::new("Amira van der Haddad", "ah").initials(), "AH");
        assert_eq!(Person::new("", "build-runner").initials(), "BR");
        assert_eq!(Person::new("łukasz", "l").initials(), "ŁU");
        assert_eq!(Person::new("<>", "x").initials(), "?");
    }
}
