//! Two small pages beside those of [`super::pages`]: the form that carries an answer to an app, and "You are signed in".

use askama::Template;

use super::pages::{Gate, Hidden};

/// An answer that the browser posts to the app (OAuth 2.0 Form Post Response Mode). It has a button and no script.
#[derive(Debug, Template)]
#[template(path = "signin/templates/form_post.html")]
pub struct FormPostPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// The redirect URI.
    pub action: String,
    /// The answer.
    pub fields: Vec<Hidden>,
    /// The app, as it calls itself.
    pub client_name: String,
}

/// Where a sign-in ends that no app asked for.
#[derive(Debug, Template)]
#[template(path = "signin/templates/signed_in.html")]
pub struct SignedInPage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Who is signed in.
    pub username: String,
    /// Where "Sign out" leads.
    pub logout_url: String,
}

/// A session that its user may choose to end.
#[derive(Debug)]
pub struct HeldSession {
    /// Its id.
    pub sid: String,
    /// "Firefox 145 on Linux".
    pub device: String,
    /// The address it started at.
    pub ip: String,
    /// When it was last used, in words.
    pub last_active: String,
    /// When it started, in words.
    pub started: String,
    /// Whether it is ticked to begin with.
    pub checked: bool,
}

/// The choice of sessions to end, for somebody who holds as many as the realm allows. Posts `csrf`, `interaction` and
/// `end` for each one chosen, or `cancel=1`.
#[derive(Debug, Template)]
#[template(path = "signin/templates/choose.html")]
pub struct ChoosePage {
    /// What every sign-in page shares.
    pub gate: Gate,
    /// Where the form is posted.
    pub action: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// Names the sign-in that waits for this.
    pub interaction: String,
    /// The app that asks, as it calls itself.
    pub client_name: Option<String>,
    /// How many sessions the realm allows, in words: "one session", "3 sessions".
    pub limit: String,
    /// How many must end, in words: "one of these".
    pub need: String,
    /// What the person holds, oldest first.
    pub sessions: Vec<HeldSession>,
    /// Why the last answer was not enough.
    pub error: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::rendered::{NASTY, page};

    #[test]
    fn an_answer_of_an_attackers_making_stays_inside_its_field() {
        let html = FormPostPage {
            gate: Gate {
                realm_name: NASTY.to_owned(),
                theme: None,
            },
            action: "https://app.example/cb?a=b&c=d".to_owned(),
            fields: vec![Hidden {
                name: "state".to_owned(),
                value: NASTY.to_owned(),
            }],
            client_name: NASTY.to_owned(),
        };
        let html = html.render().unwrap();
        assert!(html.contains("action=\"https://app.example/cb?a=b&#38;c=d\""));
        assert!(!html.contains("<script") && !html.contains("<img"));
    }

    #[test]
    fn the_choice_of_sessions_says_what_each_is_and_proposes_enough() {
        let held = |sid: &str, checked| HeldSession {
            sid: sid.to_owned(),
            device: NASTY.to_owned(),
            ip: "192.0.2.1".to_owned(),
            last_active: "14:32 UTC on 3 March 2027".to_owned(),
            started: "9:00 UTC on 3 March 2027".to_owned(),
            checked,
        };
        let html = page(
            "choose",
            &ChoosePage {
                gate: Gate {
                    realm_name: "Acme Industries".to_owned(),
                    theme: None,
                },
                action: "/realms/acme/login/sessions".to_owned(),
                csrf: "c".to_owned(),
                interaction: "i".to_owned(),
                client_name: Some(NASTY.to_owned()),
                limit: "2 sessions".to_owned(),
                need: "one of these".to_owned(),
                sessions: vec![held("s1", true), held("s2", false)],
                error: Some("That is not enough yet.".to_owned()),
            },
        );
        assert!(html.contains("id=\"choose-form\"") && html.contains("id=\"choose-error\""));
        assert!(html.contains("value=\"s1\" checked") && !html.contains("value=\"s2\" checked"));
        assert!(!html.contains("<img"));
    }

    #[test]
    fn the_end_of_a_sign_in_says_who_and_offers_the_way_out() {
        let html = page(
            "signed-in",
            &SignedInPage {
                gate: Gate {
                    realm_name: "Acme Industries".to_owned(),
                    theme: None,
                },
                username: NASTY.to_owned(),
                logout_url: "/realms/acme/protocol/openid-connect/logout".to_owned(),
            },
        );
        assert!(html.contains("id=\"signed-in\"") && html.contains("id=\"logout-link\""));
    }
}
