//! What was chosen on the list: sessions one by one, or everything a search finds, frozen at a moment and sealed, so that
//! what is confirmed is what was seen and not what has come since.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::frame::Stop;
use super::gate::{Form, Gate};
use crate::crypto;
use crate::domain::id::{RealmId, UserId};
use crate::domain::session::Query;
use crate::domain::signout::Selection;
use crate::domain::time::{Span, Timestamp};

/// A choice, as it came in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Chosen {
    /// These sessions, by id as the browser sent it.
    Sids(Vec<String>),
    /// Everything of a frozen search.
    All(Frozen),
    /// Everything of one user.
    User(UserId),
}

/// A search with the moment it was made: sessions that start later are not in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frozen {
    realm: RealmId,
    by: UserId,
    query: String,
    cut: Timestamp,
    until: Timestamp,
    /// How many sessions it was confirmed for; `None` before the preview.
    pub count: Option<u64>,
}

impl Chosen {
    /// Reads the choice of a form. A button that names one session (`only`) or one user (`of`) goes before the search
    /// (`frozen` from the preview, `all` from the list), and that before what is ticked (`sid`).
    ///
    /// # Errors
    /// The page that says what is wrong with it.
    pub fn read(gate: &Gate, form: &Form) -> Result<Chosen, Stop> {
        let only = form.one("only");
        if !only.is_empty() {
            return Ok(Chosen::Sids(vec![only.to_owned()]));
        }
        if let Ok(user) = form.one("of").parse() {
            return Ok(Chosen::User(user));
        }
        for name in ["frozen", "all"] {
            let token = form.one(name);
            if !token.is_empty() {
                return Frozen::open(gate, token).map(Chosen::All);
            }
        }
        let sids = form.all("sid");
        if sids.is_empty() {
            let text = "Tick the sessions to end first, then press “Invalidate selected”.";
            return Err(gate.says(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Nothing is selected",
                text,
            ));
        }
        if sids.len() > MOST_SIDS {
            let text = format!(
                "A form holds at most {MOST_SIDS} sessions. Filter the list and select all that match."
            );
            let title = "That is too much at once";
            return Err(gate.says(StatusCode::UNPROCESSABLE_ENTITY, title, &text));
        }
        Ok(Chosen::Sids(sids))
    }

    /// What the door is asked for.
    ///
    /// # Errors
    /// The page that says that the search does not read any more.
    pub fn selection(&self, gate: &Gate) -> Result<Selection, Stop> {
        Ok(match self {
            Chosen::Sids(sids) => Selection::Sessions(sids.clone()),
            Chosen::All(frozen) => Selection::Filter(Box::new(frozen.query(gate)?)),
            Chosen::User(user) => Selection::Users(vec![*user]),
        })
    }
}

impl Frozen {
    /// Everything the list shows at this moment, on whatever page.
    pub fn of_list(gate: &Gate, query: &Query) -> Frozen {
        Frozen {
            realm: gate.realm.id,
            by: gate.admin.user.id,
            query: query.text().to_owned(),
            cut: gate.now,
            until: gate.now.plus(LIST_HOLDS),
            count: None,
        }
    }

    /// The same after a preview that found so many.
    pub fn confirmed_for(&self, gate: &Gate, count: u64) -> Frozen {
        Frozen {
            count: Some(count),
            until: gate.now.plus(PREVIEW_HOLDS),
            ..self.clone()
        }
    }

    /// As text that only this server can have made.
    ///
    /// # Errors
    /// [`Stop`] when it cannot be sealed.
    pub fn seal(&self, gate: &Gate) -> Result<String, Stop> {
        let plain =
            serde_json::to_vec(self).map_err(|_| crate::domain::Fault::Record("selection"))?;
        let sealed = gate.ctx.vault.seal(SEALED_FOR, &plain);
        let sealed = sealed.map_err(|e| crate::domain::Fault::Crypto(e.to_string()))?;
        Ok(crypto::b64(&sealed))
    }

    fn open(gate: &Gate, text: &str) -> Result<Frozen, Stop> {
        let plain =
            crypto::unb64(text).and_then(|sealed| gate.ctx.vault.open(SEALED_FOR, &sealed).ok());
        let frozen: Option<Frozen> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        match frozen.filter(|f| f.realm == gate.realm.id && f.by == gate.admin.user.id) {
            Some(frozen) if gate.now < frozen.until => Ok(frozen),
            Some(_) => {
                let text = "It was made too long ago to be what you see now. Go back to the list and select again. \
                            Nothing was ended.";
                Err(gate.says(StatusCode::CONFLICT, "This selection is too old", text))
            }
            None => {
                let text = "It is not one that this page made for you. Nothing was ended.";
                Err(gate.says(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "The selection does not read",
                    text,
                ))
            }
        }
    }

    /// The search as of the moment it was frozen: what starts, falls idle or joins an app later is not in it.
    ///
    /// # Errors
    /// The page that says that it does not read.
    pub fn query(&self, gate: &Gate) -> Result<Query, Stop> {
        let Ok(mut query) = Query::parse(&self.query) else {
            let text = "It was made by another version of the server. Go back to the list and select again.";
            return Err(gate.says(StatusCode::CONFLICT, "This selection is too old", text));
        };
        let later = Timestamp(self.cut.0.saturating_add(1));
        query.started_before = Some(
            query
                .started_before
                .map_or(later, |before| before.min(later)),
        );
        query.as_of = Some(self.cut);
        Ok(query)
    }

    /// The search as it was written.
    pub fn text(&self) -> &str {
        &self.query
    }
}

const SEALED_FOR: &str = "console/selection";
const LIST_HOLDS: Span = Span::hours(1);
const PREVIEW_HOLDS: Span = Span::mins(10);
/// Sessions named one by one in a form: a selection made by hand, on whatever many pages.
pub const MOST_SIDS: usize = 1000;
