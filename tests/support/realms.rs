//! The realms of the tests, as files: `demo` with its people and apps, `other` with namesakes, `master` with a service
//! that may do everything.

/// Two apps without channels, one that asks for consent, one for administrators, two on devices, services; alice, bob and
/// dana.
///
/// The lifetimes are far apart so that a clock can be moved past one of them alone: an ordinary session idles out after
/// two hours and lives three; a remembered one outlives both; a refresh-token family outlives every test.
pub const DEMO: &str = r#"
realm = "demo"
display_name = "Demo"
[sessions]
idle_timeout = "2h"
max_lifetime = "3h"
remember_me = true
remember_me_idle_timeout = "7d"
remember_me_max_lifetime = "30d"
[tokens]
access_token_lifetime = "5m"
authorization_code_lifetime = "60s"
refresh_idle_timeout = "20d"
offline_idle_timeout = "30d"
refresh_reuse_window = "10s"

[[clients]]
client_id = "web"
client_name = "Web Shop"
client_secret = "web-secret-with-:%+ &="
redirect_uris = ["https://web.example/callback"]
post_logout_redirect_uris = ["https://web.example/bye"]
scope = "openid profile email offline_access"

[[clients]]
client_id = "notes"
client_name = "Notes"
client_secret = "notes-secret"
redirect_uris = ["https://notes.example/callback"]
post_logout_redirect_uris = ["https://notes.example/bye"]
scope = "openid profile offline_access"

[[clients]]
client_id = "asks"
client_name = "Asking App"
token_endpoint_auth_method = "none"
redirect_uris = ["https://asks.example/callback"]
scope = "openid profile email"
consent = "always"

[[clients]]
client_id = "panel"
client_name = "Control Panel"
client_secret = "panel-secret"
redirect_uris = ["https://panel.example/callback"]
scope = "openid"
resources = ["{url}/admin"]

[[clients]]
client_id = "tv"
client_name = "Television"
token_endpoint_auth_method = "none"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
response_types = []
scope = "openid profile offline_access"

[[clients]]
client_id = "kiosk"
client_name = "Kiosk"
client_secret = "kiosk-secret"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code"]
response_types = []
scope = "openid"

[[clients]]
client_id = "ops"
client_secret = "ops-secret"
grant_types = ["client_credentials"]
scope = "openid"
service_account_roles = ["realm-admin"]

[[clients]]
client_id = "viewer"
client_secret = "viewer-secret"
grant_types = ["client_credentials"]
scope = "openid"
service_account_roles = ["sessions-viewer"]

[[clients]]
client_id = "siem"
client_secret = "siem-secret"
grant_types = ["client_credentials"]
scope = "gtr"

[[clients]]
client_id = "plain"
client_secret = "plain-secret"
grant_types = ["client_credentials"]
scope = "openid"

[[users]]
username = "alice"
password = "alice-password"
roles = ["sessions-viewer"]
[users.claims]
name = "Alice Adams"
email = "alice@example.com"
email_verified = true

[[users]]
username = "bob"
password = "bob-password"
[users.claims]
name = "Bob Brown"

[[users]]
username = "dana"
password = "dana-password"
roles = ["realm-admin"]
[users.claims]
name = "Dana Davis"
"#;

/// A realm with the same names in it.
pub const OTHER: &str = r#"
realm = "other"
[tokens]
refresh_idle_timeout = "20d"

[[clients]]
client_id = "web"
client_secret = "other-web-secret"
redirect_uris = ["https://web.example/callback"]
scope = "openid profile email offline_access"

[[clients]]
client_id = "ops"
client_secret = "other-ops-secret"
grant_types = ["client_credentials"]
scope = "openid"
service_account_roles = ["realm-admin"]

[[users]]
username = "alice"
password = "other-alice-password"
"#;

/// The server's own realm, with a service account that holds every right everywhere.
pub const MASTER: &str = r#"
realm = "master"
[[clients]]
client_id = "root"
client_secret = "root-secret"
grant_types = ["client_credentials"]
scope = "openid"
service_account_roles = ["server-admin"]
"#;

/// The realm `demo` with more apps: `(client_id, backchannel_logout_uri)`, the secret `{client_id}-secret`.
pub fn with_apps(apps: &[(&str, &str)]) -> String {
    let mut text = DEMO.to_owned();
    for (id, uri) in apps {
        text.push_str(&format!(
            r#"
[[clients]]
client_id = "{id}"
client_name = "The app {id}"
client_secret = "{id}-secret"
redirect_uris = ["https://{id}.example/callback"]
scope = "openid profile offline_access"
backchannel_logout_uri = "{uri}"
backchannel_logout_session_required = true
"#
        ));
    }
    text
}

/// Writes the three files into a folder; `url` is the server's public address.
pub fn write(folder: &std::path::Path, url: &str) {
    std::fs::create_dir_all(folder).expect("a folder for realm files");
    for (name, text) in [("demo", DEMO), ("other", OTHER), ("master", MASTER)] {
        std::fs::write(
            folder.join(format!("{name}.toml")),
            text.replace("{url}", url),
        )
        .expect("a realm file");
    }
}
