//! The clock of the engines that live on one machine.

use std::time::{SystemTime, UNIX_EPOCH};

use super::UnixMillis;

/// This machine's time; a clock set before 1970 reads as 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a local engine's clock is the machine's; tests that move time use domain::Clock"
)]
pub(super) fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
