//! "Sign out": the administrator ends their own session on purpose, through the same door as everybody else's.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::address::Address;
use super::frame::{self, Answer};
use super::gate::{Form, accepts};
use super::visitor::{HANDLE, Handle, Visitor};
use crate::domain::signout::{self, EndError, Reason, Request, Selection};
use crate::domain::{ActorKind, Fault};
use crate::domain::{realm, session};
use crate::http::signin::cookie;
use crate::http::signin::pages::Gate as Plain;
use crate::http::signin::parting::Parting;
use crate::http::words;

/// `POST /admin/{realm}/sign-out`. Asks for no role: everybody may leave.
pub async fn sign_out(Path(name): Path<String>, visitor: Visitor, body: Bytes) -> Answer {
    let Visitor {
        app,
        browser,
        admin,
        headers,
        id,
        ..
    } = visitor;
    let Ok(admin) = admin else {
        return Ok(Redirect::to(&Address::new(&name, "/signed-out").to_string()).into_response());
    };
    let home = Address::new(&admin.home.name, "/signed-out").to_string();
    if !accepts(&browser, &headers, &app.ctx, &Form::read(&body)).await? {
        let text = "This form did not come from a page of yours, or the page is too old. You are still signed in.";
        let onward = Some((
            "Back to the console",
            Address::new(&admin.home.name, "/sessions"),
        ));
        return Ok(frame::bare(
            StatusCode::FORBIDDEN,
            "The form was refused",
            text,
            id,
            onward,
        ));
    }
    let select = Selection::Sessions(vec![admin.sid().to_string()]);
    let request = Request::new(select, Reason::User, admin.actor(ActorKind::User));
    let (ctx, realm) = (app.ctx.clone(), admin.home.clone());
    let mut parting = match session::find(&ctx, &realm, admin.sid()).await? {
        Some(session) => Parting::of(&ctx, &realm, &session.value).await?,
        None => Parting::default(),
    };
    // The act survives a browser that hangs up.
    let act = tokio::spawn(async move { signout::end(&ctx, &realm, &request).await });
    match act.await {
        Ok(Ok(act)) => parting.act = Some(act.id),
        Ok(Err(EndError::Fault(fault))) => return Err(fault.into()),
        Ok(Err(EndError::OnlyOwn | EndError::Nothing)) => {
            return Err(Fault::Record("own session").into());
        }
        Err(_) => return Err(Fault::Busy.into()),
    }
    browser.take::<Handle>(HANDLE).await?;
    parting.keep(&browser).await?;
    let mut response = Redirect::to(&home).into_response();
    cookie::clear(&mut response, &app, &admin.home);
    Ok(response)
}

/// `GET /admin/{realm}/signed-out`: for nobody in particular.
pub async fn signed_out(Path(name): Path<String>, visitor: Visitor) -> Answer {
    let realm = realm::find(&visitor.app.ctx, &name).await?;
    let shown = realm
        .as_ref()
        .map_or("Realmkeep", |realm| realm.display_name());
    let again = realm
        .as_ref()
        .map(|realm| Address::new(&realm.name, "/sign-in").to_string());
    let gate = Plain {
        realm_name: shown.to_owned(),
        ..Plain::nowhere(words::english())
    };
    let parting = Parting::kept(&visitor.browser).await?;
    let page = parting.page(gate, again.map(|url| ("Sign in again".to_owned(), url)));
    let mut response = frame::html(StatusCode::OK, &page);
    if let Some(realm) = &realm {
        parting.send(&visitor.app.ctx, realm, &mut response).await;
    }
    Ok(response)
}
