//! The gate of every page of a realm: a good session, and a role that reaches this realm, or another page instead.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::address::{Address, inside};
use super::frame::{self, Stop};
use super::menu;
use super::pages::{Link, MessagePage, Person, Section, Shell};
pub use super::posted::Form;
use super::visitor::{Absent, Admin, Visitor};
use crate::domain::access::{self, Right};
use crate::domain::outbox::listing;
use crate::domain::realm::{self, Realm};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault};
use crate::http::browser::BrowserState;
use crate::http::cookies;
use crate::http::signin::csrf::is_foreign;
use crate::http::state::{App, Web};

/// A request for a page of a realm by somebody who may at least look.
pub struct Gate {
    /// The domain's context.
    pub ctx: Arc<Context>,
    /// What the web layer was told.
    pub web: Arc<Web>,
    /// The realm that is looked at.
    pub realm: Arc<Realm>,
    /// Who looks.
    pub admin: Admin,
    /// The moment of the request: everything on a page is of the same one.
    pub now: Timestamp,
    /// The token that its forms carry.
    pub csrf: String,
    /// The part of the page that is asked for, when not all of it is (`X-Fragment`).
    pub fragment: Option<String>,
    /// The query as it was sent.
    pub query: String,
    /// Notices that are tried again, as far as one look shows, and whether that is all.
    retrying: (usize, bool),
    id: String,
    browser: BrowserState,
    headers: HeaderMap,
}

impl FromRequestParts<App> for Gate {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Gate, Stop> {
        let params = RawPathParams::from_request_parts(parts, app).await.ok();
        let named = params
            .iter()
            .flatten()
            .find(|(key, _)| *key == "realm")
            .map(|(_, value)| value.to_owned());
        let visitor = Visitor::from_request_parts(parts, app).await?;
        let realm = realm::find(&app.ctx, named.as_deref().unwrap_or_default()).await?;
        if let Err(absent) = &visitor.admin {
            // A script asks, which cannot sign anybody in.
            if fragment(&visitor.headers).is_some() || parts.uri.path().ends_with("/live") {
                return Err(StatusCode::UNAUTHORIZED.into_response().into());
            }
            return Err(sign_in_first(&visitor, absent, realm.as_deref()));
        }
        let mut gate = Gate::at_the_front(visitor).await?;
        let Some(realm) = realm else {
            let text = "The address names a realm that does not exist on this server.";
            return Err(gate.says(StatusCode::NOT_FOUND, "There is no such realm", text));
        };
        gate.realm = realm;
        let watches = gate.may(Right::ViewSessions) || gate.may(Right::ViewClients);
        if watches && gate.fragment.is_none() {
            gate.retrying = listing::retrying(&gate.ctx, &gate.realm).await?;
        }
        gate.let_in()
    }
}

impl Gate {
    /// The gate of a page about no realm, framed as one of the administrator's own.
    ///
    /// # Errors
    /// [`Stop`] when nobody is signed in.
    pub async fn at_the_front(visitor: Visitor) -> Result<Gate, Stop> {
        let Visitor {
            app,
            browser,
            admin,
            headers,
            target,
            id,
            ..
        } = visitor;
        let Ok(admin) = admin else {
            return Err(StatusCode::UNAUTHORIZED.into_response().into());
        };
        let query = target
            .split_once('?')
            .map_or("", |(_, query)| query)
            .to_owned();
        Ok(Gate {
            now: app.ctx.now(),
            csrf: browser.csrf(&app.ctx).await?,
            realm: admin.home.clone(),
            admin,
            fragment: fragment(&headers),
            query,
            retrying: (0, true),
            id,
            browser,
            headers,
            ctx: app.ctx,
            web: app.web,
        })
    }

    fn let_in(self) -> Result<Gate, Stop> {
        if self.first_page().is_some() {
            return Ok(self);
        }
        if self.admin.home.id == self.realm.id {
            return Err(self.lacks(Right::ViewSessions));
        }
        let name = self.realm.name.clone();
        let text = format!(
            "You are signed in at the realm {} as {}, which has no say in the realm {name}. Sign in there as one of its \
             administrators.",
            self.admin.home.name, self.admin.user.username
        );
        let back = self.at("").to_string();
        let mut links = vec![Link {
            label: format!("Sign in at {name}"),
            url: self.at("/sign-in").with("return", &back).to_string(),
        }];
        let home = self.at_home();
        if let Some(first) = home.first_page() {
            let label = format!("Console of {}", home.realm.name);
            links.push(home.link(&label, first));
        }
        Err(home.message(StatusCode::FORBIDDEN, "This is another realm", &text, links))
    }

    /// The page that opens first for this person here; `None` when they may use none.
    pub fn first_page(&self) -> Option<&'static str> {
        menu::first(|right| self.may(right))
    }

    /// The same request, looked at from the administrator's own realm: what frames a page about a realm they have no
    /// say in.
    fn at_home(self) -> Gate {
        Gate {
            realm: self.admin.home.clone(),
            ..self
        }
    }

    /// Whether the administrator may do this here.
    pub fn may(&self, right: Right) -> bool {
        self.admin.may(right, &self.realm)
    }

    /// Stops a request for something the administrator may not do.
    ///
    /// # Errors
    /// The page that says which role is needed.
    pub fn need(&self, right: Right) -> Result<(), Stop> {
        if self.may(right) {
            Ok(())
        } else {
            Err(self.lacks(right))
        }
    }

    fn lacks(&self, right: Right) -> Stop {
        let (what, roles) = match right {
            Right::ViewSessions => (
                "seeing sessions",
                "sessions-viewer, sessions-operator, auditor or realm-admin",
            ),
            Right::EndSessions => ("ending sessions", "sessions-operator or realm-admin"),
            Right::ViewUsers => (
                "seeing users",
                "users-manager, sessions-operator or realm-admin",
            ),
            Right::ManageUsers => ("changing users", "users-manager or realm-admin"),
            Right::ViewClients => ("seeing applications", "clients-manager or realm-admin"),
            Right::ManageClients => ("changing applications", "clients-manager or realm-admin"),
            Right::ManageRealm => ("the settings and keys", "realm-admin"),
            Right::ViewAudit => ("reading the events", "auditor or realm-admin"),
            Right::ManageServer => ("the server", "server-admin, in the realm master"),
        };
        let text = format!(
            "The account {} has no role for {what} in the realm {}. It needs one of: {roles}. Ask an administrator of the \
             realm to give it to you.",
            self.admin.user.username, self.realm.name
        );
        self.says(StatusCode::FORBIDDEN, "You may not do this", &text)
    }

    /// A page of the console of this realm; `rest` starts with a slash.
    pub fn at(&self, rest: &str) -> Address {
        Address::new(&self.realm.name, rest)
    }

    /// The console's address of this realm, without a slash at its end.
    pub fn base(&self) -> String {
        self.at("").to_string()
    }

    /// The frame of a page.
    pub fn shell(&self, section: Section) -> Shell {
        let user = &self.admin.user;
        let mut shell = Shell {
            theme: None,
            realm: self.realm.name.clone(),
            realm_name: self.realm.display_name().to_owned(),
            base: self.base(),
            csrf: self.csrf.clone(),
            section,
            groups: menu::groups(|right| self.may(right)),
            person: Person::new(user.display_name(), &user.username),
            role: role(&self.admin, &self.realm).to_owned(),
            all_realms: self.admin.runs_the_server(),
            now: self.now.rfc3339(),
        };
        if let (n @ 1.., exact) = self.retrying {
            shell.count(
                Section::Deliveries,
                format!("{n}{}", if exact { "" } else { "+" }),
            );
        }
        shell
    }

    /// A page that says something instead of what was asked for.
    pub fn message(
        &self,
        status: StatusCode,
        title: &str,
        description: &str,
        mut links: Vec<Link>,
    ) -> Stop {
        if links.is_empty()
            && let Some(first) = self.first_page()
        {
            links.push(self.link("Go to the console", first));
        }
        let page = MessagePage {
            shell: self.shell(Section::Other),
            title: title.to_owned(),
            description: description.to_owned(),
            code: status.as_u16().to_string(),
            id: self.id.clone(),
            links,
        };
        frame::html(status, &page).into()
    }

    /// The same with nowhere else to go on to.
    pub fn says(&self, status: StatusCode, title: &str, description: &str) -> Stop {
        self.message(status, title, description, Vec::new())
    }

    /// A link into this console; `rest` starts with a slash.
    pub fn link(&self, label: &str, rest: &str) -> Link {
        Link {
            label: label.to_owned(),
            url: self.at(rest).to_string(),
        }
    }

    /// A cookie of the browser's.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookies::named(&self.headers, name).next()
    }

    /// What is kept with this browser.
    pub fn browser(&self) -> &BrowserState {
        &self.browser
    }

    /// Reads a posted form, once it is certain that a page of the console posted it.
    ///
    /// # Errors
    /// The page that refuses it.
    pub async fn posted(&self, body: &Bytes) -> Result<Form, Stop> {
        let form = Form::posted(&self.headers, body).await;
        if accepts(&self.browser, &self.headers, &self.ctx, &form).await? {
            return Ok(form);
        }
        let text = "This form did not come from a page of yours, or the page is too old. Nothing was changed.";
        Err(self.says(StatusCode::FORBIDDEN, "The form was refused", text))
    }

    /// The page of this realm's console that the browser comes from, when it says so.
    pub fn came_from(&self) -> Option<&str> {
        let referrer = self.headers.get(header::REFERER)?.to_str().ok()?;
        let path = inside(referrer.strip_prefix(self.ctx.public_url.as_str())?)?;
        path.strip_prefix(self.base().as_str())
            .filter(|rest| rest.starts_with("/sessions"))
            .map(|_| path)
    }
}

/// Whether a posted form carries this browser's token and no header says that another site sent it.
///
/// # Errors
/// [`Fault`] when the browser state cannot be read.
pub async fn accepts(
    browser: &BrowserState,
    headers: &HeaderMap,
    ctx: &Context,
    form: &Form,
) -> Result<bool, Fault> {
    Ok(!is_foreign(headers, &ctx.public_url) && browser.check_csrf(form.one("csrf")).await?)
}

fn sign_in_first(visitor: &Visitor, absent: &Absent, realm: Option<&Realm>) -> Stop {
    let Some(realm) = realm else {
        let text = "The address names a realm that does not exist on this server.";
        let id = visitor.id.clone();
        return frame::bare(
            StatusCode::NOT_FOUND,
            "There is no such realm",
            text,
            id,
            None,
        )
        .into();
    };
    let at = match absent {
        Absent::Nobody => &realm.name,
        Absent::Ended { home } => home,
    };
    let sessions = Address::new(&realm.name, "/sessions").to_string();
    let back = visitor.to_return_to().unwrap_or(&sessions);
    let to = Address::new(at, "/sign-in")
        .with("return", back)
        .to_string();
    let mut response: Response = Redirect::to(&to).into_response();
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    response.into()
}

fn fragment(headers: &HeaderMap) -> Option<String> {
    headers.get("x-fragment")?.to_str().ok().map(str::to_owned)
}

fn role(admin: &Admin, realm: &Realm) -> &'static str {
    let has = |role: &str| admin.user.roles.iter().any(|r| r == role);
    if admin.home.name == access::MASTER && has("server-admin") {
        return "Server administrator";
    }
    if admin.home.id != realm.id {
        return "No role here";
    }
    let known = [
        ("realm-admin", "Realm administrator"),
        ("sessions-operator", "Sessions operator"),
        ("sessions-viewer", "Sessions viewer"),
        ("auditor", "Auditor"),
        ("users-manager", "Users manager"),
        ("clients-manager", "Clients manager"),
    ];
    known
        .iter()
        .find(|(name, _)| has(name))
        .map_or("No role here", |(_, words)| words)
}
