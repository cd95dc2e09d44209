//! How requests come in: pages, assets and endpoints.

pub mod assets;
pub mod console;
pub mod signin;
