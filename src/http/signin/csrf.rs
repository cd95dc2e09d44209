//! Whether a POST comes from a page of ours: the browser says so itself, and the form carries the browser's token.

use axum::http::{HeaderMap, header};
use url::Url;

use super::visit::{Refusal, Visit};

/// Refuses a POST that another site sent, or whose token is not this browser's. `again` is the page to start over from.
///
/// # Errors
/// [`Refusal`] to be shown.
pub async fn check(visit: &Visit, token: &str, again: String) -> Result<(), Refusal> {
    if !is_foreign(&visit.headers, &visit.app.ctx.public_url)
        && visit.browser.check_csrf(token).await?
    {
        return Ok(());
    }
    Err(Refusal::form_over().with_onward(|w| w.errors.try_again, again))
}

/// Whether the browser says that another site sent this. A client that says nothing is no browser, or an old one, and is
/// left to the token.
pub fn is_foreign(headers: &HeaderMap, public_url: &str) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    match text(headers, header::ORIGIN.as_str()) {
        // Our own pages send "null" too, since they tell no referrer.
        None | Some("null") => false,
        Some(origin) => {
            Url::parse(public_url).map(|url| url.origin().ascii_serialization())
                != Ok(origin.to_owned())
        }
    }
}

/// Whether another site sent this POST: then the cookies of `SameSite=Lax` stayed at home, and come along again when the
/// browser is sent on with a GET.
pub fn is_without_cookies(headers: &HeaderMap) -> bool {
    matches!(
        text(headers, "sec-fetch-site"),
        Some("cross-site" | "same-site")
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)
        .map(|value| value.to_str().unwrap_or("unreadable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &'static str)]) -> HeaderMap {
        of.iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_browsers_own_word_decides_and_then_the_origin() {
        let url = "https://id.example";
        for (sent, foreign) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site")], true),
            (
                &[("sec-fetch-site", "same-origin"), ("origin", "null")],
                false,
            ),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://id.example"),
                ],
                true,
            ),
            (&[("origin", "https://id.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://id.example:8443")], true),
            (&[("origin", "http://id.example")], true),
            (&[("origin", "https://id.example.evil.example")], true),
        ] {
            assert_eq!(is_foreign(&headers(sent), url), foreign, "{sent:?}");
        }
    }
}
