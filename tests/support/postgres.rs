//! A PostgreSQL server for tests, of Debian's package: made in a folder of its own, gone with the process that asked for it,
//! also when that is killed. Knows nothing but the standard library, since the store's own tests use this file as well.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Answers no disk: what is tested here is the program, not the database's files.
const CONF: &str = "
fsync = off
full_page_writes = off
shared_buffers = 64MB
max_connections = 400
deadlock_timeout = 200ms
logging_collector = off
wal_level = replica
max_wal_senders = 8
";

/// Starts the server, waits until the other end of its input is closed, which the end of a process does however it comes, and
/// cleans up.
const WATCH: &str = r#"
trap '' INT TERM HUP
"$1/pg_ctl" -w -s -t 60 -D "$2/data" -l "$2/log" start && echo up
cat >/dev/null
"$1/pg_ctl" -w -s -D "$2/data" -m immediate stop
cd / && rm -rf "$2"
"#;

/// A server.
pub struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    /// Its port on 127.0.0.1, and in the name of its socket.
    pub port: u16,
    schemas: AtomicU32,
    watcher: Child,
}

/// The server that the tests of this process share; nothing where PostgreSQL is not installed, which is a failure when all
/// tests were asked for.
pub fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start("")).as_ref()
}

fn newest() -> Option<PathBuf> {
    let version =
        |bin: &PathBuf| -> Option<u32> { bin.parent()?.file_name()?.to_str()?.parse().ok() };
    fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file() && version(bin) >= Some(15))
        .max_by_key(version)
}

/// A command of the account that may run a server, which refuses root.
fn unprivileged(program: &Path) -> Command {
    let root = fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ])
        .arg(program);
    command
}

fn expect(output: Output, what: &str) -> String {
    assert!(
        output.status.success(),
        "{what}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Cluster {
    /// A server of its own with these lines more in its configuration.
    pub fn start(conf: &str) -> Option<Cluster> {
        Cluster::start_with(conf, &[])
    }

    /// The same with files, which `{folder}` in the configuration leads to.
    pub fn start_with(conf: &str, files: &[(&str, &str)]) -> Option<Cluster> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Some(bin) = newest() else {
            assert!(
                std::env::var_os("REALMKEEP_TEST_ALL").is_none(),
                "PostgreSQL 15 or later is not installed"
            );
            eprintln!("PostgreSQL 15 or later is not installed: not tested");
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("rkpg-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        if fs::metadata(&folder).unwrap().uid() == 0 {
            let id = |flag| -> u32 {
                let output = Command::new("id")
                    .args([flag, "postgres"])
                    .output()
                    .unwrap();
                expect(output, "the account postgres")
                    .trim()
                    .parse()
                    .unwrap()
            };
            chown(&folder, Some(id("-u")), Some(id("-g"))).unwrap();
        }
        for (name, text) in files {
            let file = folder.join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            let of = fs::metadata(&folder).unwrap();
            chown(&file, Some(of.uid()), Some(of.gid())).unwrap();
        }
        let conf = conf.replace("{folder}", folder.to_str().unwrap());
        let initdb = unprivileged(&bin.join("initdb"))
            .arg("-D")
            .arg(folder.join("data"))
            .args([
                "-U",
                "postgres",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ])
            .current_dir("/")
            .output()
            .unwrap();
        expect(initdb, "initdb");
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let place = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\n{conf}\n",
            folder.display()
        );
        let file = folder.join("data/postgresql.auto.conf");
        fs::write(&file, format!("{CONF}{place}")).unwrap();
        let mut watcher = unprivileged(Path::new("/bin/sh"))
            .args(["-c", WATCH, "watch"])
            .arg(&bin)
            .arg(&folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut up = [0; 2];
        let started = watcher.stdout.take().unwrap().read_exact(&mut up);
        assert!(
            started.is_ok(),
            "PostgreSQL does not start: {}",
            fs::read_to_string(folder.join("log")).unwrap_or_default()
        );
        let cluster = Cluster {
            bin,
            folder,
            port,
            schemas: AtomicU32::new(0),
            watcher,
        };
        cluster.sql("CREATE ROLE realmkeep LOGIN");
        cluster.sql("CREATE DATABASE realmkeep OWNER realmkeep");
        Some(cluster)
    }

    /// Runs SQL as the superuser in the database of the tests (in `postgres` while there is none); answers what it prints.
    pub fn sql(&self, sql: &str) -> String {
        let database =
            if sql.starts_with("CREATE ROLE realmkeep ") || sql.starts_with("CREATE DATABASE") {
                "postgres"
            } else {
                "realmkeep"
            };
        let output = Command::new(self.bin.join("psql"))
            .arg("-h")
            .arg(&self.folder)
            .args([
                "-p",
                &self.port.to_string(),
                "-U",
                "postgres",
                "-d",
                database,
            ])
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .output()
            .unwrap();
        expect(output, sql).trim().to_owned()
    }

    /// Makes a schema of its own for a test and answers its name.
    pub fn schema(&self) -> String {
        let name = format!("t{}", self.schemas.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE SCHEMA {name} AUTHORIZATION realmkeep"));
        name
    }

    /// A store of its own by the server's socket.
    pub fn fresh(&self) -> String {
        self.url(&self.schema())
    }

    /// The URL of a schema by the server's socket.
    pub fn url(&self, schema: &str) -> String {
        let socket = self.folder.to_str().unwrap().replace('/', "%2F");
        format!(
            "postgresql://realmkeep@{socket}:{}/realmkeep?options=-csearch_path%3D{schema}",
            self.port
        )
    }

    /// The URL of a schema by way of a port of this machine: the server's own, or that of something in between.
    pub fn url_at(&self, port: u16, schema: &str) -> String {
        format!(
            "postgresql://realmkeep@127.0.0.1:{port}/realmkeep?options=-csearch_path%3D{schema}"
        )
    }

    /// Stops the server as if its machine lost power, or in good order.
    pub fn stop(&self, at_once: bool) {
        let mode = if at_once { "immediate" } else { "fast" };
        expect(self.control(&["-m", mode, "stop"]), "stop");
    }

    /// Starts it again.
    pub fn start_again(&self) {
        let log = self.folder.join("log");
        expect(
            self.control(&["-l", log.to_str().unwrap(), "start"]),
            "start",
        );
    }

    fn control(&self, args: &[&str]) -> Output {
        unprivileged(&self.bin.join("pg_ctl"))
            .args(["-w", "-s", "-D"])
            .arg(self.folder.join("data"))
            .args(args)
            .current_dir("/")
            // A server that inherited a pipe would keep whoever reads from it waiting.
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map(|status| Output {
                status,
                stdout: Vec::new(),
                stderr: Vec::new(),
            })
            .unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}
