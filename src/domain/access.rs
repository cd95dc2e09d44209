//! Who may do what: the roles of administrators and the rights they carry.

/// Something an administrator may do in a realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See sessions and receipts.
    ViewSessions,
    /// End sessions.
    EndSessions,
    /// See users.
    ViewUsers,
    /// Create, change, disable and delete users.
    ManageUsers,
    /// See clients.
    ViewClients,
    /// Create, change, disable and delete clients.
    ManageClients,
    /// See and change the realm's own settings and keys.
    ManageRealm,
    /// Read the audit log.
    ViewAudit,
    /// Create and delete realms; see all of them.
    ManageServer,
}

/// The realm whose `server-admin`s may do everything everywhere.
pub const MASTER: &str = "master";

/// Whether somebody of realm `home` with these roles may do `right` in realm `target`.
pub fn allows(home: &str, roles: &[String], right: Right, target: &str) -> bool {
    if home == MASTER && roles.iter().any(|r| r == SERVER_ADMIN) {
        return true;
    }
    home == target && roles.iter().any(|role| role_allows(role, right))
}

/// An administrator's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name in realm files, in the API and in tokens.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What whoever has it may do.
    pub may: &'static str,
}

const fn role(name: &'static str, label: &'static str, may: &'static str) -> Role {
    Role { name, label, may }
}

/// The roles of a realm, the strongest first.
const ROLES: [Role; 6] = [
    role(
        "realm-admin",
        "Realm administrator",
        "Everything in this realm: sessions, users, applications, keys, settings, and who its administrators are.",
    ),
    role(
        "sessions-operator",
        "Sessions operator",
        "See sessions and receipts, end sessions, and see users.",
    ),
    role(
        "sessions-viewer",
        "Sessions viewer",
        "See sessions and receipts. Ends nothing.",
    ),
    role(
        "users-manager",
        "Users manager",
        "Create, change, block and delete users who are no administrators, and set their passwords.",
    ),
    role(
        "clients-manager",
        "Applications manager",
        "Register, change and delete applications, and test their sign-out.",
    ),
    role(
        "auditor",
        "Auditor",
        "Read the events and see sessions and receipts. Changes nothing.",
    ),
];
const SERVER: Role = role(
    SERVER_ADMIN,
    "Server administrator",
    "Everything in every realm of this server.",
);
/// The role of the whole server, in [`MASTER`].
pub const SERVER_ADMIN: &str = "server-admin";

/// The administrators' roles of a realm, the strongest first.
pub fn roles_of(realm: &str) -> impl Iterator<Item = &'static Role> {
    const OF_MASTER: [Role; 1] = [SERVER];
    let server: &'static [Role] = if realm == MASTER { &OF_MASTER } else { &[] };
    server.iter().chain(&ROLES)
}

/// Whether these roles reach anything of the admin API or the console at all.
pub fn is_administrator(home: &str, roles: &[String]) -> bool {
    roles_of(home).any(|known| roles.iter().any(|role| role == known.name))
}

/// The right that touching an account with any of these roles takes, beside the right to touch accounts: before a change
/// for the roles it has, and for those it is to get. Nobody makes themselves more than they are by somebody else's account.
pub fn guarded_by(realm: &str, roles: &[String]) -> Option<Right> {
    let of_server = realm == MASTER && roles.iter().any(|role| role == SERVER_ADMIN);
    if of_server {
        Some(Right::ManageServer)
    } else {
        is_administrator(realm, roles).then_some(Right::ManageRealm)
    }
}

fn role_allows(role: &str, right: Right) -> bool {
    match role {
        "realm-admin" => right != Right::ManageServer,
        "sessions-viewer" => right == Right::ViewSessions,
        "sessions-operator" => matches!(
            right,
            Right::ViewSessions | Right::EndSessions | Right::ViewUsers
        ),
        "users-manager" => matches!(right, Right::ViewUsers | Right::ManageUsers),
        "clients-manager" => matches!(right, Right::ViewClients | Right::ManageClients),
        "auditor" => matches!(right, Right::ViewSessions | Right::ViewAudit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_that_is_explained_reaches_something() {
        for role in roles_of("demo") {
            let one = [role.name.to_owned()];
            assert!(
                allows("demo", &one, Right::ViewSessions, "demo")
                    || allows("demo", &one, Right::ViewUsers, "demo")
                    || allows("demo", &one, Right::ViewClients, "demo"),
                "{}",
                role.name
            );
        }
        assert_eq!(roles_of("demo").count() + 1, roles_of(MASTER).count());
    }

    #[test]
    fn an_administrators_account_is_guarded_by_what_it_may() {
        let roles = |role: &str| [role.to_owned(), "staff".to_owned()];
        assert_eq!(guarded_by("demo", &roles("payroll")), None);
        assert_eq!(
            guarded_by("demo", &roles("auditor")),
            Some(Right::ManageRealm)
        );
        // It means nothing outside of master.
        assert_eq!(guarded_by("demo", &roles(SERVER_ADMIN)), None);
        assert_eq!(
            guarded_by(MASTER, &roles(SERVER_ADMIN)),
            Some(Right::ManageServer)
        );
    }

    #[test]
    fn a_role_reaches_no_other_realm() {
        let roles = vec!["realm-admin".to_owned(), "server-admin".to_owned()];
        assert!(allows("demo", &roles, Right::EndSessions, "demo"));
        assert!(!allows("demo", &roles, Right::ViewSessions, "other"));
        assert!(allows(MASTER, &roles, Right::ManageServer, "other"));
        assert!(!allows(
            "demo",
            &["sessions-viewer".to_owned()],
            Right::EndSessions,
            "demo"
        ));
    }
}
