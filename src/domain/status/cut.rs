//! What cuts through a realm but is not yet written out: an epoch of the whole realm, an act that is still expanding.
//! The judge denies by these at once, so a list must show them at once.

use std::collections::HashSet;

use super::Holder;
use crate::domain::id::{ClientId, Sid, SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::signout::expand::Open;
use crate::domain::signout::{Epoch, Scope, chunks, receipt};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, key};
use crate::store::{Dir, KeysOrRecords};

/// The most acts of one realm that are open at once and looked at; more than were ever seen.
const OPEN: usize = 1000;

/// One cut.
pub(super) struct Cut {
    at: Timestamp,
    except: Vec<Sid>,
    /// Whether it ends families with `offline_access` too.
    offline: bool,
    whom: Whom,
}

enum Whom {
    Everybody,
    These {
        /// In order.
        sids: Vec<Sid>,
        users: HashSet<UserId>,
        clients: HashSet<ClientId>,
    },
}

impl Cut {
    /// Whether it ends the holder of an index.
    pub(super) fn ends(&self, holder: &Holder) -> bool {
        if holder.started_at > self.at || self.except.contains(&holder.sid) {
            return false;
        }
        let (whom, offline) = (&self.whom, holder.client);
        if offline.is_some() && !self.offline {
            return false;
        }
        match whom {
            Whom::Everybody => true,
            Whom::These {
                sids,
                users,
                clients,
            } => {
                users.contains(&holder.user)
                    || match offline {
                        Some(client) => clients.contains(&client),
                        None => sids.binary_search(&holder.sid).is_ok(),
                    }
            }
        }
    }
}

/// The acts whose cut a list must show beyond what is marked, cheaply: nothing but their ids. The epoch of the realm is
/// always one of them, for offline families of sessions that ended long ago are over by it alone.
pub(super) async fn standing(ctx: &Context, realm: &Realm) -> Result<Vec<SignOutId>, Fault> {
    let mut acts = Vec::new();
    if let Some(stored) = ctx.store.get(&key::realm_epoch(realm.id)).await? {
        acts.push(decode::<Epoch>(&stored.value, "epoch")?.sign_out);
    }
    let range = key::sign_outs_open_in(realm.id);
    let page = ctx
        .store
        .scan(&range, None, OPEN, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    let open = page.records.iter().filter_map(|r| key::tail(&r.key));
    acts.extend(open.filter_map(|tail| SignOutId::from_bytes(&tail)));
    acts.dedup();
    Ok(acts)
}

/// Reads the cut of an act that is standing; `None` when it has been written out since, so that its marks say it all.
pub(super) async fn read(
    ctx: &Context,
    realm: &Realm,
    id: SignOutId,
) -> Result<Option<Cut>, Fault> {
    if let Some(stored) = ctx.store.get(&key::realm_epoch(realm.id)).await? {
        let epoch: Epoch = decode(&stored.value, "epoch")?;
        if epoch.sign_out == id {
            return Ok(Some(Cut {
                at: epoch.at,
                except: epoch.except,
                offline: epoch.offline,
                whom: Whom::Everybody,
            }));
        }
    }
    let Some(open) = ctx.store.get(&key::sign_out_open(realm.id, id)).await? else {
        return Ok(None);
    };
    let open: Open = decode(&open.value, "open sign-out")?;
    let Some(act) = receipt::find(ctx, realm, id).await? else {
        return Ok(None);
    };
    let whom = if open.realm {
        Whom::Everybody
    } else {
        let mut sids = Vec::new();
        let mut cursor = None;
        while let Some(chunk) = chunks::after(ctx, realm, id, cursor.as_ref()).await? {
            sids.extend(chunk.sids);
            cursor = chunk.next;
        }
        sids.sort_unstable();
        Whom::These {
            sids,
            users: open.users.into_iter().collect(),
            clients: open.clients.into_iter().collect(),
        }
    };
    Ok(Some(Cut {
        at: act.at,
        except: act.protected,
        offline: matches!(act.reason.scope(), Scope::Everything | Scope::Client),
        whom,
    }))
}
