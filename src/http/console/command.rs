//! The list or a selection as a command line: what is done in the console can be done again from a terminal or a script.

use super::gate::Gate;
use crate::domain::session::Query;
use crate::domain::session::search::Listed;

/// The command that lists the same sessions.
pub fn list(gate: &Gate, listed: Listed, query: &Query) -> String {
    let mut command = begin(gate, "sessions list");
    if listed == Listed::Ended {
        command.push_str(" --state ended");
    }
    if !query.is_empty() {
        command.push_str(&format!(" --query={}", quoted(query.text())));
    }
    command
}

/// The command that ends what a search finds.
pub fn end_found(gate: &Gate, query: &str) -> String {
    let begin = begin(gate, "sessions invalidate");
    if query.trim().is_empty() {
        return format!("{begin} --all");
    }
    format!("{begin} --query={}", quoted(query.trim()))
}

/// The command that ends these sessions.
pub fn end_these(gate: &Gate, sids: &[String]) -> String {
    let sids: Vec<String> = sids.iter().map(|sid| quoted(sid)).collect();
    format!("{} {}", begin(gate, "sessions invalidate"), sids.join(" "))
}

/// The command that ends everything of a user.
pub fn end_user(gate: &Gate, username: &str) -> String {
    let begin = begin(gate, "sessions invalidate");
    format!("{begin} --user={}", quoted(username))
}

fn begin(gate: &Gate, verb: &str) -> String {
    let server = quoted(&gate.ctx.public_url);
    let realm = quoted(&gate.realm.name);
    format!("realmkeep {verb} --server={server} --realm={realm}")
}

/// As a shell takes it for one word, whatever is in it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@,+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_sees_one_word_and_no_command() {
        for (text, word) in [
            ("anna", "anna"),
            ("ip:10.0.0.0/8", "ip:10.0.0.0/8"),
            ("idle>30m client:crm", "'idle>30m client:crm'"),
            ("", "''"),
            ("a'; rm -rf / #", r"'a'\''; rm -rf / #'"),
            ("$(id)`id`", "'$(id)`id`'"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }
}
