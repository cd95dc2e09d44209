//! A selection that goes along from page to page: each page of the list posts what is ticked to the next one, which ticks
//! its own rows and keeps the rest in its form. Works the same without a script.

use std::collections::HashSet;

use super::gate::Gate;
use super::pages::{Kept, SessionsList, counted};
use crate::domain::Fault;
use crate::domain::id::Sid;
use crate::domain::session::search::these;

/// Sessions that can be selected one by one; of more, all that a filter finds.
pub const MOST: usize = 500;

/// Puts a selection onto a page of the list. What has ended meanwhile falls out of it, and that is said.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn apply(gate: &Gate, list: &mut SessionsList, posted: Vec<String>) -> Result<(), Fault> {
    let mut once = HashSet::new();
    let mut sids: Vec<Sid> = posted.iter().filter_map(|sid| sid.parse().ok()).collect();
    sids.retain(|sid| *sid != gate.admin.sid() && once.insert(*sid));
    let over = sids.len().saturating_sub(MOST);
    sids.truncate(MOST);
    let mut ended = 0;
    for row in these(&gate.ctx, &gate.realm, &sids).await? {
        let id = row.session.sid.to_string();
        if row.active.is_none() {
            ended += 1;
        } else if let Some(shown) = list.rows.iter_mut().find(|shown| shown.id == id) {
            shown.picked = true;
        } else {
            let name = match row.session.name.is_empty() {
                true => row.session.username,
                false => row.session.name,
            };
            list.kept.push(Kept { id, name });
        }
    }
    if ended > 0 {
        let text = format!(
            "{} of the selection ended meanwhile and fell out of it.",
            counted(ended, "session", "sessions")
        );
        list.warning = Some(text);
    }
    if over > 0 {
        list.warning = Some(format!(
            "One by one, at most {MOST} sessions can be selected; the first {MOST} are. Use “Select all” for more."
        ));
    }
    Ok(())
}
