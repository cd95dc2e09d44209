//! stub

pub mod crypto;
