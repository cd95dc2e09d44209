//! Realmkeep: an OpenID Connect identity provider whose sign-out is real.
//!
//! | question | room |
//! |---|---|
//! | where is a session ended? | [`domain::signout`], the only door |
//! | where is a token made? | [`domain::token::issue`], the only mint |
//! | who says whether something is still good? | [`domain::denial`], the only judge |
//! | how does anything leave? | [`deliver`], through one guarded client |
//! | how does a request come in? | [`http`] (axum lives there and nowhere else) |
//! | what do the standards say? | [`protocol`] |
//! | what is remembered, and how durably? | [`store`] |
//!
//! Imports point down only: `http, deliver, cli → protocol → domain → store, crypto`. `tests/layout.rs` reads the sources and
//! refuses an import that points up.

mod cli;
mod config;
mod crypto;
mod deliver;
mod domain;
mod http;
mod observe;
mod protocol;
mod serve;
mod store;

pub use cli::run as main;
pub use config::Settings;
pub use domain::time::{Clock, ManualClock, Span, SystemClock, Timestamp};
pub use serve::{Parts, Running, ServeError, start};
