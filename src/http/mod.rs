//! How requests come in. axum lives here and nowhere else.

pub mod admin;
pub mod answer;
pub mod assets;
pub mod console;
pub mod demo;
pub mod extract;
pub mod oidc;
#[cfg(test)]
mod rendered;
pub mod signin;
pub mod state;
