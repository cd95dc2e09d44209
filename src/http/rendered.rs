//! What every rendered page must obey, whatever is on it. With `RENDER_DIR` set, pages and assets are also written there, to be
//! looked at: `RENDER_DIR=/tmp/pages cargo test --lib http::`, then serve that folder.

use std::collections::HashSet;
use std::path::Path;

use askama::Template;

use crate::http::assets;

/// The text an attacker would put into every field that takes one.
pub(crate) const NASTY: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

/// Renders a page or fragment, checks what holds for all of them, keeps a copy if one is wanted.
pub(crate) fn page(name: &str, template: &impl Template) -> String {
    let html = template.render().expect("renders");
    judge(name, &html);
    if let Ok(dir) = std::env::var("RENDER_DIR") {
        write(Path::new(&dir), name, &html);
    }
    html
}

/// What holds for every page, however it came.
pub(crate) fn judge(name: &str, html: &str) {
    obeys_the_policy(name, html);
    ids_are_unique(name, html);
    icons_exist(name, html);
    posts_carry_a_token(name, html);
}

/// The start tags of `html`, without the angle brackets.
pub(crate) fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|tag| !tag.starts_with(['/', '!']))
}

/// The value of an attribute of a start tag.
pub(crate) fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

/// The one start tag that holds `needle`.
pub(crate) fn tag_with<'a>(html: &'a str, needle: &str) -> &'a str {
    let mut found = tags(html).filter(|tag| tag.contains(needle));
    let first = found
        .next()
        .unwrap_or_else(|| panic!("no tag with {needle}"));
    assert!(found.next().is_none(), "more than one tag with {needle}");
    first
}

fn obeys_the_policy(name: &str, html: &str) {
    for tag in tags(html) {
        let element = tag.split([' ', '\n']).next().unwrap_or_default();
        // Apps' pages, shown to nobody and fenced in; on the one page whose policy names them.
        let fenced = tag.contains("class=\"parting\"")
            && tag.ends_with(" hidden")
            && attribute(tag, "sandbox").is_some_and(|fence| !fence.contains("top-navigation"));
        // A realm's picture comes from this server, at an address that the page's own realm has.
        let own = attribute(tag, "class") == Some("realm-logo")
            && attribute(tag, "src").is_some_and(|src| src.starts_with("/realms/"));
        // A picture that the page holds itself: points of colour, in an image.
        let brought = attribute(tag, "class") == Some("brought")
            && attribute(tag, "src").is_some_and(|src| src.starts_with("data:image/"));
        assert!(
            !["style", "iframe", "img", "object", "base"].contains(&element)
                || (element == "iframe" && fenced)
                || (element == "img" && (own || brought)),
            "{name}: <{tag}>"
        );
        // Inside quotes anything may stand; outside them no style and no event attribute may.
        for outside in tag.split('"').step_by(2) {
            for attribute in outside.split_whitespace() {
                assert!(
                    !attribute.starts_with("style=") && !attribute.starts_with("on"),
                    "{name}: <{tag}>"
                );
            }
        }
        if element == "script" {
            assert!(
                attribute(tag, "src").is_some_and(|src| src.starts_with("/assets/")),
                "{name}: <{tag}>"
            );
        }
        assert_ne!(
            attribute(tag, "href"),
            Some("#"),
            "{name}: a link to nowhere"
        );
    }
    assert!(
        html.matches("<script").count() == html.matches("<script src=\"/assets/").count()
            && !html.contains("alert(1)</script>"),
        "{name}: a script got in"
    );
}

fn ids_are_unique(name: &str, html: &str) {
    let mut seen = HashSet::new();
    for id in tags(html).filter_map(|tag| attribute(tag, "id")) {
        assert!(seen.insert(id), "{name}: id {id} twice");
    }
    for tag in tags(html) {
        for reference in [
            "for",
            "aria-describedby",
            "aria-labelledby",
            "aria-controls",
        ] {
            if let Some(id) = attribute(tag, reference) {
                assert!(
                    id.split(' ').all(|id| seen.contains(id)),
                    "{name}: {reference}={id} leads nowhere"
                );
            }
        }
    }
}

fn icons_exist(name: &str, html: &str) {
    let sprite = assets::find("0/icons.svg").expect("sprite");
    let sprite = std::str::from_utf8(sprite.bytes).expect("utf-8");
    for icon in tags(html)
        .filter(|tag| tag.starts_with("use "))
        .filter_map(|tag| attribute(tag, "href"))
    {
        let (file, symbol) = icon.split_once('#').expect("symbol");
        assert_eq!(file, assets::icons(), "{name}");
        assert!(
            sprite.contains(&format!("<symbol id=\"{symbol}\"")),
            "{name}: no icon {symbol}"
        );
    }
}

fn posts_carry_a_token(name: &str, html: &str) {
    for form in html.split("<form ").skip(1) {
        let form = form.split("</form>").next().unwrap_or_default();
        if tag_line(form).contains("method=\"post\"") {
            assert!(
                form.contains("<input type=\"hidden\" name=\"csrf\" value=\""),
                "{name}: a form without csrf"
            );
            assert!(
                form.contains("type=\"submit\""),
                "{name}: a form without its button"
            );
        }
    }
}

fn tag_line(form: &str) -> &str {
    form.split('>').next().unwrap_or_default()
}

fn write(dir: &Path, name: &str, html: &str) {
    for file in [
        "base.css",
        "account.css",
        "realmkeep.css",
        "realmkeep.js",
        "gate.js",
        "realmkeep.svg",
        "icons.svg",
        "fonts/inter-latin.woff2",
        "fonts/inter-latin-ext.woff2",
        "fonts/jetbrains-mono-latin.woff2",
    ] {
        let address = assets::url(file);
        let path = dir.join(address.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        let asset = assets::find(address.trim_start_matches("/assets/")).expect("asset");
        std::fs::write(path, asset.bytes).expect("written");
    }
    std::fs::write(dir.join(format!("{name}.html")), html).expect("written");
}

/// Every template below a folder: its path and its text.
fn templates(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            templates(&path, found);
        } else if path.extension().is_some_and(|end| end == "html") {
            let text = std::fs::read_to_string(&path).expect("utf-8");
            found.push((path.display().to_string(), text));
        }
    }
}

/// What nobody renders in a test is looked at, too: the text of every template, as it is written.
#[test]
fn no_template_has_a_style_a_script_or_an_event_of_its_own() {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    templates(&root, &mut found);
    assert!(found.len() > 20, "{}", found.len());
    for (name, text) in found {
        let lower = text.to_ascii_lowercase();
        for (at, _) in lower.match_indices("<script") {
            let tag = lower[at..].split('>').next().unwrap_or_default();
            assert!(tag.contains(" src=\""), "{name}: a script in the page");
        }
        assert!(!lower.contains("<style"), "{name}: a style in the page");
        assert!(!lower.contains("javascript:"), "{name}: a script in a link");
        for tag in tags(&lower) {
            for word in tag.split('"').step_by(2).flat_map(str::split_whitespace) {
                let event = word.starts_with("on") && word.contains('=');
                assert!(!event && !word.starts_with("style="), "{name}: <{tag}>");
            }
        }
    }
}
