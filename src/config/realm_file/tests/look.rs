//! How a realm looks: its colour, and the picture that lies beside its file.

use super::*;

#[test]
fn a_colour_that_cannot_be_read_on_is_refused_where_it_stands() {
    one(
        &problems("realm = \"r\"\n[look]\naccent = \"#ffcc00\"\n"),
        "3:10: `accent` in [look]: white text on #ffcc00 has a contrast of 1.51, and at least 4.5 is needed to read it; \
         #8f7200 would do",
    );
    one(
        &problems("realm = \"r\"\n[look]\naccent = \"green\"\n"),
        "3:10: `accent`: expected a colour such as \"#2a4dc4\", found \"green\"",
    );
    one(
        &problems("realm = \"r\"\n[look]\nlanguage = \"xx\"\n"),
        "3:12: `language` in [look]: expected one of en, de, fr, es, ja, ar, found \"xx\"",
    );
    assert!(
        problems("realm = \"r\"\n[look]\naccent = \"#0e5f58\"\n[account]\nenabled = false\n")
            .is_empty()
    );
}

#[test]
fn the_picture_lies_beside_the_file_and_must_be_one() {
    let dir = tempfile::tempdir().unwrap();
    let png = b"\x89PNG\r\n\x1a\nrest";
    std::fs::write(dir.path().join("logo.png"), png).unwrap();
    std::fs::write(dir.path().join("logo.svg"), "<svg/>").unwrap();
    let read = |name: &str| {
        let text = format!("realm = \"r\"\n[look]\nlogo = \"{name}\"\n");
        RealmFile::parse(&dir.path().join("r.toml"), &text)
    };
    let logo = read("logo.png").unwrap().settings.look.logo.unwrap();
    assert_eq!((logo.media_type(), logo.bytes()), ("image/png", &png[..]));
    for (name, words) in [
        ("logo.svg", "not SVG, which can hold scripts"),
        ("missing.png", "cannot read"),
        (
            "data:image/png;base64,AAAA",
            "its first bytes are of none of them",
        ),
    ] {
        let found = read(name).unwrap_err();
        assert_eq!((found.len(), found[0].line), (1, Some(3)), "{found:?}");
        assert!(found[0].to_string().contains(words), "{}", found[0]);
    }
}
