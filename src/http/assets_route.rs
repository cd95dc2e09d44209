//! Serves the files that pages need: `GET /assets/{hash}/{path}`.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::compression::CompressionLayer;

use super::assets;
use super::state::App;

/// The route of the assets.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/assets/{hash}/{*path}", get(asset))
        .layer(CompressionLayer::new())
}

async fn asset(Path((hash, path)): Path<(String, String)>) -> Response {
    let Some(found) = assets::find(&format!("{hash}/{path}")) else {
        return (
            StatusCode::NOT_FOUND,
            [(header::CACHE_CONTROL, "no-store")],
            "no such asset\n",
        )
            .into_response();
    };
    let caching = if found.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=60"
    };
    let mut response = found.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(found.content_type),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // An SVG that is opened by itself must not be able to do anything.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'self'"),
    );
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use std::sync::Arc;
    use tower::ServiceExt as _;

    use super::*;
    use crate::domain::testing;
    use crate::http::state::Web;

    async fn get(address: &str) -> Response {
        let app = App {
            ctx: testing::context().0,
            web: Arc::new(Web::default()),
        };
        let request = Request::get(address)
            .header(header::ACCEPT_ENCODING, "gzip")
            .body(Body::empty())
            .unwrap();
        routes().with_state(app).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn the_current_style_may_be_kept_for_ever_and_comes_compressed() {
        let response = get(&assets::url("realmkeep.css")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/css; charset=utf-8"
        );
    }

    #[tokio::test]
    async fn a_font_of_another_version_is_kept_briefly_and_what_does_not_exist_is_not_found() {
        let response = get("/assets/0/fonts/inter-latin.woff2").await;
        assert_eq!(
            response.headers()[header::CACHE_CONTROL],
            "public, max-age=60"
        );
        assert_eq!(
            get("/assets/0/../../Cargo.toml").await.status(),
            StatusCode::NOT_FOUND
        );
    }
}
