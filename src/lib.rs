//! stub
mod store;
