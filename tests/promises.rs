//! The promise, reason by reason: whatever ends a session or a grant, what must be over is over at every endpoint, what
//! must live lives, the receipt says so, and a restart changes nothing of it.
//!
//! The list of reasons is the product's own: one that is added there fails here until a way to bring it about is added.

mod cast;
mod causes;
mod checks;
mod in_flight;
mod own_session;
mod signals;
mod told;

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::Engine;
use cast::Cast;

macro_rules! promises {
    ($($reason:ident,)*) => {
        /// The reasons that have a way to bring them about.
        const COVERED: &[&str] = &[$(stringify!($reason)),*];

        $(mod $reason {
            use super::*;

            #[tokio::test]
            async fn ends_what_it_should_and_nothing_else() {
                let mut cast = Cast::assemble(Engine::Memory).await;
                let outcome = causes::$reason(&mut cast).await;
                checks::everything(&mut cast, &outcome, stringify!($reason)).await;
                checks::fresh_sign_in(&mut cast, &outcome).await;
            }

            #[tokio::test]
            async fn receivers_hear_of_it_and_of_nothing_else() {
                let mut cast = Cast::assemble(Engine::Memory).await;
                let signals = signals::Listening::start(&cast).await;
                let outcome = causes::$reason(&mut cast).await;
                signals.heard(&cast, &outcome, stringify!($reason)).await;
            }

            #[tokio::test]
            async fn receivers_hear_of_it_although_the_server_is_killed() {
                let mut cast = Cast::killable(Engine::Sled).await;
                let signals = signals::Listening::start(&cast).await;
                let outcome = causes::$reason(&mut cast).await;
                signals.heard_after_kill(&mut cast, &outcome, stringify!($reason)).await;
            }

            #[tokio::test]
            async fn apps_are_told_though_one_is_down_and_the_server_is_killed() {
                let (mut apps, mut cast) = told::Apps::with_everybody().await;
                let outcome = causes::$reason(&mut cast).await;
                apps.heard(&mut cast, &outcome, stringify!($reason)).await;
            }

            #[tokio::test]
            async fn stays_ended_after_sigkill_and_a_restart() {
                after_sigkill(Engine::Sled).await;
            }

            #[tokio::test]
            async fn stays_ended_after_sigkill_on_redb() {
                after_sigkill(Engine::Redb).await;
            }

            #[tokio::test]
            async fn stays_ended_after_sigkill_on_postgres() {
                if Engine::Postgres.is_there() {
                    after_sigkill(Engine::Postgres).await;
                }
            }

            #[tokio::test]
            async fn ends_on_every_node_and_stays_ended_after_sigkill() {
                if Engine::Nodes.is_there() {
                    after_sigkill(Engine::Nodes).await;
                }
            }

            #[tokio::test]
            async fn receivers_hear_of_it_whichever_node_is_asked() {
                if Engine::Nodes.is_there() {
                    let mut cast = Cast::assemble(Engine::Nodes).await;
                    let signals = signals::Listening::start(&cast).await;
                    let outcome = causes::$reason(&mut cast).await;
                    signals.heard(&cast, &outcome, stringify!($reason)).await;
                }
            }

            async fn after_sigkill(engine: Engine) {
                let mut cast = Cast::killable(engine).await;
                let outcome = causes::$reason(&mut cast).await;
                checks::everything(&mut cast, &outcome, stringify!($reason)).await;
                cast.server.restart().await;
                checks::everything(&mut cast, &outcome, stringify!($reason)).await;
            }
        })*
    };
}

promises! {
    admin,
    user,
    rp_logout,
    user_disabled,
    user_deleted,
    password_changed,
    idle,
    expired,
    refresh_reuse,
    code_replay,
    token_revoked,
    client_disabled,
    realm_disabled,
    global_revocation,
    session_limit,
    address_rule,
    sign_in_blocked,
    access_removed,
    not_recognised,
    signed_out_elsewhere,
}

/// Reasons that end everything of every realm at once, and where they are shown: `backup`.
const ELSEWHERE: [&str; 1] = ["restored"];

/// The names of the product's reasons, read from its source: `Reason::X => "name"` in `as_str`, and how many variants
/// the enum has.
fn reasons_of_the_product() -> (BTreeSet<String>, usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/signout/reason.rs");
    let text = std::fs::read_to_string(path).expect("the source of the reasons");
    let names = text
        .split("fn text")
        .next()
        .and_then(|before| before.rsplit("fn as_str").next())
        .expect("as_str");
    let names = names.lines().filter(|line| line.contains("=>"));
    let names = names
        .map(|line| line.split('"').nth(1).expect("a name in quotes").to_owned())
        .collect();
    let variants = text
        .split("pub enum Reason {")
        .nth(1)
        .and_then(|rest| rest.split('}').next())
        .expect("the enum");
    let is_variant = |line: &&str| line.trim_start().starts_with(char::is_uppercase);
    (names, variants.lines().filter(is_variant).count())
}

#[test]
fn every_reason_of_the_product_has_a_way_to_bring_it_about() {
    let (names, count) = reasons_of_the_product();
    assert_eq!(names.len(), count, "the enum and as_str differ: {names:?}");
    let covered = COVERED.iter().chain(&ELSEWHERE);
    let covered: BTreeSet<String> = covered.map(|name| (*name).to_owned()).collect();
    let missing: Vec<_> = names.difference(&covered).collect();
    let too_many: Vec<_> = covered.difference(&names).collect();
    assert!(
        missing.is_empty(),
        "add to promises! and causes.rs: {missing:?}"
    );
    assert!(too_many.is_empty(), "not a reason any more: {too_many:?}");
}
