//! Many people brought in from the console: a file or a pasted text, what it would do, and how far it is.

use axum::http::StatusCode;

use super::{Browser, Reply, site};
use crate::domain::time::Span;
use crate::domain::user::import::work::{resume, step};
use crate::domain::user::{self, find};

const FORM: &str = "/admin/demo/users/import";

impl Browser {
    /// Sends the form with a file.
    async fn upload(&mut self, file: &str, fields: &[(&str, &str)]) -> Reply {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut all: Vec<_> = fields.iter().map(own).collect();
        if !fields.iter().any(|(name, _)| *name == "csrf") {
            let csrf = self.get(FORM).await.fields("csrf").pop().unwrap();
            all.push(("csrf".to_owned(), csrf));
        }
        self.post_file(FORM, &all, ("file", file.as_bytes())).await
    }
}

#[tokio::test]
async fn a_file_is_shown_before_it_is_written_and_its_progress_survives_a_reload() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    site.signed_in("bert").await;
    assert!(browser.get("/admin/demo/users").await.has(FORM));
    let mut file = "username,name,email,roles,password\nbert,Bert B,,,\n".to_owned();
    for n in 0..60 {
        file.push_str(&format!("many-{n:02},Many {n},m{n}@x.example,staff,\n"));
    }
    let sent = browser.upload(&file, &[("if_exists", "update")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let at = sent.location().to_owned();
    let asked = browser.get(&at).await;
    assert!(
        asked.has("Import 61 people?") && asked.has("60 new, 1 exists already"),
        "{}",
        asked.body
    );
    assert!(asked.has("Is changed") && asked.has("The first 10 people"));
    resume(&site.ctx).await.unwrap();
    assert!(
        find(&site.ctx, &site.realm, "many-00")
            .await
            .unwrap()
            .is_none(),
        "asked, not begun"
    );

    let begun = browser.post(&format!("{at}/begin"), &[]).await;
    assert_eq!(begun.location(), at);
    let id = at.rsplit('/').next().unwrap().parse().unwrap();
    step(&site.ctx, &site.realm, id).await.unwrap();
    step(&site.ctx, &site.realm, id).await.unwrap();
    let running = browser.get(&at).await;
    assert!(
        running.has("Importing 61 people") && running.has("id=\"refresh\""),
        "{}",
        running.body
    );
    assert!(
        browser
            .get("/admin/demo/overview")
            .await
            .has("People are being imported")
    );
    assert!(browser.get(FORM).await.has("of 61 done"));
    // Pressed once more, in another tab.
    assert_eq!(
        browser.post(&format!("{at}/begin"), &[]).await.location(),
        at
    );
    resume(&site.ctx).await.unwrap();
    let part = browser.part(&at, "import").await;
    assert!(
        part.body
            .trim_start()
            .starts_with("<div class=\"import-wide\" id=\"import\""),
        "{}",
        part.body
    );
    assert!(
        part.has("data-complete=\"true\"") && part.has("61 people imported"),
        "{}",
        part.body
    );
    assert_eq!(
        user::count(&site.ctx, &site.realm, "many-").await.unwrap(),
        60
    );
    let bert = find(&site.ctx, &site.realm, "bert").await.unwrap().unwrap();
    assert_eq!(bert.value.display_name(), "Bert B");
    assert!(
        !browser
            .get("/admin/demo/overview")
            .await
            .has("People are being imported")
    );
}

#[tokio::test]
async fn a_wrong_file_is_said_line_by_line_and_a_pasted_text_is_kept() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let text = "username,enabled\nanna,<b>perhaps</b>\nanna,true\nanna,true";
    let reply = browser
        .upload("", &[("text", text), ("if_exists", "fail")])
        .await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        reply.has("2 things in the file are wrong") && !reply.has("<b>perhaps"),
        "{}",
        reply.body
    );
    assert!(reply.has("Nothing was imported.") && reply.has("role=\"alert\""));
    assert!(
        reply.body.contains("anna,true\nanna,true"),
        "what was pasted is kept"
    );
    let fail = reply.tags("value=\"fail\"");
    assert!(fail[0].contains("checked"), "{fail:?}");
    let nothing = browser.upload("", &[]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.has("Choose a file, or paste"), "{}", nothing.body);
}

#[tokio::test]
async fn only_who_may_manage_users_imports_and_only_from_a_page_of_theirs() {
    let site = site().await;
    let realm = site.realm.clone();
    let (mut viewer, _) = site.console(&realm, "otto", &["sessions-operator"]).await;
    assert_eq!(viewer.get(FORM).await.status, StatusCode::FORBIDDEN);
    assert!(!viewer.get("/admin/demo/users").await.has(FORM));
    let (mut manager, _) = site.console(&realm, "mia", &["users-manager"]).await;
    let forged = manager.upload("username\nanna\n", &[("csrf", "x")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let above = manager
        .upload("username,roles\nmole,realm-admin\n", &[])
        .await;
    assert_eq!(above.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(above.has("administrator"), "{}", above.body);
    let sent = manager.upload("username\nanna\n", &[]).await;
    let at = sent.location().to_owned();
    assert_eq!(viewer.get(&at).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        viewer.post(&format!("{at}/begin"), &[]).await.status,
        StatusCode::FORBIDDEN
    );
    // Somebody else's file is theirs to begin.
    let (mut admin, _) = site.admin().await;
    assert!(admin.get(&at).await.has("mia brought this file"));
    assert_eq!(
        admin.post(&format!("{at}/begin"), &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let csrf = manager.get(FORM).await.fields("csrf").pop().unwrap();
    let fields = [("csrf", csrf.as_str())];
    let origin = [("origin", "http://localhost:8080")];
    let dropped = manager
        .post_raw(&format!("{at}/discard"), &fields, &origin)
        .await;
    assert_eq!(dropped.location(), FORM);
    assert_eq!(manager.get(&at).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        manager.get("/admin/demo/users/imports/7").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn people_who_are_there_are_changed_only_with_fresh_credentials() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let session = site.signed_in("bert").await;
    let file = "username,enabled\nbert,false\n";
    let sent = browser.upload(file, &[("if_exists", "update")]).await;
    let at = sent.location().to_owned();
    site.clock.advance(Span::mins(6));
    assert!(browser.get(&at).await.has("asked for your password"));
    let begun = browser.post(&format!("{at}/begin"), &[]).await;
    let to = begun.location().to_owned();
    assert!(
        to.starts_with("/admin/demo/sign-in?fresh=1&return="),
        "{to}"
    );
    resume(&site.ctx).await.unwrap();
    assert!(site.is_good(&session).await, "asked, not begun");
    // Nobody is changed by this one, and it begins.
    let sent = browser.upload(file, &[]).await;
    let at = sent.location().to_owned();
    assert_eq!(
        browser.post(&format!("{at}/begin"), &[]).await.location(),
        at
    );
}
