//! The promises, kept or broken from the outside: HTTP, the command line and the clock.

mod layout;
mod promises;
mod support;
