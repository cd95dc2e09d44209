//! A child process that commits and says what was acknowledged, for tests that end it in the middle of things.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokio::task::JoinSet;

use super::*;

const FOLDER: &str = "STORE_TEST_FOLDER";
const ENGINE: &str = "STORE_TEST_ENGINE";
const CARELESS: &str = "STORE_TEST_CARELESS";
const COMMITS: &str = "STORE_TEST_COMMITS";
const WRITERS: u64 = 16;

/// What a child is to do.
#[derive(Clone, Copy)]
pub(super) struct Orders {
    pub(super) kind: Kind,
    /// With what makes groups durable switched off.
    pub(super) careless: bool,
    /// After how many commits each writer rests; it goes on for ever otherwise.
    pub(super) commits: Option<u64>,
}

impl Orders {
    /// Starts the child; its standard output has a line `ACK name` for each acknowledged commit.
    pub(super) fn spawn(self, folder: &Path, set: impl FnOnce(&mut Command)) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "store::conformance::child::child",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(FOLDER, folder)
            .env(ENGINE, self.kind.name)
            .stdout(Stdio::piped());
        if self.careless {
            command.env(CARELESS, "yes");
        }
        if let Some(commits) = self.commits {
            command.env(COMMITS, commits.to_string());
        }
        set(&mut command);
        command.spawn().unwrap()
    }
}

/// The kind of this name.
pub(super) fn kind(name: &str) -> Kind {
    [crate::store::sled::KIND, crate::store::redb::KIND]
        .into_iter()
        .find(|kind| kind.name == name)
        .unwrap()
}

#[test]
#[ignore = "the child of other tests"]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let kind = kind(&std::env::var(ENGINE).unwrap());
    let commits = std::env::var(COMMITS).map_or(u64::MAX, |n| n.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let engine = Arc::new(embedded(folder.as_ref(), kind).unwrap());
    if std::env::var_os(CARELESS).is_some() {
        engine.careless_from_now_on();
    }
    runtime.block_on(async {
        let store: Arc<dyn Store> = Arc::new(Grouped::new(engine).unwrap());
        let life = store.health().await.pos.0;
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let store = Arc::clone(&store);
            writers.spawn(async move {
                for i in 0..commits {
                    let name = format!("{life}.{writer}.{i}");
                    // Now and then one that goes to a file of its own.
                    let long = if (writer + i) % 61 == 0 {
                        MAX_VALUE
                    } else {
                        200
                    };
                    store
                        .commit(batch(|x| {
                            x.create(format!("a{name}"), vec![i as u8; long])
                                .put(format!("b{name}"), "")
                                .put(format!("last{writer}"), name.clone());
                            // What was made is taken away again: files are used anew.
                            if i >= 20 {
                                x.del(format!("c{life}.{writer}.{}", i - 20));
                            }
                            x.put(format!("c{name}"), vec![7; 300])
                        }))
                        .await
                        .unwrap();
                    writeln!(std::io::stdout(), "\nACK {name}").unwrap();
                }
            });
        }
        writers.join_all().await;
        writeln!(std::io::stdout(), "\nRESTS").unwrap();
        if commits < u64::MAX {
            std::future::pending::<()>().await;
        }
    });
}

/// What is wrong with a store in view of what was acknowledged.
#[derive(Default, Debug)]
pub(super) struct Wrong {
    pub(super) lost: Vec<String>,
    pub(super) torn: Vec<String>,
}

/// Looks for acknowledged commits that are lost, and for half ones.
pub(super) async fn wrong(store: &dyn Store, acknowledged: &[String]) -> Wrong {
    let mut wrong = Wrong::default();
    let mut both = [HashSet::new(), HashSet::new()];
    for (prefix, found) in ["a", "b"].into_iter().zip(&mut both) {
        let mut after = None;
        loop {
            let page = store
                .scan(
                    &Range::prefix(prefix),
                    after.as_ref(),
                    1000,
                    Dir::Forward,
                    KeysOrRecords::Records,
                )
                .await
                .unwrap();
            found.extend(
                page.records
                    .iter()
                    .map(|r| String::from_utf8(r.key[1..].to_vec()).unwrap()),
            );
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    let [firsts, seconds] = both;
    wrong.torn = firsts.symmetric_difference(&seconds).cloned().collect();
    wrong.lost = acknowledged
        .iter()
        .filter(|name| !firsts.contains(*name))
        .cloned()
        .collect();
    wrong
}
