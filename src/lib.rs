//! stub
mod http;
