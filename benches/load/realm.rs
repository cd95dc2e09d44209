//! The realms under load.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The realm that everything happens in; signs with ES256.
pub(super) const REALM: &str = "load";
/// A realm that signs with RS256.
pub(super) const REALM_RS256: &str = "load-rs256";
/// Where codes are sent; nobody listens there.
pub(super) const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
/// Signs people in.
pub(super) const WEB: (&str, &str) = ("load-web", "load-web-secret-0123456789abcdef");
/// The apps that sessions are filled with.
pub(super) const APPS: [&str; 3] = [WEB.0, "load-shop", "load-wiki"];
/// What the names of apps begin with that never answer.
pub(super) const HANGING: &str = "load-hang-";
/// Acts for itself, and introspects.
pub(super) const API: (&str, &str) = ("load-api", "load-api-secret-0123456789abcdef");
/// Administers the realm.
pub(super) const ADMIN: (&str, &str) = ("load-admin", "load-admin-secret-0123456789abcdef");
/// Administers the realm in the console: a name and a password.
pub(super) const CONSOLE: (&str, &str) = ("load-dana", "load-dana-password-0123456789abcdef");
/// What everybody's password begins with.
pub(super) const PASSWORD: &str = "correct-horse-battery";

/// People with a password: `load-user-0` and so on.
pub(super) fn username(number: usize) -> String {
    format!("load-user-{number}")
}

/// Writes the realm files.
pub(super) fn write(folder: &Path, users: usize) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let mut people = format!(
        "[[users]]\nusername = {:?}\npassword = {:?}\nroles = [\"realm-admin\"]\n",
        CONSOLE.0, CONSOLE.1
    );
    for number in 0..users {
        let name = username(number);
        write!(
            people,
            "[[users]]\nusername = {name:?}\npassword = \"{PASSWORD}-{number}\"\n[users.claims]\nname = \"Load User \
             {number}\"\nemail = \"{name}@example.com\"\nemail_verified = true\norganisation = \"Load Ltd\"\n"
        )?;
    }
    fs::write(
        folder.join("load.toml"),
        format!("{}{CLIENTS}{people}", head(REALM, "ES256")),
    )?;
    fs::write(
        folder.join("load-rs256.toml"),
        format!("{}{API_CLIENT}", head(REALM_RS256, "RS256")),
    )?;
    Ok(())
}

fn head(realm: &str, algorithm: &str) -> String {
    // Long lives, so that nothing ends by itself while it is measured.
    format!(
        "realm = {realm:?}\n[sessions]\nidle_timeout = \"24h\"\nmax_lifetime = \"48h\"\n[tokens]\n\
         access_token_lifetime = \"2h\"\nrefresh_idle_timeout = \"24h\"\nsigning_algorithm = {algorithm:?}\n"
    )
}

const API_CLIENT: &str = r#"
[[clients]]
client_id = "load-api"
client_secret = "load-api-secret-0123456789abcdef"
grant_types = ["client_credentials"]
token_endpoint_auth_method = "client_secret_basic"
scope = "openid"
"#;

const CLIENTS: &str = r#"
[[clients]]
client_id = "load-web"
client_name = "Load Web"
client_secret = "load-web-secret-0123456789abcdef"
redirect_uris = ["http://127.0.0.1:9/callback"]
grant_types = ["authorization_code", "refresh_token"]
token_endpoint_auth_method = "client_secret_basic"
scope = "openid profile email"
consent = "never"
require_pkce = true
[[clients]]
client_id = "load-shop"
client_secret = "load-shop-secret-0123456789abcdef"
redirect_uris = ["http://127.0.0.1:9/callback"]
scope = "openid profile email"
[[clients]]
client_id = "load-wiki"
client_secret = "load-wiki-secret-0123456789abcdef"
redirect_uris = ["http://127.0.0.1:9/callback"]
scope = "openid profile email"
[[clients]]
client_id = "load-api"
client_secret = "load-api-secret-0123456789abcdef"
grant_types = ["client_credentials"]
token_endpoint_auth_method = "client_secret_basic"
scope = "openid"
[[clients]]
client_id = "load-admin"
client_secret = "load-admin-secret-0123456789abcdef"
grant_types = ["client_credentials"]
token_endpoint_auth_method = "client_secret_basic"
scope = "openid"
service_account_roles = ["realm-admin"]
"#;
