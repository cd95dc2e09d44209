//! Which index a search walks, and in which orders it can be walked: an order is offered where an index has it, so that
//! a page costs the same however many sessions there are.

use super::super::{Query, ip_bytes};
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault, client, key, user};
use crate::store::{Dir, Range};

/// The order of the good sessions on a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As the narrowest index of the search has them: see [`order_of`].
    #[default]
    Found,
    /// By their start, the last first.
    Newest,
    /// By their start, the first first.
    Oldest,
    /// By username.
    Name,
    /// By username, the other way round.
    NameBackward,
}

/// The orders that a search can be walked in, each of them both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// By start.
    pub start: bool,
    /// By username.
    pub name: bool,
}

/// What an index is walked for.
pub(super) struct Stretch {
    pub(super) range: Range,
    pub(super) dir: Dir,
}

/// Which orders a search of the good sessions offers.
pub fn offered(query: &Query) -> Offered {
    let (start, name) = match narrowest(query) {
        Narrowest::User | Narrowest::Client | Narrowest::Address => (true, false),
        Narrowest::Prefix => (false, true),
        Narrowest::Net => (false, false),
        Narrowest::All => (true, true),
    };
    Offered { start, name }
}

/// The order that a search comes in when this one is asked for; [`Order::Found`] when it has none that people would name.
pub fn order_of(query: &Query, asked: Order) -> Order {
    let offered = offered(query);
    let has = match asked {
        Order::Newest | Order::Oldest => offered.start,
        Order::Name | Order::NameBackward => offered.name,
        Order::Found => false,
    };
    match offered {
        _ if has => asked,
        Offered { start: true, .. } => Order::Newest,
        Offered { name: true, .. } => Order::Name,
        _ => Order::Found,
    }
}

/// What narrows a search most.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Narrowest {
    User,
    Prefix,
    Client,
    /// One address.
    Address,
    /// A range of them.
    Net,
    All,
}

fn narrowest(query: &Query) -> Narrowest {
    match &query.ip {
        _ if query.user.is_some() => Narrowest::User,
        _ if query.prefix.is_some() => Narrowest::Prefix,
        _ if query.client.is_some() => Narrowest::Client,
        Some(net) if net.prefix_len() == net.max_prefix_len() => Narrowest::Address,
        Some(_) => Narrowest::Net,
        None => Narrowest::All,
    }
}

/// The walk over the good sessions that a search may find; `None` when there can be none.
pub(super) async fn active_walk(
    ctx: &Context,
    realm: &Realm,
    query: &Query,
    order: Order,
) -> Result<Option<Stretch>, Fault> {
    let order = order_of(query, order);
    let dir = match order {
        Order::Newest | Order::NameBackward => Dir::Reverse,
        Order::Found | Order::Oldest | Order::Name => Dir::Forward,
    };
    let range = match narrowest(query) {
        Narrowest::User => {
            let name = query.user.as_deref().unwrap_or_default();
            let found = user::find(ctx, realm, name).await?;
            found.map(|found| key::sessions_by_user(realm.id, found.value.id))
        }
        Narrowest::Client => {
            let name = query.client.as_deref().unwrap_or_default();
            let found = client::find(ctx, realm, name).await?;
            found.map(|found| key::sessions_by_client(realm.id, found.id))
        }
        Narrowest::Prefix => {
            let prefix = query.prefix.as_deref().unwrap_or_default();
            Some(key::sessions_by_name(realm.id, prefix))
        }
        Narrowest::Address | Narrowest::Net => query.ip.map(|net| {
            let bytes = ip_bytes(&net.network().to_string());
            let mapped = if net.network().is_ipv4() { 96 } else { 0 };
            let bits = usize::from(net.prefix_len()) + mapped;
            let prefix = bytes.get(..bits / 8).unwrap_or(&bytes);
            key::sessions_by_ip(realm.id, prefix)
        }),
        Narrowest::All if matches!(order, Order::Name | Order::NameBackward) => {
            Some(key::sessions_by_name(realm.id, ""))
        }
        Narrowest::All => Some(key::sessions_active(realm.id)),
    };
    Ok(range.map(|range| Stretch { range, dir }))
}

/// The walk over the ended sessions, the last end first.
pub(super) async fn ended_walk(
    ctx: &Context,
    realm: &Realm,
    query: &Query,
) -> Result<Option<Stretch>, Fault> {
    if let Some(name) = &query.user
        && let Some(found) = user::find(ctx, realm, name).await?
    {
        let range = key::sessions_ended_by_user(realm.id, found.value.id);
        return Ok(Some(Stretch {
            range,
            dir: Dir::Forward,
        }));
    }
    Ok(Some(Stretch {
        range: key::sessions_ended(realm.id),
        dir: Dir::Forward,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::{Listed, sorted};
    use super::*;
    use crate::domain::testing;

    #[test]
    fn an_order_is_offered_where_an_index_has_it() {
        for (text, start, name) in [
            ("", true, true),
            ("idle>30m node:keep-1", true, true),
            ("ann", false, true),
            ("user:ann", true, false),
            ("client:crm", true, false),
            ("ip:10.0.0.7", true, false),
            ("ip:10.0.0.0/8", false, false),
        ] {
            let query = Query::parse(text).unwrap();
            assert_eq!(offered(&query), Offered { start, name }, "{text}");
            let found = order_of(&query, Order::Found);
            let expected = match (start, name) {
                (true, _) => Order::Newest,
                (_, true) => Order::Name,
                _ => Order::Found,
            };
            assert_eq!(found, expected, "{text}");
        }
    }

    #[tokio::test]
    async fn every_order_pages_through_everybody_once() {
        let (ctx, clock) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let mut names = ["carl", "anna", "dora", "bert", "anna2"];
        for name in names {
            let user = testing::user(&ctx, &realm, name).await;
            testing::session(&ctx, &realm, user.id).await;
            clock.advance(crate::domain::time::Span::secs(1));
        }
        let started = names;
        names.sort_unstable();
        let backward = |list: &[&'static str]| list.iter().rev().copied().collect::<Vec<_>>();
        for (order, expected) in [
            (Order::Oldest, started.to_vec()),
            (Order::Newest, backward(&started)),
            (Order::Name, names.to_vec()),
            (Order::NameBackward, backward(&names)),
        ] {
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let at = cursor.as_deref();
                let query = Query::default();
                let page = sorted(&ctx, &realm, &query, Listed::Active, order, at, 2).await;
                let page = page.unwrap().unwrap();
                seen.extend(page.rows.into_iter().map(|row| row.session.username));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{order:?}");
        }
    }
}
