//! Fresh: what has started since a list was made, looked at once and never again, so that whoever watches a list costs
//! little however large the realm is.

use super::{Listed, judged};
use crate::domain::id::Sid;
use crate::domain::key;
use crate::domain::realm::Realm;
use crate::domain::session::Query;
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault};
use crate::store::{Cursor, Dir, KeysOrRecords};

/// Sessions looked at in one go.
const AT_ONCE: usize = 200;

/// Of the next sessions that started after `opened`, beyond `after`: how many fit the search and are good, and up to
/// which was looked. `None` for the latter when there was nothing new to look at.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn since(
    ctx: &Context,
    realm: &Realm,
    query: &Query,
    opened: Timestamp,
    after: Option<Sid>,
) -> Result<(u64, Option<Sid>), Fault> {
    let after = after.unwrap_or_else(|| Sid::first_of(opened));
    let range = key::sessions_active(realm.id);
    let cursor = Cursor(key::session_active(realm.id, after));
    let keys = KeysOrRecords::KeysOnly;
    let page = ctx
        .store
        .scan(&range, Some(&cursor), AT_ONCE, Dir::Forward, keys)
        .await?;
    let last = page
        .records
        .last()
        .and_then(|record| key::tail(&record.key));
    let last = last.and_then(|tail| Sid::from_bytes(&tail));
    let rows = judged(ctx, realm, query, Listed::Active, page.records).await?;
    let fresh = rows
        .into_iter()
        .filter_map(|(_, row)| row)
        .filter(|row| row.session.started_at > opened);
    Ok((fresh.count() as u64, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing;
    use crate::domain::time::Span;

    #[tokio::test]
    async fn only_what_started_since_is_counted_and_only_once() {
        let (ctx, clock) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let anna = testing::user(&ctx, &realm, "anna").await;
        let bert = testing::user(&ctx, &realm, "bert").await;
        testing::session(&ctx, &realm, anna.id).await;
        let opened = ctx.now();
        clock.advance(Span::secs(1));
        for user in [&anna, &bert, &anna] {
            testing::session(&ctx, &realm, user.id).await;
        }
        let all = Query::default();
        let (count, last) = since(&ctx, &realm, &all, opened, None).await.unwrap();
        assert_eq!(count, 3);
        let again = since(&ctx, &realm, &all, opened, last).await.unwrap();
        assert_eq!(again, (0, None));
        let only_anna = Query::parse("ann").unwrap();
        let found = since(&ctx, &realm, &only_anna, opened, None).await.unwrap();
        assert_eq!(found.0, 2);
    }
}
