//! The promises, kept or broken from the outside: HTTP, the command line and the clock.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

mod account;
mod apps;
mod at_rest;
mod backup;
mod bad_input;
mod browser;
mod cli;
mod console;
mod disk_full;
mod invalidate_selected;
mod killed;
mod layout;
mod nodes;
mod overview;
mod people;
mod policy;
mod promises;
mod realms;
mod registry;
mod resource_servers;
mod sign_in;
mod signals;
mod support;
mod tokens;
mod told;
