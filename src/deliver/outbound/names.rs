//! Names to addresses. The client asks here and nowhere else, in the moment it connects, so the addresses that were
//! checked are the ones that are connected to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::address::Allowed;
use super::target::{self, No};

/// Who knows the addresses of a name.
#[async_trait]
pub(super) trait Names: Send + Sync {
    /// All of them.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Look-ups at once. A look-up holds a thread until the system gives up, and the store needs threads too.
const LOOK_UPS: usize = 128;

/// The system's resolver: hosts file, DNS.
pub(super) struct SystemNames {
    room: Arc<Semaphore>,
}

impl Default for SystemNames {
    fn default() -> Self {
        SystemNames {
            room: Arc::new(Semaphore::new(LOOK_UPS)),
        }
    }
}

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let permit = self.room.clone().acquire_owned().await;
        let permit = permit.map_err(io::Error::other)?;
        let name = name.to_owned();
        // A task of its own: whoever asked may stop waiting, and the room is free only when the thread is.
        let looking = tokio::spawn(async move {
            let found = tokio::net::lookup_host((name, 0)).await;
            let found = found.map(|all| all.map(|address| address.ip()).collect());
            drop(permit);
            found
        });
        looking.await.map_err(io::Error::other)?
    }
}

/// The resolver of one client: what it answers may be connected to.
pub(super) struct Guarded {
    pub(super) names: Arc<dyn Names>,
    pub(super) allowed: Arc<Allowed>,
    /// Whether what is asked for will be spoken to without encryption.
    pub(super) clear: bool,
}

/// Why a name was not resolved; found again in the client's error.
#[derive(Debug, thiserror::Error)]
pub(super) enum Denied {
    /// It has no address.
    #[error("no address")]
    Unresolved,
    /// One of its addresses may not be gone to.
    #[error("refused")]
    No(No),
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, allowed, clear) = (self.names.clone(), self.allowed.clone(), self.clear);
        Box::pin(async move {
            let addresses = resolve(name.as_str(), &*names, &allowed, clear).await?;
            // Port 0 stands for the port of the URL.
            let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// The addresses of a name, each of them checked. One that is refused refuses the name: whoever mixes a private address
/// among public ones means harm, or will connect to the wrong one half of the time.
async fn resolve(
    name: &str,
    names: &dyn Names,
    allowed: &Allowed,
    clear: bool,
) -> Result<Vec<IpAddr>, Denied> {
    let judged = |ip: &IpAddr| target::judge(*ip, allowed, clear);
    if is_localhost(name) {
        // RFC 6761 §6.3: the machine itself, whatever a name server says.
        let own = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        let open: Vec<IpAddr> = own.into_iter().filter(|ip| judged(ip).is_ok()).collect();
        if open.is_empty() {
            judged(&own[0]).map_err(Denied::No)?;
        }
        return Ok(open);
    }
    let found = names
        .addresses(name)
        .await
        .map_err(|_| Denied::Unresolved)?;
    if found.is_empty() {
        return Err(Denied::Unresolved);
    }
    for ip in &found {
        judged(ip).map_err(Denied::No)?;
    }
    Ok(found)
}

/// `localhost` and everything below it.
pub(super) fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}
