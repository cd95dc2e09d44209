//! The console's frame: sidebar, who is signed in, and the two pages that are little more than it.

use askama::Template;

use super::atoms::{Link, Person};

/// Which entry of the sidebar is the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The realm at a glance.
    Overview,
    /// Sessions, and the preview of a sign-out.
    Sessions,
    /// Sign-outs and their receipts.
    Receipts,
    /// Notices to applications.
    Deliveries,
    /// What was done by whom.
    Audit,
    /// People.
    Users,
    /// Applications: their settings, and whether they would learn of a sign-out.
    Apps,
    /// Administrators and their roles.
    Admins,
    /// Signing keys.
    Keys,
    /// The realm's settings.
    Settings,
    /// The list of realms.
    Realms,
    /// None of them.
    Other,
}

/// What every console page shares.
#[derive(Debug, Clone)]
pub struct Shell {
    /// `light` or `dark` where the person chose one; `None` follows the system.
    pub theme: Option<String>,
    /// The realm's name.
    pub realm: String,
    /// The realm's display name.
    pub realm_name: String,
    /// The console's address of this realm, without a slash at the end: `/admin/acme-prod`.
    pub base: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// The current entry of the sidebar.
    pub section: Section,
    /// The entries of the sidebar that this person may use.
    pub groups: Vec<Group>,
    /// Who is signed in.
    pub person: Person,
    /// What they may do here: "Realm administrator".
    pub role: String,
    /// Whether they may see the list of realms.
    pub all_realms: bool,
    /// The server's time, RFC 3339: scripts count from it, not from the device's clock.
    pub now: String,
}

impl Shell {
    /// The letter on the realm's tile.
    pub fn initial(&self) -> String {
        self.realm_name
            .chars()
            .find(|c| c.is_alphanumeric())
            .map_or_else(|| "R".to_owned(), |c| c.to_uppercase().collect())
    }

    /// Whether this is the entry of the current page.
    pub fn is_at(&self, entry: &Entry) -> bool {
        self.section == entry.section
    }

    /// Shows a number beside an entry: "2,418", "10,000+"; nothing for an empty one.
    pub fn count(&mut self, section: Section, number: String) {
        let mut entries = self.groups.iter_mut().flat_map(|group| &mut group.entries);
        if let Some(entry) = entries.find(|entry| entry.section == section) {
            entry.count = Some(number).filter(|number| !number.is_empty());
        }
    }

    /// Whether the sidebar shows the list of realms as the current page.
    pub fn on_realms(&self) -> bool {
        self.section == Section::Realms
    }
}

/// Entries of the sidebar under one word.
#[derive(Debug, Clone)]
pub struct Group {
    /// "Watch".
    pub name: &'static str,
    /// What is under it.
    pub entries: Vec<Entry>,
}

/// An entry of the sidebar.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which.
    pub section: Section,
    /// "Sessions".
    pub label: &'static str,
    /// Its icon's name in the sprite.
    pub icon: &'static str,
    /// Where it leads, behind the console's address of the realm: `/sessions`.
    pub path: &'static str,
    /// A number beside it.
    pub count: Option<String>,
}

/// One realm of the list.
#[derive(Debug, Clone)]
pub struct RealmRow {
    /// Its name.
    pub name: String,
    /// Its display name.
    pub display_name: String,
    /// Where its console is.
    pub url: String,
    /// Whether people can sign in to it.
    pub enabled: bool,
    /// How many sessions are active, as it is to be read.
    pub sessions: Option<String>,
    /// Where it is switched off or on; `None` where that cannot be.
    pub switch: Option<Link>,
    /// Where it is deleted; `None` where that cannot be.
    pub delete_url: Option<String>,
}

/// The list of realms, for an administrator of the whole server.
#[derive(Debug, Template)]
#[template(path = "console/templates/realms.html")]
pub struct RealmsPage {
    /// The frame.
    pub shell: Shell,
    /// The realms.
    pub realms: Vec<RealmRow>,
    /// The page after this one.
    pub next_url: Option<String>,
    /// The name of one that was just deleted; may be empty.
    pub gone: String,
}

/// Instead of a page: refused, not found, conflict, broken.
#[derive(Debug, Template)]
#[template(path = "console/templates/message.html")]
pub struct MessagePage {
    /// The frame.
    pub shell: Shell,
    /// The headline: "You may not see this".
    pub title: String,
    /// What happened and what to do now; for a refusal, the role that is needed.
    pub description: String,
    /// The code: an HTTP status or a problem type's last word.
    pub code: String,
    /// The request's id, to be found in the log.
    pub id: String,
    /// Ways on.
    pub links: Vec<Link>,
}
