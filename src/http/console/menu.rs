//! What of the console a person may use: the entries of the sidebar, and the page that opens first.

use super::pages::{Entry, Group, Section};
use crate::domain::access::Right;

/// Every entry under its word: what it is, how it is called, its icon, where it is, and the right that it needs.
type Row = (
    Section,
    &'static str,
    &'static str,
    &'static str,
    &'static [Right],
);

const WATCH: &[Row] = &[
    (
        Section::Overview,
        "Overview",
        "chart-line",
        "/overview",
        &[Right::ViewSessions],
    ),
    (
        Section::Sessions,
        "Sessions",
        "monitor-smartphone",
        "/sessions",
        &[Right::ViewSessions],
    ),
    (
        Section::Receipts,
        "Sign-outs",
        "log-out",
        "/signouts",
        &[Right::ViewSessions],
    ),
    (
        Section::Deliveries,
        "Deliveries",
        "send",
        "/deliveries",
        &[Right::ViewSessions, Right::ViewClients],
    ),
    (
        Section::Audit,
        "Events",
        "activity",
        "/events",
        &[Right::ViewAudit],
    ),
];

const MANAGE: &[Row] = &[
    (
        Section::Users,
        "Users",
        "users",
        "/users",
        &[Right::ViewUsers],
    ),
    (
        Section::Apps,
        "Applications",
        "layout-grid",
        "/apps",
        &[Right::ViewClients, Right::ViewSessions],
    ),
    (
        Section::Admins,
        "Administrators",
        "shield",
        "/admins",
        &[Right::ManageRealm],
    ),
];

const REALM: &[Row] = &[
    (
        Section::Keys,
        "Keys",
        "key-round",
        "/keys",
        &[Right::ManageRealm],
    ),
    (
        Section::Settings,
        "Settings",
        "settings",
        "/settings",
        &[Right::ManageRealm],
    ),
];

/// The sidebar of somebody with these rights.
pub fn groups(may: impl Fn(Right) -> bool) -> Vec<Group> {
    let group = |name, rows: &[Row]| Group {
        name,
        entries: rows
            .iter()
            .filter(|(.., rights)| rights.iter().any(|right| may(*right)))
            .map(|&(section, label, icon, path, _)| Entry {
                section,
                label,
                icon,
                path,
                count: None,
            })
            .collect(),
    };
    let groups = [
        group("Watch", WATCH),
        group("Manage", MANAGE),
        group("Realm", REALM),
    ];
    let used = |group: &Group| !group.entries.is_empty();
    groups.into_iter().filter(used).collect()
}

/// The page that opens first: sessions, or else the first one that they may use.
pub fn first(may: impl Fn(Right) -> bool) -> Option<&'static str> {
    if may(Right::ViewSessions) {
        return Some("/sessions");
    }
    let rows = [WATCH, MANAGE, REALM].concat();
    let mut allowed = rows
        .iter()
        .filter(|(.., rights)| rights.iter().any(|right| may(*right)));
    allowed.next().map(|(_, _, _, path, _)| *path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::allows;

    fn of(role: &str) -> (Vec<&'static str>, Option<&'static str>) {
        let roles = vec![role.to_owned()];
        let may = |right| allows("demo", &roles, right, "demo");
        let entries = groups(may).into_iter().flat_map(|group| group.entries);
        (entries.map(|entry| entry.label).collect(), first(may))
    }

    #[test]
    fn a_role_is_shown_what_it_may_use_and_starts_there() {
        assert_eq!(of("users-manager"), (vec!["Users"], Some("/users")));
        assert_eq!(
            of("clients-manager"),
            (vec!["Deliveries", "Applications"], Some("/deliveries"))
        );
        let (auditor, first) = of("auditor");
        assert!(auditor.contains(&"Events") && !auditor.contains(&"Users"));
        assert_eq!(first, Some("/sessions"));
        assert_eq!(of("realm-admin").0.len(), 10);
        assert_eq!(of("nobody"), (vec![], None));
    }
}
