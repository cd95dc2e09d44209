//! Every setting of an application: what it is called, what it means, and what the kinds of applications begin with.

use crate::domain::client::check::DEVICE_CODE;
use crate::domain::client::{AuthMethod, ClientSettings, ConsentRule, RevocationCheck};
use crate::http::console::fields::{Choices, Kind, Sheet, Spec, spec};

const METHODS: Choices = &[
    ("client_secret_basic", "A secret, in a header (usual)"),
    ("client_secret_post", "A secret, in the body"),
    ("client_secret_jwt", "A token signed with the secret"),
    ("private_key_jwt", "A token signed with its own key"),
    ("none", "Nothing: a public app that cannot keep a secret"),
];
const GRANTS: Choices = &[
    ("authorization_code", "Sign people in (authorization_code)"),
    ("refresh_token", "Stay signed in (refresh_token)"),
    ("client_credentials", "Act for itself, without people (client_credentials)"),
    (DEVICE_CODE, "Sign people in on a device without a browser (device_code)"),
];
const CONSENT: Choices = &[
    ("never", "Never"),
    ("once", "Until the person has allowed it once"),
    ("always", "At every sign-in"),
];
const INITIATORS: Choices = &[
    ("admin", "An administrator"),
    ("user", "The person, or an app in their name"),
    ("policy", "A rule of the realm"),
    ("system", "Time went by"),
];
const FORMATS: Choices = &[
    ("jwt", "A signed JWT, which an API can check by itself"),
    ("opaque", "A text that an API has to ask about"),
];
const CHECKS: Choices = &[
    ("none", "Not at all: it takes the token until it expires"),
    ("status-list", "It checks the status list that the token names"),
    ("introspection", "It asks about every token"),
];
const ALGS: Choices = &[("ES256", "ES256"), ("RS256", "RS256"), ("EdDSA", "EdDSA")];
const SUBJECTS: Choices = &[
    ("own", "The people who used it"),
    ("all", "Everybody in the realm"),
];
const NAMED: Choices = &[
    ("iss_sub", "Issuer and sub"),
    ("email", "E-mail address"),
    ("opaque", "The sub alone"),
];


const NEW_ID: Spec = spec("client_id", "client_id", Kind::Text,
    "How the app calls itself in every request. It cannot be changed later.");
const OLD_ID: Spec = spec("client_id", "client_id", Kind::Said,
    "How the app calls itself in every request. Tokens and apps know it by this, so it cannot be changed.");
const NAME: Spec = spec("client_name", "Name", Kind::Maybe,
    "What people read on the sign-in and consent pages, and administrators on receipts.");
const PAGE: Spec = spec("client_uri", "Its page", Kind::Maybe,
    "Where people get to by the app’s name; an address that starts with https://.");

const PROOF: Sheet = Sheet {
    title: "How it proves who it is",
    about: "",
    specs: &[
        spec("token_endpoint_auth_method", "Proof", Kind::One(METHODS),
            "Whoever has the code of an app that runs in a browser or on a phone can read a secret in it: such an app proves nothing, and PKCE protects it instead."),
        spec("client_secret", "Secret", Kind::Secret,
            "Leave this empty: the server makes a secret that nobody guesses, or keeps the one there is. Type one only to take over an app that has one already."),
        spec("jwks", "Public keys (jwks)", Kind::Json,
            "For tokens that the app signs with its own key: a JWK set with public keys only."),
        spec("require_pkce", "Require PKCE", Kind::Flag,
            "A code that is caught on its way back is worth nothing without it. Switch it off only for an old app with a secret that cannot do it."),
    ],
};
const MAY: Sheet = Sheet {
    title: "What it may do",
    about: "",
    specs: &[
        spec("grant_types", "Ways to a token", Kind::Some(GRANTS),
            "An app that signs people in needs the first; the second keeps them signed in without asking again; the third is for services, the last for televisions, printers and command lines."),
        spec("response_types", "Answers of the sign-in", Kind::Some(&[("code", "A code")]),
            "Only a code is answered, never a token in an address."),
        spec("scope", "Scopes", Kind::Text,
            "What it may ask for, separated by spaces: openid for sign-in, profile and email for what it learns of a person, offline_access for grants that outlive the session."),
        spec("consent", "Ask people for consent", Kind::One(CONSENT),
            "“Never” suits your own apps; for apps of others the person decides what the app gets."),
        spec("refresh_without_offline_access", "Refresh tokens without offline_access", Kind::Flag,
            "Such a token ends with the session. Without this, the app gets none unless it asks for offline_access."),
        spec("resources", "APIs it may call (resources)", Kind::Words,
            "Audiences its access tokens may be made for, one address a line. Without any they are made for the app itself."),
        spec("service_account_roles", "Roles of its own account", Kind::Words,
            "For a service without people: what it may do as itself, one role a line. An administrator’s role here needs the right to change the realm."),
    ],
};
const WHERE: Sheet = Sheet {
    title: "Where people are sent",
    about: "Compared letter by letter: no wildcards, no plain http but on this machine.",
    specs: &[
        spec("redirect_uris", "After sign-in (redirect_uris)", Kind::Words,
            "Where the answer of a sign-in may go, one address a line. Whoever else could be sent there gets the code, so list only addresses that are yours."),
        spec("post_logout_redirect_uris", "After sign-out (post_logout_redirect_uris)", Kind::Words,
            "Where a browser may go after the app signed its person out, one address a line."),
    ],
};
const TOLD: Sheet = Sheet {
    title: "How it learns of a sign-out",
    about: "An app without any of these goes on until a token it holds runs out.",
    specs: &[
        spec("backchannel_logout_uri", "Back-channel address", Kind::Maybe,
            "The server posts a signed logout token here the moment a session ends, and again for a day until the app confirms. This is the channel to have."),
        spec("backchannel_logout_session_required", "Always name the session", Kind::Flag,
            "The app finds its session by sid alone and wants no notice without it."),
        spec("backchannel_logout_user_wide", "One notice for all sessions of a person", Kind::Flag,
            "When everything of a person ends, one notice without sid tells so. Only for apps that find all their sessions by sub."),
        spec("backchannel_logout_initiators", "Whose sign-outs it is told of", Kind::Some(INITIATORS),
            "Tick all, unless the app itself ends sessions and wants no echo."),
        spec("webhook_uri", "Webhook", Kind::Maybe,
            "For apps that speak no OpenID Connect: a JSON message, signed as Standard Webhooks does."),
        spec("webhook_secret", "Webhook secret", Kind::Secret,
            "The key the app checks the signature with: whsec_ and 24 to 64 random bytes in base64. Leave it empty to keep the one there is."),
        spec("frontchannel_logout_uri", "Front-channel address", Kind::Maybe,
            "A page of the app that the person’s browser loads in a hidden frame at sign-out. Best effort: it needs that browser, and never counts as a confirmation."),
        spec("frontchannel_logout_session_required", "With issuer and session", Kind::Flag,
            "The front-channel address gets iss and sid. It always does; some apps insist on this being set."),
        spec("ssf_subjects", "Shared signals: of whom it hears", Kind::One(SUBJECTS),
            "When the app has an event stream. “Everybody” is for whoever watches over the realm, such as a security system."),
    ],
};
const COMMANDS: Sheet = Sheet {
    title: "Commands to end everything of a person",
    about: "Global token revocation.",
    specs: &[
        spec("global_token_revocation_endpoint", "Its endpoint", Kind::Maybe,
            "Where the app takes the command to end everything of one of its people. It is sent when everything of a person ends here."),
        spec("global_token_revocation_audience", "Audience", Kind::Maybe,
            "What the app expects as aud in the token that comes with the command; the endpoint itself when empty."),
        spec("global_token_revocation_subject", "How people are named", Kind::One(NAMED),
            "What the app knows its people by."),
        spec("global_token_revocation_issuer", "It may command this realm, as", Kind::Maybe,
            "The iss of tokens with which this app commands the realm to end everything of a person. It needs public keys and the scope gtr."),
    ],
};
const TOKENS: Sheet = Sheet {
    title: "Tokens",
    about: "",
    specs: &[
        spec("access_token_format", "Access tokens", Kind::MaybeOne("As the realm says", FORMATS),
            "An API that checks a JWT by itself may lag behind a sign-out; one that has to ask never does."),
        spec("access_token_revocation_check", "How its APIs learn that a token is over", Kind::One(CHECKS),
            "A promise of whoever runs them: what plans and receipts say of how long the app may go on rests on it."),
        spec("id_token_signed_response_alg", "Signature of ID tokens", Kind::MaybeOne("As the realm says", ALGS),
            "Also of logout tokens. RS256 is for apps that know nothing newer."),
    ],
};

/// The settings of an application that is to be.
pub const NEW: &[Sheet] = &[
    Sheet { title: "Name", about: "", specs: &[NEW_ID, NAME, PAGE] },
    PROOF, MAY, WHERE, TOLD, COMMANDS, TOKENS,
];

/// The settings of one that there is.
pub const OLD: &[Sheet] = &[
    Sheet { title: "Name", about: "", specs: &[OLD_ID, NAME, PAGE] },
    PROOF, MAY, WHERE, TOLD, COMMANDS, TOKENS,
];

/// A kind of application, for whoever makes one.
pub struct Sort {
    /// In the address.
    pub name: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What it is.
    pub about: &'static str,
}

/// The kinds there are.
pub const SORTS: [Sort; 6] = [
    Sort { name: "web", icon: "globe", label: "Web app with a server",
        about: "Pages made on a server of yours, which keeps the secret: a shop, a wiki, an intranet." },
    Sort { name: "spa", icon: "layout-grid", label: "Single-page app",
        about: "Runs in the browser alone. It has no secret; PKCE protects its sign-in." },
    Sort { name: "native", icon: "smartphone", label: "Mobile or desktop app",
        about: "Installed on a device. It has no secret and comes back by an address of its own." },
    Sort { name: "device", icon: "monitor-smartphone", label: "Device without a browser",
        about: "A television, a printer, a command line: it shows a code, and its person allows it in a browser elsewhere." },
    Sort { name: "service", icon: "terminal", label: "Service without people",
        about: "A job, a script, a back end that acts for itself." },
    Sort { name: "api", icon: "shield-check", label: "Resource server",
        about: "An API that signs nobody in and only asks whether tokens are still good." },
];

/// What an application of this kind begins with; the first kind for a name nobody knows.
pub fn preset(sort: &str) -> ClientSettings {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let usual = ClientSettings {
        scope: "openid profile email".to_owned(),
        ..ClientSettings::default()
    };
    match sort {
        "spa" | "native" => ClientSettings {
            token_endpoint_auth_method: AuthMethod::None,
            consent: if sort == "native" { ConsentRule::Once } else { ConsentRule::Never },
            ..usual
        },
        "device" => ClientSettings {
            token_endpoint_auth_method: AuthMethod::None,
            grant_types: texts(&[DEVICE_CODE, "refresh_token"]),
            response_types: Vec::new(),
            consent: ConsentRule::Once,
            ..usual
        },
        "service" => ClientSettings {
            grant_types: texts(&["client_credentials"]),
            scope: String::new(),
            refresh_without_offline_access: false,
            ..usual
        },
        "api" => ClientSettings {
            grant_types: Vec::new(),
            response_types: Vec::new(),
            scope: String::new(),
            refresh_without_offline_access: false,
            access_token_revocation_check: RevocationCheck::Introspection,
            ..usual
        },
        _ => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::check::found;
    use crate::http::console::fields::paths;

    #[test]
    fn every_setting_of_a_client_has_a_field() {
        let mut settings = serde_json::to_value(ClientSettings {
            client_secret: Some("x".to_owned()),
            webhook_secret: Some("x".to_owned()),
            ..ClientSettings::default()
        })
        .unwrap();
        // It has a button of its own, since it ends what was granted.
        settings.as_object_mut().unwrap().remove("enabled");
        let mut names: Vec<_> = settings.as_object().unwrap().keys().cloned().collect();
        names.sort();
        for sheets in [NEW, OLD] {
            let mut known = paths(sheets);
            known.sort_unstable();
            assert_eq!(known, names);
        }
    }

    #[test]
    fn every_kind_is_safe_as_it_comes() {
        for sort in SORTS {
            let mut settings = preset(sort.name);
            settings.client_id = "app".to_owned();
            assert_eq!(found(&settings), Vec::new(), "{}", sort.name);
            assert!(settings.require_pkce);
        }
    }
}
