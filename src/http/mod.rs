//! How requests come in: pages, assets and endpoints.

pub mod assets;
pub mod console;
#[cfg(test)]
mod rendered;
pub mod signin;
