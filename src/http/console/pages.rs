//! The console as plain data: what an administrator sees. Handlers fill these, templates draw them.
//!
//! | page | struct | fragment (`X-Fragment`) |
//! |---|---|---|
//! | overview | [`OverviewPage`] | `glance`: [`Glance`] alone |
//! | sessions | [`SessionsPage`] | `list`: [`SessionsList`] alone |
//! | one session | [`SessionPage`] | |
//! | preview of a sign-out | [`ConfirmPage`] | |
//! | its receipt | [`ReceiptPage`] | `receipt`: [`Receipt`] alone |
//! | all receipts | [`ReceiptsPage`] | |
//! | people | [`people`] | `list`: [`people::PeopleList`] alone |
//! | administrators | [`AdminsPage`] | |
//! | the audit log | [`EventsPage`], [`EventPage`] | |
//! | applications, one of them, its credentials | [`AppsPage`], [`AppPage`], [`CredentialsPage`] | |
//! | deliveries, one of them, event streams | [`DeliveriesPage`], [`DeliveryPage`], [`StreamsPage`] | |
//! | keys | [`KeysPage`] | |
//! | a form, a question, a secret, a conflict | [`FormPage`], [`AskPage`], [`SecretPage`], [`ChangedPage`] | |
//! | realms | [`RealmsPage`] | |
//! | refused, missing, broken | [`MessagePage`] | |
//!
//! Times and durations come as words plus an RFC 3339 moment; numbers as numbers. All text is escaped by the templates.

mod admins;
mod also;
mod apps;
mod atoms;
pub mod chart;
mod confirm;
mod deliveries;
pub mod effects;
mod events;
mod form;
mod keys;
mod overview;
pub mod people;
mod receipt;
mod receipts;
mod session;
mod sessions;
mod shell;
#[cfg(test)]
mod tests;

pub use admins::{AdminRow, AdminsPage, ServiceRow};
pub use also::{AlsoFound, also_by};
pub use apps::{
    AppChannel, AppKind, AppKindsPage, AppPage, AppRow, AppWay, AppsPage, CredentialsPage,
};
pub use atoms::{Choice, Device, Link, Moment, Person, counted, grouped};
pub use confirm::{ConfirmPage, Everyone, Gap, REASONS, Selected, Told, reasons};
pub use deliveries::{
    AttemptRow, DeliveriesPage, DeliveryPage, DeliveryRow, MessageTable, StreamRow, StreamsPage,
};
pub use events::{EventPage, EventRow, EventsPage};
pub use form::{
    AskPage, Change, ChangedPage, Effect, Field, FieldGroup, FormPage, Line, Meanwhile, SecretPage,
    Shape, TabLink, Wrong,
};
pub use keys::{KeyRow, KeysPage};
pub use overview::{Attention, Glance, LastSignOut, LongAct, OverviewPage, Tile};
pub use receipt::{
    LogLine, Progress, Receipt, ReceiptApp, ReceiptPage, ReceiptSession, state_words,
};
pub use receipts::{ReceiptFilters, ReceiptRow, ReceiptsPage};
pub use session::{Fact, SessionApp, SessionPage};
pub use sessions::{
    Empty, Everything, Filters, Heading, Kept, Narrowing, PageMenu, Problem, RowDetail, SessionRow,
    SessionsList, SessionsPage, Tab,
};
pub use sessions::{Ended, Left};
pub use shell::{Entry, Group, MessagePage, RealmRow, RealmsPage, Section, Shell};
