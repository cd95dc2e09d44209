//! A realm's look on its pages, and how much a login page weighs.

use std::collections::BTreeSet;

use super::*;
use crate::domain::realm::look::Logo;
use crate::http::assets;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe rest of a picture";

fn branded() -> RealmSettings {
    let mut settings = RealmSettings::default();
    settings.look.accent = Some("#0e5f58".parse().unwrap());
    settings.look.logo = Some(Logo::of(PNG.to_vec()).unwrap());
    settings.look.privacy_url = Some("https://example.com/privacy".to_owned());
    settings.look.support_url = Some("mailto:help@example.com".to_owned());
    settings
}

async fn file(world: &World, address: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let app = App {
        ctx: world.ctx.clone(),
        web: Arc::new(Web::default()),
    };
    let request = Request::get(address).body(Body::empty()).unwrap();
    let router = super::super::look::routes().with_state(app);
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn colours_and_picture_are_files_that_may_be_kept_for_ever() {
    let world = World::with(branded(), Web::default()).await;
    let page = world.browser().get("/realms/demo/login").await;
    assert!(
        page.html.contains("https://example.com/privacy")
            && page.html.contains("mailto:help@example.com")
    );
    let style = tags(&page.html)
        .filter_map(|tag| attribute(tag, "href"))
        .find(|href| href.starts_with("/realms/demo/look/"))
        .unwrap();
    let logo = tags(&page.html)
        .find_map(|tag| attribute(tag, "src").filter(|_| tag.starts_with("img ")))
        .unwrap();
    let forever = "public, max-age=31536000, immutable";
    let (status, headers, css) = file(&world, style).await;
    assert_eq!(
        (status, &headers[header::CACHE_CONTROL]),
        (StatusCode::OK, &forever.parse().unwrap())
    );
    assert_eq!(headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    let css = String::from_utf8(css).unwrap();
    assert!(css.contains("--accent-solid:light-dark(#0e5f58,"), "{css}");
    let (_, headers, bytes) = file(&world, logo).await;
    assert_eq!(
        (&*bytes, &headers[header::CONTENT_TYPE]),
        (PNG, &"image/png".parse().unwrap())
    );
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(
        headers[header::CONTENT_SECURITY_POLICY],
        "default-src 'none'; sandbox"
    );
    // Of another version: the same, but briefly. What there is not is not found.
    let (_, headers, _) = file(&world, "/realms/demo/look/00000000.css").await;
    assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=60");
    for address in ["/realms/demo/look/x", "/realms/nobody/look/logo-1"] {
        assert_eq!(
            file(&world, address).await.0,
            StatusCode::NOT_FOUND,
            "{address}"
        );
    }
    let plain = World::new().await;
    assert_eq!(
        file(&plain, "/realms/demo/look/00000000.css").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_login_page_is_light() {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;
    let zipped = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().len()
    };
    let world = World::with(branded(), Web::default()).await;
    let mut heaviest = 0;
    for words in crate::http::words::ALL {
        let mut browser = world.browser();
        let page = browser
            .get(&auth("web", &format!("&ui_locales={}", words.tag)))
            .await;
        let page = browser.follow(page).await;
        // Style sheets, scripts, pictures and the icons, each once.
        let fetched: BTreeSet<&str> = tags(&page.html)
            .filter(|tag| {
                ["link ", "script ", "img ", "use "]
                    .iter()
                    .any(|name| tag.starts_with(name))
            })
            .filter_map(|tag| attribute(tag, "href").or_else(|| attribute(tag, "src")))
            .map(|address| address.split('#').next().unwrap_or(address))
            .collect();
        assert!(fetched.iter().any(|address| address.contains("icons")));
        let mut total = zipped(page.html.as_bytes());
        for address in fetched {
            total += match address.strip_prefix("/assets/") {
                Some(asset) => zipped(assets::find(asset).unwrap().bytes),
                None => zipped(&file(&world, address).await.2),
            };
        }
        heaviest = heaviest.max(total);
    }
    assert!(
        heaviest <= 15_000,
        "{heaviest} bytes, compressed, without fonts"
    );
}
