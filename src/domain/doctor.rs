//! What may be wrong with a server, found before somebody is hurt by it: each finding says what it is, what it means, and what to do.
//! Looks at what only the server knows: its store, its keys, its way out. Tells nobody anything.

mod reach;

use serde::{Deserialize, Serialize};

use super::keys::{self, KeyState};
use super::realm::{self, Realm};
use super::time::{Span, Timestamp};
use super::{Context, Fault, upgrade};
use crate::store::snapshot::{RESTORED, fill};

/// How bad something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It was looked at and is as it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Will hurt, or hurts a little.
    Warning,
    /// Something does not work, or the promise is at risk.
    Problem,
}

/// Something that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub area: String,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What that means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub todo: String,
}

impl Finding {
    /// As it should be.
    pub fn good(area: &str, found: impl Into<String>) -> Finding {
        Finding::of(area, Level::Good, found, "", "")
    }

    /// Anything.
    pub fn of(
        area: &str,
        level: Level,
        found: impl Into<String>,
        meaning: &str,
        todo: &str,
    ) -> Finding {
        Finding {
            area: area.to_owned(),
            level,
            found: found.into(),
            meaning: meaning.to_owned(),
            todo: todo.to_owned(),
        }
    }
}

/// Realms that are looked at.
const MOST_REALMS: usize = 1000;
/// A key that signs for longer than this should be turned over.
const OLD: Span = Span::days(365);
/// Clocks further apart than this are told of: relying parties allow about as much.
const FAR_APART: Span = Span::secs(30);
/// A process that may open fewer files than this runs out of them under load.
const FILES: u64 = 4096;

/// Looks at everything the server knows.
pub async fn examine(ctx: &Context) -> Vec<Finding> {
    let mut findings = store(ctx).await;
    findings.extend(layout(ctx).await);
    findings.extend(clocks(ctx));
    findings.extend(files());
    match realms(ctx).await {
        Ok((realms, more)) => {
            for realm in &realms {
                findings.extend(keys_of(ctx, realm).await);
            }
            findings.extend(reach::examine(ctx, &realms).await);
            if more {
                findings.push(Finding::of(
                    "realms",
                    Level::Note,
                    format!("only the first {MOST_REALMS} realms were looked at"),
                    "",
                    "",
                ));
            }
        }
        Err(fault) => findings.push(unreadable("realms", &fault)),
    }
    findings
}

async fn realms(ctx: &Context) -> Result<(Vec<std::sync::Arc<Realm>>, bool), Fault> {
    let (realms, more) = realm::list(ctx, None, MOST_REALMS).await?;
    Ok((realms, more.is_some()))
}

fn unreadable(area: &str, fault: &Fault) -> Finding {
    Finding::of(
        area,
        Level::Problem,
        fault.to_string(),
        "requests that need this fail",
        "look at the log of the server for the cause; when the store is damaged, restore a backup (realmkeep restore)",
    )
}

/// The machine's clock beside that of the store, where the store has one.
fn clocks(ctx: &Context) -> Option<Finding> {
    let shared = ctx.store.clock()?;
    Some(apart(ctx.clock.now(), Timestamp(shared.millis)))
}

fn apart(machine: Timestamp, store: Timestamp) -> Finding {
    let ahead = machine > store;
    let by = Span(machine.0.abs_diff(store.0));
    if by < FAR_APART {
        return Finding::good("clock", "this machine and the database agree");
    }
    Finding::of(
        "clock",
        Level::Warning,
        format!(
            "this machine's clock is {} s {} that of the database",
            by.0 / 1000,
            if ahead { "ahead of" } else { "behind" }
        ),
        "tokens and sessions go by the database's clock: an app whose clock is right refuses them if it is the database's that \
         is wrong; the log goes by this machine's",
        "have both set by the same time servers (NTP)",
    )
}

async fn store(ctx: &Context) -> Vec<Finding> {
    let health = ctx.store.health().await;
    let mut findings = Vec::new();
    let name = health.engine;
    match (&health.trouble, health.writable) {
        (None, true) => findings.push(Finding::good("store", format!("{name} takes commits"))),
        (trouble, writable) => findings.push(Finding::of(
            "store",
            Level::Problem,
            trouble
                .clone()
                .unwrap_or_else(|| format!("{name} takes no commits")),
            if writable {
                "some of what is remembered cannot be read"
            } else {
                "nobody can sign in or out; what is denied stays denied"
            },
            "mend the cause (disk full, disk errors, database away) and restart; when the store is damaged, restore a backup (realmkeep restore)",
        )),
    }
    match fill::unfinished(&*ctx.store).await {
        Ok(true) => findings.push(Finding::of(
            "store",
            Level::Problem,
            "a restore or import into it was not finished",
            "a part of what should be there is missing",
            "run the restore or import again with the same file",
        )),
        Ok(false) => {}
        Err(error) => findings.push(unreadable("store", &error.into())),
    }
    if matches!(ctx.store.get(RESTORED).await, Ok(Some(_))) {
        findings.push(Finding::of(
            "store",
            Level::Note,
            "it was restored, and no server has started on it since",
            "the first start ends the sessions of the backup, unless they were kept",
            "",
        ));
    }
    findings
}

async fn layout(ctx: &Context) -> Option<Finding> {
    let known = upgrade::PLAN.layout;
    Some(match upgrade::layout(ctx).await {
        Ok(found) if found > known => Finding::of(
            "layout",
            Level::Problem,
            format!("the store has layout {found}, this version knows {known}"),
            "this version cannot serve from it",
            "run the version that upgraded the store, or restore a backup from before",
        ),
        Ok(found) if found < known => Finding::of(
            "layout",
            Level::Note,
            format!("the store has layout {found} and is brought to {known} in the background"),
            "everything works meanwhile; an older version cannot be started on it any more",
            "",
        ),
        Ok(found) => Finding::good("layout", format!("layout {found}, the newest")),
        Err(error) => unreadable("layout", &error.into()),
    })
}

/// The keys of a realm, without making any.
async fn keys_of(ctx: &Context, realm: &Realm) -> Vec<Finding> {
    let stored = match keys::stored(ctx, realm).await {
        Ok(stored) => stored,
        Err(fault) => return vec![unreadable("keys", &fault)],
    };
    let name = &realm.name;
    let mut findings = Vec::new();
    for key in &stored {
        if let Err(fault) = keys::readable(ctx, realm, key) {
            findings.push(Finding::of(
                "keys",
                Level::Problem,
                format!("realm {name}: {fault}"),
                "the server cannot sign with it, nor publish it: tokens of the realm are not issued",
                "start with the master key that sealed it (REALMKEEP_MASTER_KEY, or master.key in the data folder)",
            ));
        }
    }
    let now = ctx.now();
    for key in stored.iter().filter(|key| key.state == KeyState::Active) {
        if now.since(key.created_at) > OLD {
            findings.push(Finding::of(
                "keys",
                Level::Warning,
                format!(
                    "realm {name}: the {} key {} was made {} days ago",
                    key.alg.name(),
                    key.kid,
                    now.since(key.created_at).whole_secs() / 86_400
                ),
                "the longer a key signs, the more is lost with it",
                "turn it over: POST /admin/realms/{realm}/keys/rotate",
            ));
        }
        let has_next = stored
            .iter()
            .any(|next| next.alg == key.alg && next.state == KeyState::Next);
        if !has_next {
            findings.push(Finding::of(
                "keys",
                Level::Note,
                format!("realm {name}: no next {} key is published", key.alg.name()),
                "verifiers learn the next key only when it signs already",
                "rotate the realm's keys once; the next one is published then",
            ));
        }
    }
    if findings.is_empty() && !stored.is_empty() {
        findings.push(Finding::good(
            "keys",
            format!(
                "realm {name}: {} keys open with this master key",
                stored.len()
            ),
        ));
    }
    findings
}

/// How many files the process may open: each connection is one.
fn files() -> Option<Finding> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    Some(match limit.current {
        Some(most) if most < FILES => Finding::of(
            "files",
            Level::Warning,
            format!("the process may open {most} files at once"),
            "each connection is one: under load new ones are refused",
            "raise the limit (LimitNOFILE= of the systemd unit, ulimits of the container, ulimit -n)",
        ),
        Some(most) => Finding::good(
            "files",
            format!("the process may open {most} files at once"),
        ),
        None => Finding::good("files", "the process may open any number of files"),
    })
}

/// How the server is reached.
#[derive(Clone, Copy, Debug)]
pub struct Front<'a> {
    /// The root of its issuers.
    pub public_url: &'a str,
    /// Whether it speaks TLS itself.
    pub tls: bool,
    /// Whether it believes the headers of some proxy.
    pub proxied: bool,
}

/// Proxy headers and cookies, as far as the settings say.
pub fn front(front: Front<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let https = front.public_url.starts_with("https:");
    let url = front.public_url;
    if https {
        findings.push(Finding::good(
            "cookies",
            format!("{url}: cookies are Secure and __Host-"),
        ));
    } else {
        findings.push(Finding::of(
            "cookies",
            Level::Warning,
            format!("{url}: cookies are neither Secure nor __Host-"),
            "right for trying things out on one's own machine; anywhere else whoever listens in on the network can take sessions over",
            "serve https: --tls-cert and --tls-key, or a proxy that speaks TLS, and --public-url https://…",
        ));
    }
    match (https, front.tls, front.proxied) {
        (true, false, false) => findings.push(Finding::of(
            "proxy",
            Level::Warning,
            format!("{url} is https, this server listens without TLS, and no proxy is trusted"),
            "a proxy must stand in front; as its headers are not believed, every session has the proxy's address, in lists, in searches by address and in rules about addresses",
            "give --trusted-proxy with the network of the proxy, and have it set X-Forwarded-For",
        )),
        (_, true, true) => findings.push(Finding::of(
            "proxy",
            Level::Note,
            "the server speaks TLS itself and believes a proxy's headers too",
            "whoever connects from that network can name any address as theirs",
            "leave --trusted-proxy out when no proxy is in front",
        )),
        (_, true, false) => findings.push(Finding::good("proxy", "none; the server speaks TLS itself")),
        (_, false, true) => findings.push(Finding::good("proxy", "the headers of trusted proxies are believed")),
        (false, false, false) => findings.push(Finding::good("proxy", "none, on this machine")),
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_whose_clock_is_not_the_databases_is_told_of() {
        let at = |secs: u64| Timestamp(1_000_000 + secs * 1000);
        assert_eq!(apart(at(29), at(0)).level, Level::Good);
        let ahead = apart(at(90), at(0));
        assert_eq!(ahead.level, Level::Warning);
        assert!(ahead.found.contains("90 s ahead of"), "{}", ahead.found);
        let behind = apart(at(0), at(31));
        assert!(behind.found.contains("31 s behind"), "{}", behind.found);
    }
}
