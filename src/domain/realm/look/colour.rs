//! A realm's colour, and the colours that are made of it: each legible where it is used (WCAG 2.2, 1.4.3 and 1.4.11).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

/// Why a text is not a colour.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a colour such as \"#2a4dc4\", found {0:?}")]
pub struct ColourError(String);

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Colour, ColourError> {
        let refuse = || ColourError(text.chars().take(40).collect());
        let hex = text.strip_prefix('#').ok_or_else(refuse)?;
        if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let number = u32::from_str_radix(hex, 16).map_err(|_| refuse())?;
        let [_, high, middle, low] = number.to_be_bytes();
        match hex.len() {
            6 => Ok(Colour([high, middle, low])),
            3 => Ok(Colour([
                (middle & 15) * 17,
                (low >> 4) * 17,
                (low & 15) * 17,
            ])),
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Colour([r, g, b]) = self;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Colour, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

const WHITE: Colour = Colour([255, 255, 255]);
const BLACK: Colour = Colour([0, 0, 0]);
/// What text in the accent stands on, in the light scheme: the page, a sunken place, a card.
const LIGHT: [Colour; 3] = [
    Colour([0xfa, 0xf9, 0xf7]),
    Colour([0xf4, 0xf2, 0xee]),
    WHITE,
];
/// The same in the dark scheme, with what is raised.
const DARK: [Colour; 4] = [
    Colour([0x13, 0x12, 0x10]),
    Colour([0x17, 0x16, 0x13]),
    Colour([0x1b, 0x1a, 0x17]),
    Colour([0x24, 0x22, 0x1f]),
];
/// Of a card in the dark scheme, which a button stands on and a soft tint is mixed from.
const DARK_CARD: Colour = Colour([0x1b, 0x1a, 0x17]);
/// What text needs.
const TEXT: f64 = 4.5;
/// What the edge of a button needs.
const EDGE: f64 = 3.0;

impl Colour {
    /// The ratio of contrast with another colour, from 1 to 21.
    pub fn contrast(self, other: Colour) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// This colour with so many hundredths of another.
    fn mixed(self, other: Colour, hundredths: u16) -> Colour {
        let (Colour([r, g, b]), Colour([or, og, ob])) = (self, other);
        let mix = |own: u8, other: u8| {
            let sum = u16::from(own) * (100 - hundredths) + u16::from(other) * hundredths;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Colour([mix(r, or), mix(g, og), mix(b, ob)])
    }

    /// The first on the way to another colour that will do; that other when none does.
    fn towards(self, other: Colour, will_do: impl Fn(Colour) -> bool) -> Colour {
        (0..=100)
            .map(|hundredths| self.mixed(other, hundredths))
            .find(|mixed| will_do(*mixed))
            .unwrap_or(other)
    }
}

/// A colour for each scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Of the light one.
    pub light: Colour,
    /// Of the dark one.
    pub dark: Colour,
}

/// The colours that are made of a realm's accent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Of links and marks: text on the page's own colours.
    pub text: Pair,
    /// Of buttons: white text stands on it. In the light scheme it is the colour as it was given.
    pub solid: Pair,
    /// Of buttons under the pointer.
    pub hover: Pair,
    /// Of quiet grounds that text in the accent stands on.
    pub soft: Pair,
}

/// Why a colour is not taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooPale {
    /// The colour.
    pub given: Colour,
    /// Its contrast with white text.
    pub ratio: f64,
    /// The nearest that would be taken.
    pub instead: Colour,
}

impl fmt::Display for TooPale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded down: 4.49 is not enough and must not be shown as 4.5.
        let ratio = (self.ratio * 100.0).floor() / 100.0;
        write!(
            f,
            "white text on {} has a contrast of {ratio:.2}, and at least 4.5 is needed to read it; {} would do",
            self.given, self.instead
        )
    }
}

impl Palette {
    /// What is made of an accent.
    ///
    /// # Errors
    /// [`TooPale`] when white text cannot be read on it.
    pub fn of(accent: Colour) -> Result<Palette, TooPale> {
        let ratio = accent.contrast(WHITE);
        let bears_white = |colour: Colour| colour.contrast(WHITE) >= TEXT;
        if !bears_white(accent) {
            return Err(TooPale {
                given: accent,
                ratio,
                instead: accent.towards(BLACK, bears_white),
            });
        }
        let soft_light = accent.mixed(WHITE, 91);
        let on = |grounds: &[Colour], soft: Colour, colour: Colour| {
            grounds
                .iter()
                .chain([&soft])
                .all(|ground| colour.contrast(*ground) >= TEXT)
        };
        let text_light = accent.towards(BLACK, |colour| on(&LIGHT, soft_light, colour));
        let soft_dark = DARK_CARD.mixed(accent.mixed(WHITE, 20), 18);
        let text_dark = accent.towards(WHITE, |colour| on(&DARK, soft_dark, colour));
        let solid_dark = accent.towards(WHITE, |colour| colour.contrast(DARK_CARD) >= EDGE);
        Ok(Palette {
            text: Pair {
                light: text_light,
                dark: text_dark,
            },
            solid: Pair {
                light: accent,
                dark: solid_dark,
            },
            hover: Pair {
                light: accent.mixed(BLACK, 18),
                dark: solid_dark.mixed(BLACK, 12),
            },
            soft: Pair {
                light: soft_light,
                dark: soft_dark,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written() {
        for (text, shown) in [
            ("#2A4DC4", "#2a4dc4"),
            ("#fa0", "#ffaa00"),
            ("#000", "#000000"),
        ] {
            assert_eq!(text.parse::<Colour>().unwrap().to_string(), shown);
        }
        for text in [
            "2a4dc4", "#2a4d", "#+12345", "#gggggg", "red", "", "#", "#é12",
        ] {
            assert!(text.parse::<Colour>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_ratio_is_that_of_the_standard() {
        assert!((WHITE.contrast(BLACK) - 21.0).abs() < 1e-9);
        let grey = Colour([0x77, 0x77, 0x77]);
        assert!((grey.contrast(WHITE) - 4.478).abs() < 0.001);
    }

    #[test]
    fn a_pale_colour_is_refused_with_its_ratio_and_one_that_would_do() {
        let refused = Palette::of("#ffcc00".parse().unwrap()).unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("white text on #ffcc00 has a contrast of 1.5"),
            "{refused}"
        );
        assert!(refused.to_string().contains("at least 4.5"), "{refused}");
        assert!(Palette::of(refused.instead).is_ok());
        assert!(
            Palette::of("#777777".parse().unwrap())
                .unwrap_err()
                .to_string()
                .contains("4.47")
        );
    }

    #[test]
    fn whatever_is_taken_is_legible_everywhere() {
        let steps = (0..=255).step_by(15);
        let mut taken = 0;
        for r in steps.clone() {
            for (g, b) in steps
                .clone()
                .flat_map(|g| steps.clone().map(move |b| (g, b)))
            {
                let Ok(palette) = Palette::of(Colour([r, g, b])) else {
                    continue;
                };
                taken += 1;
                let what = format!("{palette:?}");
                for (pair, text, what_for) in [
                    (palette.solid, TEXT, "white on a button"),
                    (palette.hover, TEXT, "white on a button under the pointer"),
                ] {
                    assert!(
                        pair.light.contrast(WHITE) >= text && pair.dark.contrast(WHITE) >= text,
                        "{what_for} {what}"
                    );
                }
                for ground in LIGHT.iter().chain([&palette.soft.light]) {
                    assert!(palette.text.light.contrast(*ground) >= TEXT, "light {what}");
                }
                for ground in DARK.iter().chain([&palette.soft.dark]) {
                    assert!(palette.text.dark.contrast(*ground) >= TEXT, "dark {what}");
                }
                assert!(
                    palette.solid.dark.contrast(DARK_CARD) >= EDGE,
                    "a dark button's edge {what}"
                );
            }
        }
        assert!(taken > 1000, "{taken}");
    }
}
