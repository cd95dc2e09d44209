//! What was recorded, in words: each deed as a sentence, each target and actor with the page where it is found.

use super::super::gate::Gate;
use super::super::pages::Link;
use crate::crypto;
use crate::domain::ActorKind;
use crate::domain::access::Right;
use crate::domain::audit::{Place, Record};

/// One deed: its code, its icon, the line's class, and how it is said.
pub type Deed = (&'static str, &'static str, &'static str, &'static str);

/// Every deed that is recorded.
#[rustfmt::skip]
pub const DEEDS: &[Deed] = &[
    ("sessions.invalidate", "log-out", "refused", "Ended sessions"),
    ("session.second_address", "network", "refused", "A session was used from a second address"),
    ("session.not_recognised", "shield-alert", "refused", "Did not recognise a session"),
    ("sign_in.failed", "triangle-alert", "refused", "A wrong password was given"),
    ("user.release", "lock-open", "again", "Cleared failed sign-ins"),
    ("user.dismiss_alert", "shield-check", "", "Dismissed what was not recognised"),
    ("sign_out.redeliver", "send", "", "Told applications of a sign-out again"),
    ("grant.revoke", "ban", "refused", "Revoked a grant"),
    ("users.import", "upload", "", "Began an import of users"),
    ("users.imported", "user-plus", "again", "Imported users"),
    ("user.create", "user-plus", "again", "Created a user"),
    ("user.update", "pencil", "", "Changed a user"),
    ("user.set_password", "key-round", "", "Set a new password"),
    ("user.block", "ban", "refused", "Blocked a user’s sign-in"),
    ("user.unblock", "lock-open", "again", "Lifted a block"),
    ("user.remove_access", "ban", "refused", "Removed an application’s access"),
    ("user.delete", "trash-2", "refused", "Deleted a user"),
    ("client.create", "plus", "again", "Registered an application"),
    ("client.update", "pencil", "", "Changed an application"),
    ("client.rotate_secret", "key-round", "", "Made a new client secret"),
    ("client.test_sign_out", "send", "", "Tested an application’s sign-out"),
    ("client.delete", "trash-2", "refused", "Deleted an application"),
    ("realm.create", "castle", "again", "Created the realm"),
    ("realm.update", "settings", "", "Changed the realm’s settings"),
    ("realm.delete", "trash-2", "refused", "Deleted the realm"),
    ("realm.fill", "users", "", "Filled the realm with made-up people"),
    ("keys.rotate", "rotate-cw", "", "Let the next signing key take over"),
    ("stream.create", "bell", "again", "Opened an event stream"),
    ("stream.update", "bell", "", "Changed an event stream"),
    ("stream.status", "bell", "", "Switched an event stream"),
    ("stream.delete", "bell", "refused", "Closed an event stream"),
];

/// How a record is said.
pub struct Said {
    /// Its icon.
    pub icon: &'static str,
    /// The line's class.
    pub tone: &'static str,
    /// What was done.
    pub what: String,
}

/// A record in words; a deed nobody wrote words for goes by its code.
pub fn said(record: &Record) -> Said {
    let known = DEEDS.iter().find(|(code, ..)| *code == record.action);
    match known {
        Some((_, icon, tone, words)) => Said {
            icon,
            tone,
            what: (*words).to_owned(),
        },
        None => Said {
            icon: "activity",
            tone: "",
            what: record.action.clone(),
        },
    }
}

/// What a record is about, with its page for whoever may see it.
pub fn about(gate: &Gate, record: &Record) -> Link {
    let target = record.target.as_str();
    let (label, url) = match record.target_kind.as_str() {
        "user" => {
            let id = record.about().filter(|_| gate.may(Right::ViewUsers));
            let url = id.map(|id| gate.at(&format!("/users/{id}")));
            (record.target_name(), url)
        }
        "sign_out" => {
            let may = gate.may(Right::ViewSessions) && is_id(target);
            let url = may.then(|| gate.at(&format!("/signouts/{target}")));
            ("Receipt", url)
        }
        "session" => {
            let may = gate.may(Right::ViewSessions) && is_id(target);
            (
                "Session",
                may.then(|| gate.at(&format!("/sessions/{target}"))),
            )
        }
        "client" => {
            let may = gate.may(Right::ViewClients);
            (target, may.then(|| gate.at("/apps").with("q", target)))
        }
        "key" => {
            let may = gate.may(Right::ManageRealm);
            (target, may.then(|| gate.at("/keys")))
        }
        "realm" => {
            let may = gate.may(Right::ManageRealm) && target == gate.realm.name;
            (target, may.then(|| gate.at("/settings")))
        }
        _ => (record.target_name(), None),
    };
    Link {
        label: label.to_owned(),
        url: url.map(|url| url.to_string()).unwrap_or_default(),
    }
}

/// Who did it, with their page when they are a user of this realm.
pub fn by(gate: &Gate, record: &Record) -> Link {
    let actor = &record.actor;
    let person = matches!(actor.kind, ActorKind::Admin | ActorKind::User);
    let here = person && actor.realm == gate.realm.name && is_id(&actor.id);
    let url = (here && gate.may(Right::ViewUsers))
        .then(|| gate.at(&format!("/users/{}", actor.id)).to_string());
    Link {
        label: actor.name.clone(),
        url: url.unwrap_or_default(),
    }
}

fn is_id(text: &str) -> bool {
    uuid::Uuid::parse_str(text).is_ok()
}

/// The address of a record's page.
pub fn event_url(gate: &Gate, at: &Place) -> String {
    gate.at(&format!("/events/{}", text(at))).to_string()
}

/// A record's place as text.
pub fn text(at: &Place) -> String {
    crypto::b64(at)
}

/// The place that a text stands for.
pub fn place(text: &str) -> Option<Place> {
    crypto::unb64(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sources of the domain and of what uses it, where deeds are recorded.
    fn recorded() -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.to_string_lossy().contains("test") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let kinds = [
                        "user.",
                        "users.",
                        "client.",
                        "keys.",
                        "stream.",
                        "realm.",
                        "grant.",
                        "sign_out.",
                        "session.",
                        "sign_in.",
                    ];
                    for part in text.split('"').skip(1).step_by(2) {
                        let deed = kinds.iter().any(|kind| part.starts_with(kind));
                        let plain = part
                            .chars()
                            .all(|c| c.is_ascii_lowercase() || "._".contains(c));
                        if deed
                            && plain
                            && !["realm.json", "grant.ended", "session.ended"].contains(&part)
                        {
                            found.push(part.to_owned());
                        }
                    }
                }
            }
        }
        found
    }

    #[test]
    fn every_deed_that_is_recorded_has_words() {
        let recorded = recorded();
        assert!(recorded.iter().any(|code| code == "user.create"));
        for code in recorded {
            assert!(DEEDS.iter().any(|(known, ..)| *known == code), "{code}");
        }
    }

    #[test]
    fn a_place_is_read_back_from_its_text() {
        let at: Place = [7; 24];
        assert_eq!(place(&text(&at)), Some(at));
        assert_eq!(place("nonsense"), None);
    }
}
