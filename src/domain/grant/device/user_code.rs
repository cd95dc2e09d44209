//! What a person copies from a device: eight letters that neither spell words nor look alike (RFC 8628 §6.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crypto;
use crate::domain::Context;

/// Twenty letters: eight of them are 34 bits, which is enough for ten minutes of guesses that are slowed down.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// Eight letters, shown as `BCDF-GHJK`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCode(String);

impl UserCode {
    /// Draws one, every letter as likely as the others.
    pub fn draw(ctx: &Context) -> UserCode {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            for byte in ctx.random() {
                // 240 is the largest multiple of twenty in a byte: beyond it the first letters would be likelier.
                let letter = LETTERS.get(usize::from(byte % 20)).filter(|_| byte < 240);
                if let Some(letter) = letter
                    && code.len() < LENGTH
                {
                    code.push(char::from(*letter));
                }
            }
        }
        UserCode(code)
    }

    /// Reads what a person typed: small letters, spaces and dashes are as good.
    pub fn read(typed: &str) -> Option<UserCode> {
        let mut code = String::with_capacity(LENGTH);
        for c in typed.chars() {
            if c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '.' | '_') {
                continue;
            }
            let letter = u8::try_from(c.to_ascii_uppercase()).ok()?;
            if !LETTERS.contains(&letter) || code.len() == LENGTH {
                return None;
            }
            code.push(char::from(letter));
        }
        (code.len() == LENGTH).then_some(UserCode(code))
    }

    /// What it is kept under.
    pub fn hash(&self) -> [u8; 32] {
        crypto::sha256(self.0.as_bytes())
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing;

    #[test]
    fn what_people_type_is_read_and_nothing_else() {
        let code = UserCode("WDJBMJHT".to_owned());
        assert_eq!(code.to_string(), "WDJB-MJHT");
        for typed in [
            "WDJB-MJHT",
            "wdjbmjht",
            " wdjb mjht ",
            "W D J B\u{2013}M J H T",
        ] {
            assert!(UserCode::read(typed) == Some(code.clone()), "{typed}");
        }
        for typed in [
            "",
            "WDJB-MJH",
            "WDJB-MJHTT",
            "ADJB-MJHT",
            "WDJB-MJH0",
            "WDJB-MJHÄ",
            "WDJB/MJHT",
        ] {
            assert!(UserCode::read(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn every_letter_is_drawn_and_what_is_drawn_reads() {
        let (ctx, _) = testing::context();
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..2000 {
            let code = UserCode::draw(&ctx);
            assert!(UserCode::read(&code.to_string()) == Some(code.clone()));
            for letter in code.0.bytes() {
                *seen.entry(letter).or_insert(0) += 1;
            }
        }
        assert_eq!(seen.len(), LETTERS.len());
        // 800 of each are expected.
        assert!(
            seen.values().all(|n| (650..950).contains(n)),
            "{:?}",
            seen.values()
        );
    }
}
