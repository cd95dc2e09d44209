//! The promises, kept or broken from the outside: HTTP, the command line and the clock.

mod invalidate_selected;
mod killed;
mod layout;
mod promises;
mod sign_in;
mod support;
mod tokens;
