//! Which language somebody is shown: the app's wish (`ui_locales`, OIDC Core §3.1.2.1), what they chose at the switch, what
//! their browser prefers (RFC 9110 §12.5.4), the realm's own language, English; the first of these that we speak.

use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::{Words, english, of_tag};
use crate::http::cookies;
use crate::http::state::App;

/// What was asked for, by whom.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// By the app, best first.
    pub ui_locales: &'a [String],
    /// By the person, at the switch.
    pub chosen: Option<&'a str>,
    /// By the browser.
    pub accept_language: Option<&'a str>,
    /// By the realm.
    pub realm: Option<&'a str>,
}

/// The language to be shown.
pub fn choose(asked: Asked<'_>) -> &'static Words {
    let app = asked.ui_locales.iter().map(String::as_str);
    let browser = preferred(asked.accept_language.unwrap_or_default());
    app.chain(asked.chosen)
        .chain(browser)
        .chain(asked.realm)
        .find_map(spoken)
        .unwrap_or_else(english)
}

/// The language that stands for a tag (RFC 4647 §3.4): `de-CH` is spoken as `de`.
pub fn spoken(tag: &str) -> Option<&'static Words> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    of_tag(&primary.to_ascii_lowercase())
}

/// The tags of an `Accept-Language`, the most wanted first; those that are not wanted at all are left out.
fn preferred(header: &str) -> Vec<&str> {
    let mut tags: Vec<(u16, &str)> = header
        .split(',')
        .take(MOST)
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().filter(|tag| !tag.is_empty())?;
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1000), thousandths)?;
            (weight > 0).then_some((weight, tag))
        })
        .collect();
    // Stable: of two that are wanted as much, the first.
    tags.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    tags.into_iter().map(|(_, tag)| tag).collect()
}

/// "0.8" is 800.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: u16 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    match whole {
        "0" => Some(digits),
        "1" => Some(1000),
        _ => None,
    }
}

/// The most languages of one browser that are looked at.
const MOST: usize = 30;

/// The cookie of what a person chose. Its name is no realm's.
pub fn cookie_name(app: &App) -> &'static str {
    if app.web.https { "__Host-rkl" } else { "rkl" }
}

/// What a person chose at the switch, and the browser prefers.
pub fn of_browser<'a>(app: &App, headers: &'a HeaderMap) -> Asked<'a> {
    Asked {
        chosen: cookies::named(headers, cookie_name(app)).next(),
        accept_language: headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok()),
        ..Asked::default()
    }
}

/// Keeps what a person chose, for a year.
pub fn keep(response: &mut Response, app: &App, words: &Words) {
    let chosen = (cookie_name(app), words.tag);
    cookies::keep(response, app.web.https, chosen, "/");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(asked: Asked<'_>) -> &'static str {
        choose(asked).tag
    }

    #[test]
    fn the_app_is_asked_first_then_the_person_the_browser_and_the_realm() {
        let app = ["zh".to_owned(), "de-CH".to_owned()];
        let all = Asked {
            ui_locales: &app,
            chosen: Some("fr"),
            accept_language: Some("es"),
            realm: Some("ja"),
        };
        assert_eq!(tag(all), "de");
        assert_eq!(
            tag(Asked {
                ui_locales: &app[..1],
                ..all
            }),
            "fr"
        );
        assert_eq!(
            tag(Asked {
                ui_locales: &[],
                chosen: Some("xx"),
                ..all
            }),
            "es"
        );
        assert_eq!(
            tag(Asked {
                realm: Some("ja"),
                ..Asked::default()
            }),
            "ja"
        );
        assert_eq!(tag(Asked::default()), "en");
    }

    #[test]
    fn a_browser_says_how_much_it_wants_each() {
        for (header, expected) in [
            ("de", "de"),
            ("zh-CN,zh;q=0.9,fr-CA;q=0.8,en;q=0.7", "fr"),
            ("en;q=0.5, ar-EG;q=0.75, ja;q=0.75", "ar"),
            ("de;q=0, es;q=0.001", "es"),
            ("*, ja;q=0.1", "ja"),
            ("DE-at", "de"),
            ("pt, it", "en"),
            ("de;q=abc, fr", "fr"),
            (";;;,,,q=1", "en"),
            ("", "en"),
        ] {
            let asked = Asked {
                accept_language: Some(header),
                ..Asked::default()
            };
            assert_eq!(tag(asked), expected, "{header}");
        }
    }
}
