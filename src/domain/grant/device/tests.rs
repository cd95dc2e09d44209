//! Codes of devices over a store in memory: when they may be answered and fetched, how often they are asked about, and that
//! they are forgotten.

use std::sync::Arc;

use super::*;
use crate::domain::denial::Denied;
use crate::domain::grant::{consent, held};
use crate::domain::id::Sid;
use crate::domain::signout::{self, Reason, Request, Selection};
use crate::domain::time::ManualClock;
use crate::domain::user::User;
use crate::domain::{Actor, denial, sweep, testing};
use crate::store::{Dir, KeysOrRecords};

struct Room {
    ctx: Arc<Context>,
    clock: Arc<ManualClock>,
    realm: Arc<Realm>,
    tv: Arc<Client>,
    ann: User,
    sid: Sid,
}

async fn room() -> Room {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let tv = testing::client(&ctx, &realm, "tv").await;
    let ann = testing::user(&ctx, &realm, "ann").await;
    let sid = testing::session(&ctx, &realm, ann.id).await;
    Room {
        ctx,
        clock,
        realm,
        tv,
        ann,
        sid,
    }
}

impl Room {
    async fn ask_with(&self, code_challenge: Option<&str>) -> Asked {
        let ask = Ask {
            client: self.tv.id,
            client_id: self.tv.client_id().to_owned(),
            client_name: self.tv.name().to_owned(),
            scope: "openid".to_owned(),
            resources: Vec::new(),
            code_challenge: code_challenge.map(str::to_owned),
            ip: "192.0.2.7".to_owned(),
            device: Device::parse(""),
        };
        device_of(&self.ctx, &self.realm, ask).await
    }

    async fn ask(&self) -> Asked {
        self.ask_with(None).await
    }

    async fn entered(&self, asked: &Asked) -> Result<Hash, AnswerError> {
        entered(&self.ctx, &self.realm, &asked.user_code)
            .await
            .unwrap()
    }

    async fn answer(&self, asked: &Asked, allowed: bool) -> Result<(), AnswerError> {
        self.answer_of(asked, allowed, self.ctx.now()).await
    }

    async fn answer_of(
        &self,
        asked: &Asked,
        allowed: bool,
        at: Timestamp,
    ) -> Result<(), AnswerError> {
        let hash = crypto::sha256(asked.device_code.as_bytes());
        let session = denial::session(&self.ctx, &self.realm, self.sid)
            .await
            .unwrap()
            .unwrap()
            .session;
        let grant = Grant::given(&self.tv, &session, "openid".to_owned(), "1");
        answer(
            &self.ctx,
            &self.realm,
            &hash,
            allowed.then_some((grant, at)),
        )
        .await
        .unwrap()
    }

    async fn fetch(&self, asked: &Asked) -> Result<TokenFamily, RedeemError> {
        self.fetch_with(asked, None).await
    }

    async fn fetch_with(
        &self,
        asked: &Asked,
        code_verifier: Option<&str>,
    ) -> Result<TokenFamily, RedeemError> {
        let presented = Redeem {
            device_code: &asked.device_code,
            code_verifier,
            resources: &[],
        };
        redeem(&self.ctx, &self.realm, &self.tv, presented)
            .await
            .unwrap()
    }

    async fn wait(&self, secs: u64) {
        self.clock.advance(Span::secs(secs));
    }

    /// Records of the two spaces.
    async fn kept(&self) -> usize {
        let mut count = 0;
        for space in [0x9A_u8, 0x9B] {
            let range = crate::store::Range::prefix([space]);
            let page = self
                .ctx
                .store
                .scan(&range, None, 100, Dir::Forward, KeysOrRecords::KeysOnly)
                .await
                .unwrap();
            count += page.records.len();
        }
        count
    }
}

async fn device_of(ctx: &Context, realm: &Realm, what: Ask) -> Asked {
    ask(ctx, realm, what).await.unwrap()
}

#[tokio::test]
async fn what_was_allowed_is_fetched_once_and_belongs_to_the_session() {
    let room = room().await;
    let asked = room.ask().await;
    assert_eq!(room.fetch(&asked).await.unwrap_err(), RedeemError::Pending);
    assert!(room.entered(&asked).await.is_ok());
    room.answer(&asked, true).await.unwrap();
    // The letters stand for nothing any more, and the first answer counts.
    assert_eq!(room.entered(&asked).await.unwrap_err(), AnswerError::Over);
    assert_eq!(
        room.answer(&asked, false).await.unwrap_err(),
        AnswerError::Over
    );
    let family = room.fetch(&asked).await.unwrap();
    assert_eq!(family.grant.sid, room.sid);
    assert_eq!(room.fetch(&asked).await.unwrap_err(), RedeemError::Unknown);
    let session = denial::session(&room.ctx, &room.realm, room.sid)
        .await
        .unwrap()
        .unwrap()
        .session;
    assert!(session.clients.iter().any(|part| part.client == room.tv.id));
    // The tokens of the first stay good.
    let verdict = denial::family(&room.ctx, &room.realm, &room.tv, family.id)
        .await
        .unwrap();
    assert!(verdict.is_ok());
}

#[tokio::test]
async fn of_many_fetches_at_once_exactly_one_succeeds() {
    let room = room().await;
    let asked = room.ask().await;
    room.answer(&asked, true).await.unwrap();
    let fetched =
        futures_util::future::join_all((0..32).map(|_| room.fetch(&asked)).collect::<Vec<_>>())
            .await;
    assert_eq!(fetched.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(
        fetched
            .iter()
            .all(|one| !matches!(one, Err(why) if *why != RedeemError::Unknown))
    );
}

#[tokio::test]
async fn whoever_asks_too_often_waits_longer_and_longer() {
    let room = room().await;
    let asked = room.ask().await;
    let mut told = Vec::new();
    // The third comes at once, so that ten seconds are due; the fifth after five, so that fifteen are.
    for wait in [0, 5, 0, 10, 5, 15, 15] {
        room.wait(wait).await;
        told.push(room.fetch(&asked).await.unwrap_err());
    }
    use RedeemError::{Pending, SlowDown};
    assert_eq!(
        told,
        [
            Pending, Pending, SlowDown, Pending, SlowDown, Pending, Pending
        ]
    );
    // Another code has a pace of its own, and an answer is fetched at once.
    let other = room.ask().await;
    assert_eq!(room.fetch(&other).await.unwrap_err(), Pending);
    room.answer(&asked, true).await.unwrap();
    assert!(room.fetch(&asked).await.is_ok());
}

#[tokio::test]
async fn a_no_and_a_late_yes_are_told_apart() {
    let room = room().await;
    let (refused, late, expired) = (room.ask().await, room.ask().await, room.ask().await);
    room.answer(&refused, false).await.unwrap();
    assert_eq!(
        room.fetch(&refused).await.unwrap_err(),
        RedeemError::Refused
    );
    room.answer(&late, true).await.unwrap();
    room.wait(LIFE.whole_secs() - 1).await;
    assert!(room.entered(&expired).await.is_ok());
    room.wait(1).await;
    assert_eq!(room.fetch(&late).await.unwrap_err(), RedeemError::Expired);
    assert_eq!(
        room.fetch(&expired).await.unwrap_err(),
        RedeemError::Expired
    );
    assert_eq!(room.entered(&expired).await.unwrap_err(), AnswerError::Over);
    assert_eq!(
        room.answer(&expired, true).await.unwrap_err(),
        AnswerError::Over
    );
}

#[tokio::test]
async fn what_was_allowed_dies_with_its_session_its_client_or_the_access() {
    let room = room().await;
    let (first, second) = (room.ask().await, room.ask().await);
    room.answer(&first, true).await.unwrap();
    let (crossed, began) = (room.ask().await, room.ctx.now());
    let client = (room.tv.id, room.tv.client_id());
    held::take_back(
        &room.ctx,
        &room.realm,
        &Actor::system("test"),
        &room.ann,
        client,
    )
    .await
    .unwrap();
    assert_eq!(
        room.fetch(&first).await.unwrap_err(),
        RedeemError::Lapsed(Lapsed::AccessRemoved)
    );
    // So does a yes that was on its way.
    room.answer_of(&crossed, true, began).await.unwrap();
    assert_eq!(
        room.fetch(&crossed).await.unwrap_err(),
        RedeemError::Lapsed(Lapsed::AccessRemoved)
    );
    room.wait(1).await;
    room.answer(&second, true).await.unwrap();
    let select = Selection::Sessions(vec![room.sid.to_string()]);
    let request = Request::new(select, Reason::Admin, Actor::system("test"));
    let act = signout::end(&room.ctx, &room.realm, &request)
        .await
        .unwrap();
    let why = room.fetch(&second).await.unwrap_err();
    let RedeemError::Lapsed(Lapsed::SessionEnded(Denied::Ended(ended))) = why else {
        panic!("{why:?}")
    };
    assert_eq!(ended.sign_out, act.id);
    let given = consent::needed(
        &room.ctx,
        &room.realm,
        &room.tv,
        room.ann.id,
        "openid",
        true,
    );
    assert!(given.await.unwrap());
}

#[tokio::test]
async fn a_code_is_its_clients_and_a_challenge_needs_its_verifier() {
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let room = room().await;
    let challenge = crypto::b64(&crypto::sha256(VERIFIER.as_bytes()));
    let asked = room.ask_with(Some(&challenge)).await;
    room.answer(&asked, true).await.unwrap();
    assert_eq!(room.fetch(&asked).await.unwrap_err(), RedeemError::Verifier);
    let other = testing::client(&room.ctx, &room.realm, "other").await;
    let presented = Redeem {
        device_code: &asked.device_code,
        code_verifier: Some(VERIFIER),
        resources: &[],
    };
    let stolen = redeem(&room.ctx, &room.realm, &other, presented).await;
    assert_eq!(stolen.unwrap().unwrap_err(), RedeemError::Unknown);
    assert!(room.fetch_with(&asked, Some(VERIFIER)).await.is_ok());
}

#[tokio::test]
async fn what_is_over_is_forgotten() {
    let room = room().await;
    let (waits, used) = (room.ask().await, room.ask().await);
    let _ = room.fetch(&waits).await;
    room.answer(&used, true).await.unwrap();
    room.fetch(&used).await.unwrap();
    assert_eq!(room.kept().await, 5);
    room.clock.advance(LIFE);
    sweep::sweep(&room.ctx).await.unwrap();
    assert_eq!(room.kept().await, 5, "a device still hears that it is late");
    room.clock.advance(REMEMBERED);
    sweep::sweep(&room.ctx).await.unwrap();
    assert_eq!(room.kept().await, 0);
    assert_eq!(room.fetch(&waits).await.unwrap_err(), RedeemError::Unknown);
    assert_eq!(
        room.entered(&waits).await.unwrap_err(),
        AnswerError::Unknown
    );
}
