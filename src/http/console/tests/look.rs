//! The realm's logo: chosen as a file, seen before it is saved, taken away; and nothing that is no picture.

use axum::http::{StatusCode, header};

use super::registry::{fields, post, with};
use super::{Browser, Reply, Site, site};
use crate::domain::realm;
use crate::domain::realm::look::Logo;

const TAB: &str = "/admin/demo/settings/general";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\r\n--x\0\xff";

async fn logo(site: &Site) -> Option<Logo> {
    let realm = realm::find(&site.ctx, "demo").await.unwrap().unwrap();
    realm.settings.look.logo.clone()
}

/// The form as it stands.
async fn typed(browser: &mut Browser) -> Vec<(String, String)> {
    let page = browser.get(TAB).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("enctype=\"multipart/form-data\""));
    whole(&page)
}

fn whole(page: &Reply) -> Vec<(String, String)> {
    let kept = fields(page).into_iter();
    kept.filter(|(name, _)| name != "look.logo.file").collect()
}

fn allows_data(reply: &Reply) -> bool {
    let policy = &reply.headers[header::CONTENT_SECURITY_POLICY];
    policy.to_str().unwrap().contains("img-src 'self' data:")
}

#[tokio::test]
async fn a_logo_is_chosen_seen_saved_and_removed() {
    let site = site().await;
    let (mut dana, _) = site.admin().await;
    let form = typed(&mut dana).await;
    let chosen = ("look.logo.file", PNG);
    let asked = dana
        .post_file(&format!("{TAB}/preview"), &form, chosen)
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    let shown = Logo::of(PNG.to_vec()).unwrap().to_string();
    let picture = asked.tags("id=\"picture-after\"");
    assert!(picture[0].contains("data:image/png;base64,"), "{picture:?}");
    assert!(asked.has("image/png of 15 bytes") && allows_data(&asked));
    assert_eq!(logo(&site).await, None, "seen, not saved");
    let again = post(&mut dana, &format!("{TAB}/edit"), &fields(&asked)).await;
    assert!(again.fields("look.logo")[0].starts_with("data:image/png"));
    let saved = post(&mut dana, TAB, &fields(&asked)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    assert_eq!(logo(&site).await.unwrap().to_string(), shown);

    // Nothing chosen leaves it; a tick takes it away.
    let form = typed(&mut dana).await;
    let none = ("look.logo.file", &b""[..]);
    let same = dana.post_file(&format!("{TAB}/preview"), &form, none).await;
    assert_eq!(same.location(), "/admin/demo/settings/general?done=same");
    let gone = with(form, "look.logo.remove", "on");
    let asked = dana.post_file(&format!("{TAB}/preview"), &gone, none).await;
    assert!(asked.has("nothing") && asked.tags("id=\"picture-after\"").is_empty());
    post(&mut dana, TAB, &fields(&asked)).await;
    assert_eq!(logo(&site).await, None);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_beside_the_field() {
    let site = site().await;
    let (mut dana, _) = site.admin().await;
    let form = with(typed(&mut dana).await, "display_name", "Demo Works");
    let mut large = PNG.to_vec();
    large.resize(40_000, 0);
    for (file, words) in [
        (
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"[..],
            "not SVG",
        ),
        (&large, "at most 32 KiB, found 40000 bytes"),
    ] {
        let chosen = ("look.logo.file", file);
        let page = dana
            .post_file(&format!("{TAB}/preview"), &form, chosen)
            .await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            page.has("id=\"look-logo-problem\"") && page.has(words),
            "{words}"
        );
        assert!(page.has("value=\"Demo Works\""), "what was typed is kept");
    }
    // Without the token nothing is read.
    let reply = dana
        .post_file(TAB, &[("csrf".to_owned(), "x".to_owned())], ("a", b""))
        .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    // No other page shows what it brings itself.
    assert!(!allows_data(&dana.get("/admin/demo/users").await));
    assert_eq!(logo(&site).await, None);
}
