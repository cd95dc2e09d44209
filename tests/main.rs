//! The promises, kept or broken from the outside: HTTP, the command line and the clock.

mod bad_input;
mod browser;
mod cli;
mod console;
mod invalidate_selected;
mod killed;
mod layout;
mod promises;
mod realms;
mod sign_in;
mod support;
mod tokens;
