//! Every console page with believable and with extreme content.

mod overview;
mod preview;
mod receipt;
mod registry;
pub(in crate::http::console::pages) mod sample;
mod sample_receipt;
mod sessions;
