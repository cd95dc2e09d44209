//! Every sign-in page with believable and with hostile content.

use super::*;
use crate::http::rendered::{NASTY, attribute, page, tag_with};

fn gate(realm_name: &str) -> Gate {
    Gate {
        realm_name: realm_name.to_owned(),
        ..Gate::nowhere(words::english())
    }
}

fn login() -> LoginPage {
    LoginPage {
        gate: gate("Acme Industries"),
        action: "/realms/acme-prod/login".to_owned(),
        csrf: "c5rf".to_owned(),
        interaction: "i_01KAKRQ7V3".to_owned(),
        client_name: Some("Payroll".to_owned()),
        username: "anna.keller".to_owned(),
        username_fixed: false,
        remember_offered: true,
        remember_checked: false,
        error: None,
        notice: Some(
            "An administrator signed you out of all apps at 14:32. Sign in again to carry on."
                .to_owned(),
        ),
        forgot_url: None,
        support_url: None,
        cancel: true,
    }
}

fn scope(scope: &str, label: &str, detail: &str) -> ScopeLine {
    ScopeLine {
        scope: scope.to_owned(),
        label: label.to_owned(),
        detail: detail.to_owned(),
    }
}

#[test]
fn login_has_the_fields_and_buttons_others_rely_on() {
    let html = page("login", &login());
    for id in [
        "login-form",
        "username",
        "password",
        "remember-me",
        "login-submit",
        "login-cancel",
        "client-name",
    ] {
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert_eq!(
        attribute(tag_with(&html, "id=\"login-form\""), "action"),
        Some("/realms/acme-prod/login")
    );
    assert_eq!(
        attribute(tag_with(&html, "id=\"remember-me\""), "name"),
        Some("remember")
    );
    let cancel = tag_with(&html, "id=\"login-cancel\"");
    assert!(cancel.contains("name=\"cancel\" value=\"1\"") && cancel.contains("formnovalidate"));
    assert!(html.contains("name=\"interaction\" value=\"i_01KAKRQ7V3\""));
    assert!(html.contains("An administrator signed you out"));
    assert!(!html.contains("login-error"));
    // Enter presses the first button of a form: that must be "Sign in".
    assert!(html.find("login-submit") < html.find("login-cancel"));
}

#[test]
fn a_failed_login_says_so_and_keeps_the_name_but_never_the_password() {
    let failed = LoginPage {
        error: Some(words::english().login.wrong.to_owned()),
        notice: None,
        ..login()
    };
    let html = page("login-error", &failed);
    assert!(tag_with(&html, "id=\"login-error\"").contains("role=\"alert\""));
    assert!(html.contains("Invalid username or password."));
    assert!(html.contains("<title>Error: Sign in · Acme Industries</title>"));
    assert_eq!(
        attribute(tag_with(&html, "id=\"username\""), "value"),
        Some("anna.keller")
    );
    assert_eq!(attribute(tag_with(&html, "id=\"password\""), "value"), None);
}

#[test]
fn a_realm_may_offer_neither_remembering_nor_cancelling() {
    let html = page(
        "login-plain",
        &LoginPage {
            remember_offered: false,
            cancel: false,
            client_name: None,
            notice: None,
            username: String::new(),
            ..login()
        },
    );
    for id in ["remember-me", "login-cancel", "client-name", "login-notice"] {
        assert!(!html.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn what_an_attacker_chose_stays_text() {
    let long = "x".repeat(300);
    let html = page(
        "login-nasty",
        &LoginPage {
            gate: gate(NASTY),
            client_name: Some(format!("{NASTY}{long}")),
            username: NASTY.to_owned(),
            error: Some(NASTY.to_owned()),
            notice: Some(NASTY.to_owned()),
            interaction: NASTY.to_owned(),
            ..login()
        },
    );
    assert!(html.contains("&#60;script&#62;alert(1)"));
    page(
        "error-nasty",
        &ErrorPage {
            gate: gate(NASTY),
            title: NASTY.to_owned(),
            code: NASTY.to_owned(),
            description: NASTY.to_owned(),
            id: NASTY.to_owned(),
            onward: None,
        },
    );
}

#[test]
fn consent_lists_each_scope_and_offers_both_answers() {
    let html = page(
        "consent",
        &ConsentPage {
            gate: gate("Acme Industries"),
            action: "/realms/acme-prod/consent".to_owned(),
            csrf: "c5rf".to_owned(),
            interaction: "i_1".to_owned(),
            client_name: "Payroll".to_owned(),
            client_host: "payroll.acme.example".to_owned(),
            username: "anna.keller".to_owned(),
            scopes: vec![
                scope("openid", "Know who you are", ""),
                scope("profile", "Your name", "Name, username, language"),
                scope("email", "Your email address", ""),
                scope(
                    "offline_access",
                    "Go on while you are away",
                    "Until you or an administrator signs you out",
                ),
            ],
            removable: true,
        },
    );
    for name in ["openid", "profile", "email", "offline_access"] {
        assert!(
            html.contains(&format!("<li data-scope=\"{name}\">")),
            "{name}"
        );
    }
    assert!(tag_with(&html, "id=\"consent-allow\"").contains("name=\"decision\" value=\"allow\""));
    assert!(tag_with(&html, "id=\"consent-deny\"").contains("name=\"decision\" value=\"deny\""));
    assert!(html.contains("id=\"consent-form\"") && html.contains("payroll.acme.example"));
}

#[test]
fn logout_asks_and_carries_the_request_through() {
    let html = page(
        "logout",
        &LogoutPage {
            gate: gate("Acme Industries"),
            action: "/realms/acme-prod/logout".to_owned(),
            csrf: "c5rf".to_owned(),
            hidden: vec![Hidden {
                name: "state".to_owned(),
                value: NASTY.to_owned(),
            }],
            username: "anna.keller".to_owned(),
            client_name: Some("Payroll".to_owned()),
            apps: vec!["Payroll".to_owned(), "Wiki".to_owned()],
            stay_url: Some("/realms/acme-prod/account".to_owned()),
        },
    );
    assert!(html.contains("id=\"logout-form\"") && html.contains("name=\"state\""));
    assert!(tag_with(&html, "id=\"logout-confirm\"").contains("type=\"submit\""));
}

#[test]
fn the_end_pages_say_what_happened() {
    let onward = Some((
        "Back to Payroll".to_owned(),
        "https://payroll.acme.example/".to_owned(),
    ));
    let html = page(
        "signed-out",
        &SignedOutPage {
            gate: gate("Acme Industries"),
            apps: vec!["Payroll".to_owned(), "Wiki".to_owned()],
            frames: Vec::new(),
            soon: None,
            onward: onward.clone(),
        },
    );
    assert!(html.contains("id=\"logged-out\">You are signed out<"));
    assert!(!html.contains("<iframe") && !html.contains("refresh"));

    let html = page(
        "signing-out",
        &SignedOutPage {
            gate: gate("Acme Industries"),
            apps: vec!["Payroll".to_owned()],
            frames: vec![AppFrame {
                name: NASTY.to_owned(),
                address: "https://wiki.acme.example/out?iss=a&sid=b\"><script>".to_owned(),
            }],
            soon: Some("https://payroll.acme.example/?state=1&x=\"".to_owned()),
            onward: onward.clone(),
        },
    );
    assert!(html.contains(
        "src=\"https://wiki.acme.example/out?iss=a&#38;sid=b&#34;&#62;&#60;script&#62;\""
    ));
    assert!(html.contains("content=\"3;url=https://payroll.acme.example/?state=1&#38;x=&#34;\""));
    assert!(
        html.contains("Best effort")
            && html.contains("sandbox=")
            && html.contains("data-after=\"3\"")
    );

    let html = page(
        "error",
        &ErrorPage {
            gate: gate("Acme Industries"),
            title: "This link does not work".to_owned(),
            code: "invalid_request".to_owned(),
            description: "The address the app wants to return to is not one it has registered. Go back to the app and start again.".to_owned(),
            id: "req_01KAKRQ7V3X5".to_owned(),
            onward: onward.clone(),
        },
    );
    for (id, text) in [
        ("error-code", "invalid_request"),
        ("error-id", "req_01KAKRQ7V3X5"),
    ] {
        assert!(html.contains(&format!("id=\"{id}\">{text}<")), "{id}");
    }
    assert!(html.contains("id=\"error-description\""));

    let html = page(
        "continue",
        &ContinuePage {
            gate: gate("Acme Industries"),
            client_name: "Payroll".to_owned(),
            url: "https://payroll.acme.example/cb?code=a&state=b".to_owned(),
        },
    );
    assert!(tag_with(&html, "id=\"continue\"").contains("code=a&#38;state=b"));
}

#[test]
fn a_chosen_theme_is_on_the_page_from_the_first_byte() {
    let dark = Gate {
        theme: Some("dark".to_owned()),
        ..gate("Acme Industries")
    };
    let html = page(
        "login-dark",
        &LoginPage {
            gate: dark,
            ..login()
        },
    );
    assert!(html.contains("<html lang=\"en\" dir=\"ltr\" data-theme=\"dark\">"));
}
