//! The real program on a disk that runs full: nobody signs in, sign-outs happen, reading goes on, and when there is room again
//! everything does, without a restart. Needs the right to mount a small file system; says so and passes without it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::support::process::Home;
use crate::support::{Answer, App, Browser, Operator, until};

/// A small file system, gone when dropped.
struct Mount(PathBuf);

impl Mount {
    fn at(path: PathBuf) -> Option<Mount> {
        std::fs::create_dir_all(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=400m", "tmpfs"])
            .arg(&path)
            .output();
        match mounted {
            Ok(done) if done.status.success() => Some(Mount(path)),
            _ => {
                eprintln!("not run: no right to mount a file system here");
                None
            }
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Takes all the room there is.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    let mut block = vec![7; 1 << 20];
    while !block.is_empty() {
        if file.write_all(&block).is_err() {
            block.truncate(block.len() / 2);
        }
    }
}

async fn ready(url: &str) -> Answer {
    let request = crate::support::browser::client().get(format!("{url}/readyz"));
    Answer::of(request).await
}

async fn a_full_disk(store: &'static str) {
    let home = Home::on(store);
    let Some(_mount) = Mount::at(home.path("data")) else {
        return;
    };
    let mut process = home.start(&["--log", "error"]).await;
    let app = App::discover(&home.url, "demo", "web").await;
    let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
    let (laptop, phone) = (Browser::default(), Browser::default());
    let one = app
        .sign_in(&laptop, "alice", "alice-password", &["profile"], false)
        .await;
    let two = app
        .sign_in(&phone, "alice", "alice-password", &["profile"], false)
        .await;
    let filler = home.path("data/filler");
    fill(&filler);

    // Nobody signs in, and is told why.
    let stranger = Browser::default();
    let mut page = stranger.open(app.begin(&["profile"]).url.as_str()).await;
    if page.is_login() {
        page = stranger
            .log_in(&page, "alice", "alice-password", false)
            .await;
    }
    assert_eq!(page.status, 503, "{page}");
    assert!(page.to_string().contains("disk is nearly full"), "{page}");
    let refused = app.try_refresh(&one.refresh).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(refused.error(), "temporarily_unavailable");
    let said = ready(&home.url).await;
    assert_eq!(said.status, 200, "sign-outs are taken");
    assert!(said.text.contains("the disk is nearly full"), "{said:?}");
    // Reading goes on, and sign-outs happen.
    assert_eq!(ops.sessions("user:alice", "active").await.len(), 2);
    ops.sign_out(json!({ "sessions": [&one.sid] })).await;
    assert_eq!(ops.session(&one.sid).await["state"], "ended");
    assert_eq!(app.try_refresh(&one.refresh).await.error(), "invalid_grant");

    // Room again: no restart is needed.
    std::fs::remove_file(&filler).unwrap();
    until("there is room again", Duration::from_secs(20), || async {
        !ready(&home.url).await.text.contains("nearly full")
    })
    .await;
    assert_eq!(app.try_refresh(&two.refresh).await.status, 200);
    let three = app
        .sign_in(&laptop, "alice", "alice-password", &["profile"], false)
        .await;
    // And a kill takes nothing of it.
    process.kill();
    let _process = home.start(&["--log", "error"]).await;
    assert_eq!(ops.session(&one.sid).await["state"], "ended");
    assert_eq!(ops.session(&three.sid).await["state"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_sign_outs_still_happen() {
    a_full_disk("sled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_sign_outs_still_happen_on_redb() {
    a_full_disk("redb").await;
}
