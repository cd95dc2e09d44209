//! The files a page needs (style, script, icons, fonts), kept inside the binary under one address that changes with them.

use std::sync::LazyLock;

/// One file as it is served.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// The content.
    pub bytes: &'static [u8],
    /// The value for `Content-Type`.
    pub content_type: &'static str,
    /// Whether the address named the current content: such an answer may be cached for ever. An address from another
    /// version still gets the file (a page and its style may come from two nodes during an upgrade), but briefly.
    pub immutable: bool,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";
const WOFF2: &str = "font/woff2";

/// Name under `/assets/{hash}/`, content type, content. The licences travel with the fonts and icons they cover.
static FILES: &[(&str, &str, &[u8])] = &[
    ("account.css", CSS, include_bytes!("assets/account.css")),
    ("people.css", CSS, include_bytes!("assets/people.css")),
    ("import.css", CSS, include_bytes!("assets/import.css")),
    ("people.js", JS, include_bytes!("assets/people.js")),
    ("base.css", CSS, include_bytes!("assets/base.css")),
    ("realmkeep.css", CSS, include_bytes!("assets/realmkeep.css")),
    ("registry.css", CSS, include_bytes!("assets/registry.css")),
    ("device.css", CSS, include_bytes!("assets/device.css")),
    ("charts.css", CSS, include_bytes!("assets/charts.css")),
    ("realmkeep.js", JS, include_bytes!("assets/realmkeep.js")),
    ("gate.js", JS, include_bytes!("assets/gate.js")),
    ("sessions.css", CSS, include_bytes!("assets/sessions.css")),
    ("sessions.js", JS, include_bytes!("assets/sessions.js")),
    ("parting.js", JS, include_bytes!("assets/parting.js")),
    (
        "login-status.js",
        JS,
        include_bytes!("assets/login-status.js"),
    ),
    (
        "cookie-probe.js",
        JS,
        include_bytes!("assets/cookie-probe.js"),
    ),
    ("realmkeep.svg", SVG, include_bytes!("assets/realmkeep.svg")),
    ("icons.svg", SVG, include_bytes!("assets/icons.svg")),
    (
        "LICENSE-lucide-ISC.txt",
        TEXT,
        include_bytes!("assets/LICENSE-lucide-ISC.txt"),
    ),
    (
        "fonts/inter-latin.woff2",
        WOFF2,
        include_bytes!("assets/fonts/inter-latin.woff2"),
    ),
    (
        "fonts/inter-latin-ext.woff2",
        WOFF2,
        include_bytes!("assets/fonts/inter-latin-ext.woff2"),
    ),
    (
        "fonts/LICENSE-inter-OFL.txt",
        TEXT,
        include_bytes!("assets/fonts/LICENSE-inter-OFL.txt"),
    ),
    (
        "fonts/jetbrains-mono-latin.woff2",
        WOFF2,
        include_bytes!("assets/fonts/jetbrains-mono-latin.woff2"),
    ),
    (
        "fonts/LICENSE-jetbrains-mono-OFL.txt",
        TEXT,
        include_bytes!("assets/fonts/LICENSE-jetbrains-mono-OFL.txt"),
    ),
];

/// One hash over all files, so that the style sheet can name its fonts relatively.
static HASH: LazyLock<String> = LazyLock::new(|| {
    // A checksum is enough: it tells our own versions apart, it guards nothing.
    let mut sum = crc32fast::Hasher::new();
    for (name, content_type, bytes) in FILES {
        sum.update(name.as_bytes());
        sum.update(content_type.as_bytes());
        sum.update(bytes);
    }
    format!("{:08x}", sum.finalize())
});

static ICONS: LazyLock<String> = LazyLock::new(|| url("icons.svg"));

/// The address of an asset: `/assets/{hash}/{name}`.
pub fn url(name: &str) -> String {
    format!("/assets/{}/{name}", *HASH)
}

/// The address of the icon sprite; a symbol is `#name` behind it.
pub fn icons() -> &'static str {
    &ICONS
}

/// The asset at `path`, which is what follows `/assets/`: `{hash}/{name}`. `None` for a name that does not exist.
pub fn find(path: &str) -> Option<Asset> {
    let (hash, wanted) = path.trim_start_matches('/').split_once('/')?;
    FILES
        .iter()
        .find(|(name, ..)| *name == wanted)
        .map(|&(_, content_type, bytes)| Asset {
            bytes,
            content_type,
            immutable: hash == HASH.as_str(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> &'static str {
        std::str::from_utf8(find(path).expect("asset").bytes).expect("utf-8")
    }

    #[test]
    fn an_address_made_here_is_found_and_may_be_kept_for_ever() {
        for (name, ..) in FILES {
            let address = url(name);
            let found = find(address.strip_prefix("/assets/").expect("prefix")).expect("found");
            assert!(found.immutable, "{name}");
            assert!(!found.bytes.is_empty(), "{name}");
        }
    }

    #[test]
    fn an_address_of_another_version_is_served_but_not_kept_for_ever() {
        assert!(!find("0/realmkeep.css").expect("served").immutable);
        assert!(find("0/nothing.css").is_none());
        assert!(find("realmkeep.css").is_none());
        assert!(find("0/../Cargo.toml").is_none());
    }

    #[test]
    fn every_font_the_style_names_is_there() {
        let named: Vec<_> = text("0/base.css")
            .split("url(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(named.len(), 3);
        for font in named {
            assert!(find(&format!("0/{font}")).is_some(), "{font}");
        }
    }

    #[test]
    fn no_asset_reaches_outside_the_server() {
        for name in [
            "base.css",
            "account.css",
            "realmkeep.css",
            "registry.css",
            "charts.css",
            "realmkeep.js",
            "people.css",
            "import.css",
            "people.js",
            "gate.js",
            "sessions.css",
            "sessions.js",
            "parting.js",
            "login-status.js",
            "cookie-probe.js",
            "icons.svg",
            "realmkeep.svg",
        ] {
            let body = text(&format!("0/{name}")).replace("http://www.w3.org/2000/svg", "");
            assert!(
                !body.contains("http:") && !body.contains("https:") && !body.contains("url(//"),
                "{name}"
            );
            assert!(
                !body.contains("eval(") && !body.contains("innerHTML"),
                "{name}"
            );
        }
    }
}
