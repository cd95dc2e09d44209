//! Where the master key comes from, what a wrong one does, and how it is changed while everything goes on.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::browser::client;
use crate::support::process::{Home, Process, command, finish, free_port, run};
use crate::support::{Answer, App, Browser, Operator, realms, until};

const SOON: Duration = Duration::from_secs(30);

/// A server whose key, management listener and store can be chosen.
struct Keep {
    home: Home,
    management: u16,
}

impl Keep {
    fn new() -> Keep {
        let home = Home::new();
        // Enough of them that a change of the key takes a while.
        let mut text = realms::DEMO.replace("{url}", &home.url);
        for n in 0..150 {
            text.push_str(&format!(
                "\n[[clients]]\nclient_id = \"many-{n}\"\nclient_secret = \"many-{n}-secret\"\n\
                 redirect_uris = [\"https://many.example/callback\"]\n"
            ));
        }
        std::fs::write(home.path("realms").join("demo.toml"), text).expect("a realm file");
        Keep {
            home,
            management: free_port(),
        }
    }

    fn args(&self, words: &[&str]) -> Command {
        let listen = format!("127.0.0.1:{}", self.home.port);
        let management = format!("127.0.0.1:{}", self.management);
        let (data, realms) = (self.home.path("data"), self.home.path("realms"));
        let mut args: Vec<&str> = words.to_vec();
        let (data, realms) = (data.to_str().unwrap(), realms.to_str().unwrap());
        for (flag, value) in [
            ("--listen", listen.as_str()),
            ("--public-url", &self.home.url),
            ("--data", data),
            ("--realms", realms),
            ("--management-listen", &management),
        ] {
            args.extend([flag, value]);
        }
        let mut command = command(&args);
        command.env(
            "REALMKEEP_ADMIN_PASSWORD",
            "the-first-administrators-password",
        );
        command
    }

    async fn start_with(&self, env: &[(&str, &str)]) -> Process {
        let mut command = self.args(&["serve"]);
        command.envs(env.iter().copied());
        let mut process = Process::spawn(command);
        process.ready(&self.home.url).await;
        process
    }

    fn refused(&self, env: &[(&str, &str)], more: &[&str]) -> String {
        let mut command = self.args(&[&["serve"], more].concat());
        command.envs(env.iter().copied());
        let (code, _, said) = finish(command);
        assert_eq!(code, Some(1), "{said}");
        said
    }

    fn key(&self, words: &[&str]) -> (Option<i32>, String, String) {
        finish(self.args(&[&["key"], words].concat()))
    }

    async fn shown(&self) -> Value {
        let url = format!("http://127.0.0.1:{}/master-key", self.management);
        Answer::of(client().get(url)).await.expect(200).json()
    }

    async fn wait_until_free(&self) {
        until("nothing is sealed with the old key", SOON, || async {
            let shown = self.shown().await;
            let keys = shown["keys"].as_array().expect("keys");
            keys.len() == 2 && keys[0]["sealed"] == 0
        })
        .await;
    }

    async fn app(&self) -> App {
        App::discover(&self.home.url, "demo", "web").await
    }
}

fn new_key() -> String {
    let (code, key, _) = run(&["key", "new"]);
    assert_eq!(code, Some(0));
    key.trim().to_owned()
}

#[tokio::test]
async fn the_key_comes_from_a_file_from_the_environment_or_from_a_command() {
    let keep = Keep::new();
    let key = new_key();
    let file = keep.home.path("kept-elsewhere.key");
    std::fs::write(&file, format!("{key}\n")).unwrap();
    let file = file.to_str().unwrap();
    let by_command = format!("cat {file}");
    for env in [
        [("REALMKEEP_MASTER_KEY", key.as_str())],
        [("REALMKEEP_MASTER_KEY_FILE", file)],
        [("REALMKEEP_MASTER_KEY_COMMAND", &by_command)],
    ] {
        let mut process = keep.start_with(&env).await;
        let ops = Operator::service(&keep.home.url, "demo", "ops", "ops-secret");
        ops.get("/sessions").await.expect(200);
        assert!(process.terminate().0.is_some());
        assert!(!process.log().contains(&key), "the key is in the log");
    }
    assert!(!keep.home.path("data").join("master.key").exists());

    // Without it the folder is no use, and says so before anything else happens.
    let other = new_key();
    for env in [
        vec![("REALMKEEP_MASTER_KEY", other.as_str())],
        vec![(
            "REALMKEEP_MASTER_KEY_COMMAND",
            "openssl rand -base64 32 || head -c 32 /dev/urandom | base64",
        )],
    ] {
        let said = keep.refused(&env, &[]);
        assert!(said.contains("is sealed with master key"), "{said}");
        assert!(said.contains("REALMKEEP_MASTER_KEY_PREVIOUS"), "{said}");
        assert!(!said.contains(&other) && !said.contains(&key), "{said}");
    }
    let said = keep.refused(&[], &[]);
    assert!(
        said.contains("put it back") && !keep.home.path("data").join("master.key").exists(),
        "{said}"
    );
    let said = keep.refused(
        &[("REALMKEEP_MASTER_KEY_COMMAND", "echo hush-hush; exit 7")],
        &[],
    );
    assert!(
        said.contains("exit status: 7") && !said.contains("hush"),
        "{said}"
    );
    let said = keep.refused(&[("REALMKEEP_MASTER_KEY", "hush-hush")], &[]);
    assert!(
        said.contains("realmkeep key new") && !said.contains("hush"),
        "{said}"
    );
    // None of this did any harm.
    keep.start_with(&[("REALMKEEP_MASTER_KEY", &key)]).await;
}

#[tokio::test]
async fn the_master_key_is_changed_under_running_sessions_and_the_old_one_is_taken_away() {
    let keep = Keep::new();
    let mut process = keep.start_with(&[]).await;
    let web = keep.app().await;
    let browser = Browser::default();
    let tokens = web
        .sign_in(
            &browser,
            "alice",
            "alice-password",
            &["profile", "offline_access"],
            true,
        )
        .await;
    let half = Browser::default();
    let pending = web.begin(&["profile"]);
    let login = half.open(pending.url.as_str()).await;
    assert!(login.is_login());
    let key_file = keep.home.path("data").join("master.key");
    let first = std::fs::read_to_string(&key_file).unwrap();

    let (code, out, err) = keep.key(&["rotate-master"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let both = std::fs::read_to_string(&key_file).unwrap();
    assert!(both.lines().count() == 2 && both.ends_with(&first));
    // Killed as soon as it has begun, and again: it goes on where it was.
    for _ in 0..2 {
        until("the change has begun", SOON, || async {
            keep.shown().await["keys"].as_array().expect("keys").len() == 2
        })
        .await;
        process.kill();
        process = keep.start_with(&[]).await;
    }
    keep.wait_until_free().await;

    // Everything from before is good: the form, the cookie, the refresh token, clients' secrets, passwords.
    let page = half.log_in(&login, "alice", "alice-password", false).await;
    let code = web.code(&pending, &page);
    web.exchange(pending, code).await;
    web.sign_in_silently(&browser, &["profile"]).await;
    let shown = keep.shown().await;
    assert!(
        shown["keys"][0]["refreshTokens"].as_u64() >= Some(1),
        "{shown}"
    );
    let (code, _, said) = keep.key(&["drop-master"]);
    assert_eq!(code, Some(1), "a refresh token still needs it: {said}");
    assert!(said.contains("refresh tokens were made with it"), "{said}");
    let newer = web.refresh(&tokens).await;

    // Whoever does not come back for a new token in time signs in again.
    let (code, out, err) = keep.key(&["drop-master", "--force"]);
    assert_eq!(code, Some(0), "{out}{err}");
    until("the old key is gone", SOON, || async {
        keep.shown().await["keys"].as_array().expect("keys").len() == 1
    })
    .await;
    let last = std::fs::read_to_string(&key_file).unwrap();
    assert!(both.starts_with(&last) && last.lines().count() == 1);
    assert!(process.terminate().0.is_some());
    let (code, out, err) = keep.key(&["status"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.lines().count() == 1 && out.contains("seals, since"),
        "{out}"
    );
    let old = [("REALMKEEP_MASTER_KEY", first.trim())];
    assert!(
        keep.refused(&old, &[])
            .contains("is sealed with master key")
    );

    let mut process = keep.start_with(&[]).await;
    web.refresh(&newer).await;
    assert_eq!(
        web.try_refresh(&tokens.refresh).await.error(),
        "invalid_grant"
    );
    web.sign_in_silently(&browser, &["profile"]).await;
    let many = App::with(
        &keep.home.url,
        "demo",
        "many-149",
        Some("many-149-secret".to_owned()),
        "https://many.example/callback",
    )
    .await;
    let answer = many.introspect(&tokens.access).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(process.terminate().0.is_some());

    // A key that is simply gone is not made up anew over what it sealed.
    std::fs::rename(&key_file, keep.home.path("away")).unwrap();
    let said = keep.refused(&[], &[]);
    assert!(
        said.contains("there is no file") && !key_file.exists(),
        "{said}"
    );
}
