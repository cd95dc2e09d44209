//! Sign-ins under way: what one browser began and only it can go on with.

use serde::{Deserialize, Serialize};

use super::BrowserState;
use crate::crypto;
use crate::domain::id::{RealmId, Sid};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault};
use crate::protocol::authorize::AuthorizeRequest;

/// The most sign-ins under way in one browser; the oldest gives way.
pub const MAX_PENDING: usize = 10;
const PENDING: &str = "pending";

/// A sign-in under way.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pending {
    /// In which realm.
    pub realm: RealmId,
    /// Since when: a sign-in from then on is the fresh one that was asked for.
    pub started_at: Timestamp,
    /// The session that was there already, and therefore is not that sign-in.
    pub before: Option<Sid>,
    /// What it is for.
    pub goal: Goal,
    /// The session that the consent page was shown to, and the only one that may answer it.
    pub asked: Option<Sid>,
    /// The session that the person chose to go on with (`prompt=select_account`).
    #[serde(default)]
    pub chosen: Option<Sid>,
}

/// What a sign-in is for.
#[derive(Clone, Serialize, Deserialize)]
pub enum Goal {
    /// An application's authorization request.
    App(Box<AuthorizeRequest>),
    /// A page of this server.
    Here(String),
    /// The answer to a device, by the hash of its code.
    Device([u8; 32]),
}

impl BrowserState {
    /// Keeps a sign-in under way and answers the id that its pages carry. Only this browser can go on with it.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn keep_pending(&self, ctx: &Context, pending: Pending) -> Result<String, Fault> {
        let id = crypto::b64(&ctx.random());
        let mut all = self.all_pending().await?;
        all.push((id.clone(), pending));
        let over = all.len().saturating_sub(MAX_PENDING);
        all.drain(..over);
        self.set(PENDING, &all).await?;
        Ok(id)
    }

    /// The sign-in under way of this id, when this browser began it in this realm.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn pending(&self, realm: RealmId, id: &str) -> Result<Option<Pending>, Fault> {
        let mut all = self.all_pending().await?.into_iter();
        Ok(all
            .find(|(known, pending)| known == id && pending.realm == realm)
            .map(|(_, pending)| pending))
    }

    /// Notes which session the consent page is shown to.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn note_asked(&self, id: &str, sid: Sid) -> Result<(), Fault> {
        let mut all = self.all_pending().await?;
        let Some((_, pending)) = all.iter_mut().find(|(known, _)| known == id) else {
            return Ok(());
        };
        if pending.asked == Some(sid) {
            return Ok(());
        }
        pending.asked = Some(sid);
        self.set(PENDING, &all).await
    }

    /// Notes which session the person goes on with.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn note_chosen(&self, id: &str, sid: Sid) -> Result<(), Fault> {
        let mut all = self.all_pending().await?;
        if let Some((_, pending)) = all.iter_mut().find(|(known, _)| known == id) {
            pending.chosen = Some(sid);
            self.set(PENDING, &all).await?;
        }
        Ok(())
    }

    /// Puts the language that the person chose in the place of those that the app asked for.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn speak(&self, realm: RealmId, id: &str, tag: &str) -> Result<(), Fault> {
        let mut all = self.all_pending().await?;
        let found = all
            .iter_mut()
            .find(|(known, pending)| known == id && pending.realm == realm);
        if let Some((
            _,
            Pending {
                goal: Goal::App(request),
                ..
            },
        )) = found
        {
            request.ui_locales = vec![tag.to_owned()];
            self.set(PENDING, &all).await?;
        }
        Ok(())
    }

    /// Forgets a sign-in that came to its end.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn drop_pending(&self, id: &str) -> Result<(), Fault> {
        let mut all = self.all_pending().await?;
        all.retain(|(known, _)| known != id);
        self.set(PENDING, &all).await
    }

    async fn all_pending(&self) -> Result<Vec<(String, Pending)>, Fault> {
        Ok(self.get(PENDING).await?.unwrap_or_default())
    }
}
