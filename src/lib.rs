//! stub
pub mod crypto;
mod domain;
pub mod store;
