//! Apache with Debian's libapache2-mod-auth-openidc.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::support::process::{Process, free_port};

const APACHE: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";

/// An Apache of its own: one process in the foreground, its files in one folder.
struct Apache {
    folder: TempDir,
    port: u16,
    running: Option<Process>,
}

impl Apache {
    fn new() -> Apache {
        for (file, package) in [
            (APACHE.to_owned(), "apache2-bin"),
            (
                format!("{MODULES}/mod_auth_openidc.so"),
                "libapache2-mod-auth-openidc",
            ),
        ] {
            assert!(
                Path::new(&file).exists(),
                "Debian's package {package} is needed for this test (tests/run installs it): there is no {file}"
            );
        }
        Apache {
            folder: tempfile::tempdir().expect("a folder"),
            port: free_port(),
            running: None,
        }
    }

    fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Its callback, which is below the pages it guards.
    fn callback(&self) -> String {
        self.at("/private/callback")
    }

    /// Where it takes notices.
    fn told_at(&self) -> String {
        self.at("/private/callback?logout=backchannel")
    }

    /// Writes its configuration for this provider, with sessions kept in `cache`: `shm` or `file`.
    fn configure(&self, issuer: &str, cache: &str) {
        let root = self.folder.path();
        std::fs::create_dir_all(root.join("pages/private")).expect("a folder for pages");
        std::fs::create_dir_all(root.join("cache")).expect("a folder for sessions");
        std::fs::write(root.join("pages/private/index.html"), "The private page\n")
            .expect("a page");
        // As root it works as another user, who must be able to read, and to write the sessions.
        open(root, 0o755);
        open(&root.join("cache"), 0o777);
        let (dir, port, callback) = (root.display(), self.port, self.callback());
        let text = format!(
            r#"
LoadModule mpm_event_module {MODULES}/mod_mpm_event.so
LoadModule authn_core_module {MODULES}/mod_authn_core.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
LoadModule authz_user_module {MODULES}/mod_authz_user.so
LoadModule dir_module {MODULES}/mod_dir.so
LoadModule headers_module {MODULES}/mod_headers.so
LoadModule auth_openidc_module {MODULES}/mod_auth_openidc.so
ServerRoot {dir}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {dir}/pid
ErrorLog {dir}/log
LogLevel info
User www-data
Group www-data
DocumentRoot {dir}/pages
DirectoryIndex index.html

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {ID}
OIDCClientSecret {SECRET}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCIDTokenSignedResponseAlg ES256
OIDCPKCEMethod S256
OIDCScope "openid profile"
OIDCRedirectURI {callback}
OIDCCryptoPassphrase of-this-test-alone
OIDCRemoteUserClaim name
OIDCSessionType server-cache
OIDCCacheType {cache}
OIDCCacheDir {dir}/cache
<Location /private>
    AuthType openid-connect
    Require valid-user
    Header set x-remote-user "expr=%{{REMOTE_USER}}"
</Location>
"#
        );
        std::fs::write(root.join("apache.conf"), text).expect("a configuration");
    }

    async fn up(&mut self) {
        let mut command = Command::new(APACHE);
        command.env_clear().arg("-X").arg("-f");
        command.arg(self.folder.path().join("apache.conf"));
        let running = self.running.insert(Process::spawn(command));
        let log = self.folder.path().join("log");
        let url = format!("http://127.0.0.1:{}/", self.port);
        answers("apache2", &url, || {
            format!(
                "{}{}",
                running.log(),
                std::fs::read_to_string(&log).unwrap_or_default()
            )
        })
        .await;
    }

    fn down(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.terminate();
        }
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            eprintln!("Apache says: {}", log.unwrap_or_default());
        }
        self.down();
    }
}

fn open(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its own folder");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mod_auth_openidc_loses_what_is_invalidated_and_nothing_else() {
    let mut apache = Apache::new();
    let server = provider(&apache.callback(), &apache.told_at()).await;
    apache.configure(&server.issuer("demo"), "shm");
    apache.up().await;
    let untouched = Seen::Page("Alice Adams".to_owned());
    let private = apache.at("/private/");
    loses_what_is_invalidated_and_nothing_else(&server, &private, untouched).await;
}

/// An app that is down while the administrator invalidates, and comes back with its sessions, is told then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mod_auth_openidc_is_told_when_it_comes_back_with_its_sessions() {
    let mut apache = Apache::new();
    let server = provider(&apache.callback(), &apache.told_at()).await;
    apache.configure(&server.issuer("demo"), "file");
    apache.up().await;
    let private = apache.at("/private/");
    let (alices, bobs) = (Browser::default(), Browser::default());
    sign_in(&alices, &private, "alice").await;
    sign_in(&bobs, &private, "bob").await;

    apache.down();
    let ops = server.ops();
    let alice = ops.user_id("alice").await;
    let made = ops.sign_out(json!({ "users": [alice] })).await;
    let id = made["id"].as_str().expect("an id");
    until("a failed attempt is on the receipt", SOON, async || {
        let row = stands(&ops, id, ID, "retrying", SOON).await;
        row["attempts"].as_u64() > Some(0)
    })
    .await;

    apache.up().await;
    stands(&ops, id, ID, "acknowledged", PATIENCE).await;
    assert_eq!(look(&alices, &private).await, Seen::Login);
    let bob = Seen::Page("Bob Brown".to_owned());
    assert_eq!(
        look(&bobs, &private).await,
        bob,
        "its sessions outlived the stop"
    );
}
