//! The rules of the filter form.

use super::*;
use crate::domain::testing;

#[tokio::test]
async fn the_fields_fold_into_one_search() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
    let query = |text: &str| Filter::read(text).query(&realm, now);
    let all =
        query("q=ann+device%3Afirefox&ip=10.0.0.0%2F8&client=crm&idle=15m&started=before-24h")
            .unwrap();
    assert_eq!(all.prefix.as_deref(), Some("ann"));
    assert_eq!(all.device.as_deref(), Some("firefox"));
    assert_eq!(all.ip.unwrap().to_string(), "10.0.0.0/8");
    assert_eq!(all.client.as_deref(), Some("crm"));
    assert_eq!(all.idle_over, Some(Span::mins(15)));
    assert_eq!(all.started_before, Timestamp::parse("2026-11-20T12:00:00Z"));
    assert_eq!(query("state=idle").unwrap().idle_over, Some(Span::mins(15)));
    assert_eq!(query("state=ended&idle=1h").unwrap().idle_over, None);
}

#[tokio::test]
async fn a_field_that_does_not_read_is_named() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    for (text, field) in [
        ("q=colour%3Ared", "q"),
        ("ip=10.20.4", "ip"),
        ("ip=10.0.0.1+user:x", "ip"),
        ("client=a+b", "client"),
        ("idle=soon", "idle"),
        ("started=tomorrow", "started"),
        ("q=ip%3A10.0.0.1&ip=10.0.0.2", "q"),
    ] {
        let problem = Filter::read(text).query(&realm, Timestamp(0)).unwrap_err();
        assert_eq!(problem.field, field, "{text}: {}", problem.message);
    }
}
