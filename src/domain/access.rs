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
    if home == MASTER && roles.iter().any(|r| r == "server-admin") {
        return true;
    }
    home == target && roles.iter().any(|role| role_allows(role, right))
}

/// Whether these roles reach anything of the admin API or the console at all.
pub fn is_administrator(home: &str, roles: &[String]) -> bool {
    let known = [
        "realm-admin",
        "sessions-viewer",
        "sessions-operator",
        "users-manager",
        "clients-manager",
        "auditor",
    ];
    roles
        .iter()
        .any(|r| known.contains(&r.as_str()) || (home == MASTER && r == "server-admin"))
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
