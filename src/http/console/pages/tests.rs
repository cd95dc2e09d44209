//! Every console page with believable and with extreme content.

mod preview;
mod receipt;
mod sample;
mod sample_receipt;
mod sessions;
