//! The page after a sign-out as a messenger: apps with a front channel are told by the browser that loads it (Front-Channel
//! Logout 1.0). Best effort, said so on the page, and never the only way an app that has another is told.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use url::Url;

use super::headers;
use super::leave;
use super::pages::{AppFrame, Gate, SignedOutPage};
use crate::domain::client::{self, channels};
use crate::domain::id::{ClientId, SignOutId};
use crate::domain::realm::Realm;
use crate::domain::session::Session;
use crate::domain::signout::browser;
use crate::domain::{Context, Fault};
use crate::http::answer::log_fault;
use crate::http::browser::BrowserState;
use crate::protocol::answer::append_query;

/// How long the frames have before the browser goes on, in seconds.
pub const TIME_FOR_FRAMES: u8 = 3;
/// The most apps that one page tells.
const MOST: usize = 50;
/// Where a form's outcome waits for the page after it.
const KEPT: &str = "parting";

/// Who hears that a session ended, and where its browser goes then.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Parting {
    /// The act.
    pub act: Option<SignOutId>,
    /// Names of the apps that the server tells.
    pub told: Vec<String>,
    /// Apps that the browser tells.
    pub frames: Vec<AppFrame>,
    /// Their records.
    pub apps: Vec<ClientId>,
    /// Where the browser goes afterwards; an app registered it.
    pub onward: Option<String>,
}

impl Parting {
    /// Who hears that this session ends: the clients that take part in it.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn of(ctx: &Context, realm: &Realm, session: &Session) -> Result<Parting, Fault> {
        let mut parting = Parting {
            told: leave::apps_told(ctx, realm, session).await?,
            ..Parting::default()
        };
        if !realm.settings.logout.front_channel {
            return Ok(parting);
        }
        let (issuer, sid) = (realm.issuer(&ctx.public_url), session.sid.to_string());
        for part in &session.clients {
            let Some(client) = client::by_id(ctx, realm, part.client).await? else {
                continue;
            };
            let Some(uri) = channels::front_channel(&client) else {
                continue;
            };
            // §2: "if either is included, both MUST be"; they always are.
            parting.apps.push(client.id);
            parting.frames.push(AppFrame {
                name: client.name().to_owned(),
                address: append_query(uri, &[("iss", &issuer), ("sid", &sid)]),
            });
            if parting.frames.len() == MOST {
                break;
            }
        }
        Ok(parting)
    }

    /// Keeps it for the page that the browser is sent to next.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn keep(&self, browser: &BrowserState) -> Result<(), Fault> {
        if self.told.is_empty() && self.frames.is_empty() {
            return Ok(());
        }
        browser.set(KEPT, self).await
    }

    /// What was kept for this page; shown once, so that loading it again tells nobody again.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn kept(browser: &BrowserState) -> Result<Parting, Fault> {
        Ok(browser.take(KEPT).await?.unwrap_or_default())
    }

    /// The page.
    pub fn page(&self, gate: Gate, onward: Option<(String, String)>) -> SignedOutPage {
        SignedOutPage {
            gate,
            apps: self.told.clone(),
            frames: self.frames.clone(),
            soon: self.onward.clone().filter(|_| !self.frames.is_empty()),
            onward,
        }
    }

    /// Lets the page load its frames and nothing else, and notes on the receipt that it is given to the browser.
    pub async fn send(&self, ctx: &Context, realm: &Realm, response: &mut Response) {
        if let Some(act) = self.act
            && let Err(fault) = browser::note(ctx, realm, act, &self.apps).await
        {
            // The page is worth more than the note.
            log_fault(&fault);
        }
        let mut origins: Vec<String> = self
            .frames
            .iter()
            .filter_map(|frame| Url::parse(&frame.address).ok())
            .map(|url| url.origin().ascii_serialization())
            .collect();
        origins.sort_unstable();
        origins.dedup();
        if !origins.is_empty() {
            let origins: Vec<&str> = origins.iter().map(String::as_str).collect();
            headers::allow_frames(response.headers_mut(), &origins);
        }
    }
}
