//! What people do about themselves: what a password that they choose has to be, a session that they do not recognise.

use super::alert::{self, Stranger};
use super::{User, fold};
use crate::crypto;
use crate::domain::audit::{self, Entry};
use crate::domain::id::SignOutId;
use crate::domain::realm::Realm;
use crate::domain::session::Session;
use crate::domain::signout::{self, EndError, Reason, Request, Selection, SignOut};
use crate::domain::{Actor, Context, Fault, TRIES};
use crate::store::Batch;

/// Why somebody cannot have the password that they chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It has fewer than [`SHORTEST`] characters.
    Short,
    /// It has more bytes than are hashed.
    Long,
    /// It is the one they have.
    Same,
    /// It is their name or their address.
    Name,
}

/// The fewest characters of a password that somebody chooses (NIST SP 800-63B-4 §3.1.1.2: at least 8).
pub const SHORTEST: usize = 8;

/// What speaks against a password.
pub fn unfit(user: &User, current: &str, chosen: &str) -> Option<Unfit> {
    let folded = fold(chosen);
    let email = user.claim("email").map(fold);
    if chosen.chars().count() < SHORTEST {
        Some(Unfit::Short)
    } else if chosen.len() > crypto::MAX_PASSWORD_BYTES {
        Some(Unfit::Long)
    } else if chosen == current {
        Some(Unfit::Same)
    } else if folded == fold(&user.username) || email.is_some_and(|email| email == folded) {
        Some(Unfit::Name)
    } else {
        None
    }
}

/// Ends a session that its own user does not recognise, with everything that hangs on it, and puts it on record for the
/// administrators in the same commit.
///
/// # Errors
/// [`Fault`] when it could not be done; the session is good then.
pub async fn not_recognised(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    session: &Session,
) -> Result<SignOut, Fault> {
    let device = format!("{} on {}", session.device.browser, session.device.os);
    for _ in 0..TRIES {
        let mut batch = Batch::essential();
        let entry = Entry {
            actor,
            action: "session.not_recognised",
            target_kind: "user",
            target: format!("{} ({})", session.username, session.user),
            detail: Some(format!(
                "{device}, from {}, session {}",
                session.ip, session.sid
            )),
        };
        audit::record(&mut batch, ctx, realm.id, &entry)?;
        let act = SignOutId(ctx.new_id());
        let stranger = Stranger {
            at: ctx.now(),
            sid: session.sid,
            device: device.clone(),
            ip: session.ip.clone(),
            act,
        };
        alert::add(ctx, realm, session.user, stranger, &mut batch).await?;
        let select = Selection::Sessions(vec![session.sid.to_string()]);
        let request = Request {
            id: Some(act),
            ..Request::new(select, Reason::NotRecognised, actor.clone())
        };
        match signout::end_with(ctx, realm, &request, batch).await {
            Ok(act) => return Ok(act),
            Err(EndError::Fault(Fault::Busy)) => {}
            Err(EndError::Fault(fault)) => return Err(fault),
            Err(EndError::OnlyOwn | EndError::Nothing) => return Err(Fault::Record("selection")),
        }
    }
    Err(Fault::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ActorKind, denial, session, testing};

    #[tokio::test]
    async fn a_password_is_judged_before_it_is_taken() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let mut user = testing::user(&ctx, &realm, "Alice.Adams").await;
        user.claims
            .insert("email".to_owned(), "alice@example.com".into());
        for (chosen, expected) in [
            ("1234567", Some(Unfit::Short)),
            ("ééééééé", Some(Unfit::Short)),
            ("alice.adams", Some(Unfit::Name)),
            (" ALICE@example.com", Some(Unfit::Name)),
            ("the old password", Some(Unfit::Same)),
            ("a new password", None),
        ] {
            assert_eq!(
                unfit(&user, "the old password", chosen),
                expected,
                "{chosen}"
            );
        }
        let long = "x".repeat(crypto::MAX_PASSWORD_BYTES + 1);
        assert_eq!(unfit(&user, "", &long), Some(Unfit::Long));
    }

    #[tokio::test]
    async fn a_session_that_is_not_recognised_ends_and_is_on_record() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let ann = testing::user(&ctx, &realm, "ann").await;
        let own = testing::session(&ctx, &realm, ann.id).await;
        let other = testing::session(&ctx, &realm, ann.id).await;
        let session = session::find(&ctx, &realm, other)
            .await
            .unwrap()
            .unwrap()
            .value;
        let actor = Actor {
            kind: ActorKind::User,
            id: ann.id.to_string(),
            sid: Some(own),
            ..Actor::system("test")
        };
        let act = not_recognised(&ctx, &realm, &actor, &session)
            .await
            .unwrap();
        assert_eq!((act.sessions, act.reason), (1, Reason::NotRecognised));
        let good = async |sid| denial::session(&ctx, &realm, sid).await.unwrap().is_ok();
        assert!(good(own).await && !good(other).await);
        let newest = audit::newest(&ctx, realm.id, 10).await.unwrap();
        let found = newest
            .iter()
            .find(|r| r.action == "session.not_recognised")
            .unwrap();
        assert!(found.target.starts_with("ann (") && found.target_kind == "user");
        let alert = alert::of(&ctx, &realm, ann.id).await.unwrap().unwrap();
        assert_eq!((alert.count, alert.newest.len()), (1, 1));
        assert_eq!((alert.newest[0].sid, alert.newest[0].act), (other, act.id));
    }
}
