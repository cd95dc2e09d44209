//! People: the list, one of them with their tabs, the forms that change them, and the pages that ask before something ends.

mod act;
mod form;
mod head;
mod import;
mod list;
mod tabs;
#[cfg(test)]
mod tests;

pub use super::effects::{Effect, Tone};
pub use act::{ActPage, Hidden, Typed, Until, Words};
pub use form::{Box as FormBox, Field, FormPage, Problem, Text};
pub use head::{Head, MenuItem, Notice, NoticeButton, NoticeLine, Standing, Tab};
pub use import::{Asked, ImportFormPage, ImportPage, ImportRow, ImportView, Said, Sampled};
pub use list::{PeopleList, PeoplePage, PersonRow};
pub use tabs::{
    AccessRow, ActivityPage, ActivityRow, AppsTab, CredentialsTab, DetailsTab, Lately, RoleBox,
    RolesTab, SessionsTab,
};
