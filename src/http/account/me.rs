//! Who is at the other end of an account page.

use std::sync::Arc;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::pages::{Section, Shell};
use crate::domain::denial::ActiveSession;
use crate::domain::id::Sid;
use crate::domain::realm::Realm;
use crate::domain::record::Versioned;
use crate::domain::session;
use crate::domain::user::{self, User};
use crate::domain::{Actor, ActorKind, Context, Fault, denial};
use crate::http::console::pages::Person;
use crate::http::signin::csrf;
use crate::http::signin::headers::POLICY;
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::Words;
use crate::protocol::Params;

/// Somebody who looks at their own pages.
pub(super) struct Me {
    pub(super) visit: Visit,
    /// The session of this browser.
    pub(super) active: ActiveSession,
    /// Who they are.
    pub(super) user: Versioned<User>,
}

/// What a handler comes to: somebody, or the answer in their stead.
pub(super) enum Entered {
    Me(Box<Me>),
    Instead(Response),
}

impl Me {
    /// Who it is, or the way to sign in and back to `page`, which is below `/account`.
    pub(super) async fn enter(visit: Visit, page: &str) -> Entered {
        match known(&visit).await {
            Ok(Some((active, user))) => Entered::Me(Box::new(Me {
                visit,
                active,
                user,
            })),
            Ok(None) => {
                let next = visit.path(&format!("/account{page}"));
                let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
                let outcome = visit.go(&visit.path(&format!("/login?next={next}")));
                Entered::Instead(visit.answer(outcome))
            }
            Err(refusal) => Entered::Instead(visit.answer(Err(refusal))),
        }
    }

    pub(super) fn ctx(&self) -> &Context {
        self.visit.ctx()
    }

    pub(super) fn realm(&self) -> &Arc<Realm> {
        &self.visit.realm
    }

    pub(super) fn words(&self) -> &'static Words {
        self.visit.words()
    }

    /// The address of an account page.
    pub(super) fn at(&self, page: &str) -> String {
        self.visit.path(&format!("/account{page}"))
    }

    /// Who asks, about themselves.
    pub(super) fn actor(&self) -> Actor {
        Actor {
            kind: ActorKind::User,
            id: self.user.value.id.to_string(),
            name: self.user.value.username.clone(),
            realm: self.realm().name.clone(),
            sid: Some(self.active.session.sid),
            ip: Some(self.visit.peer.ip.clone()),
        }
    }

    /// A session of theirs that is good. Another's is not there.
    pub(super) async fn session(&self, sid: &str) -> Result<ActiveSession, Refusal> {
        let Ok(sid) = sid.parse::<Sid>() else {
            return Err(not_yours());
        };
        let found = denial::session(self.ctx(), self.realm(), sid).await?.ok();
        found
            .filter(|active| active.session.user == self.user.value.id)
            .ok_or_else(not_yours)
    }

    /// Their other sessions that are good, the newest sign-in first, and whether that is all of them.
    pub(super) async fn others(&self) -> Result<(Vec<ActiveSession>, bool), Fault> {
        let own = self.active.session.sid;
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let (rows, next) =
                session::of_user::active(self.ctx(), self.realm(), self.user.value.id, after, PAGE)
                    .await?;
            let good = rows.into_iter().filter_map(|row| row.active);
            found.extend(good.filter(|active| active.session.sid != own));
            after = next;
            if after.is_none() {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    /// Refuses a POST that no page of theirs sent.
    pub(super) async fn posted(&self, params: &Params, again: String) -> Result<(), Refusal> {
        csrf::check(&self.visit, params.one("csrf").unwrap_or_default(), again).await
    }

    /// What every account page shares.
    pub(super) async fn shell(&self, section: Section, page: &str) -> Result<Shell, Fault> {
        let user = &self.user.value;
        Ok(Shell {
            gate: self.visit.gate_at(self.at(page)),
            base: self.at(""),
            csrf: self.visit.browser.csrf(self.ctx()).await?,
            section,
            person: Person::new(user.display_name(), &user.username),
            sign_out_url: self.visit.path("/protocol/openid-connect/logout"),
        })
    }

    /// A page. Its forms stay here.
    pub(super) fn page(
        &self,
        status: StatusCode,
        page: &impl Template,
    ) -> Result<Response, Refusal> {
        let mut response = self.visit.page(status, page)?;
        if let Ok(policy) = HeaderValue::from_str(&format!("{POLICY}; form-action 'self'")) {
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }
}

/// 404: a session that is over, or another's.
pub(super) fn not_yours() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        |w| w.errors.not_yours_title,
        "not_found",
        |w| w.errors.not_yours,
    )
}

async fn known(visit: &Visit) -> Result<Option<(ActiveSession, Versioned<User>)>, Refusal> {
    if !visit.realm.settings.account.enabled {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            |w| w.errors.off_title,
            "account_off",
            |w| w.errors.account_off,
        ));
    }
    let Some(active) = visit.present().await?.good() else {
        return Ok(None);
    };
    let user = user::by_id(visit.ctx(), &visit.realm, active.session.user).await?;
    Ok(user.map(|user| (active, user)))
}

/// Sessions read at once.
const PAGE: usize = 200;
/// How many such pages are looked at: more sessions than a person has.
const PAGES: usize = 50;
