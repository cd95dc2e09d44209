//! What a list shows, and when.

mod bounds;
mod cost;

use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::crypto;
use crate::domain::client::{self, Client, ClientSettings, RevocationCheck};
use crate::domain::grant::{Grant, TokenFamily, code};
use crate::domain::id::{ClientId, FamilyId};
use crate::domain::realm::AccessTokenFormat;
use crate::domain::signout::expand::{self, Open};
use crate::domain::signout::{self, Epoch, Reason, Request, Selection};
use crate::domain::time::ManualClock;
use crate::domain::user::User;
use crate::domain::{Actor, realm, record, session, sweep, testing};

struct Place {
    ctx: Arc<Context>,
    clock: Arc<ManualClock>,
    realm: Arc<Realm>,
    alice: User,
}

async fn place() -> Place {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    Place {
        ctx,
        clock,
        realm,
        alice,
    }
}

impl Place {
    async fn session(&self) -> (Sid, Index) {
        self.session_of(&self.alice).await
    }

    async fn session_of(&self, user: &User) -> (Sid, Index) {
        let sid = testing::session(&self.ctx, &self.realm, user.id).await;
        let read = session::find(&self.ctx, &self.realm, sid).await.unwrap();
        (sid, read.unwrap().value.status.unwrap())
    }

    async fn list(&self, list: u32) -> Option<(Value, Vec<u8>)> {
        let served = serve(&self.ctx, &self.realm, list).await.unwrap()?;
        let token = std::str::from_utf8(&served.token).unwrap();
        let payload = crypto::unb64(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        let lst = crypto::unb64(claims["status_list"]["lst"].as_str().unwrap()).unwrap();
        let mut bits = Vec::new();
        flate2::read::ZlibDecoder::new(&*lst)
            .read_to_end(&mut bits)
            .unwrap();
        Some((claims, bits))
    }

    async fn over(&self, index: Index) -> bool {
        let (_, bits) = self.list(index.list).await.unwrap();
        bits[index.idx as usize / 8] >> (index.idx % 8) & 1 == 1
    }

    async fn count(&self, list: u32) -> u32 {
        let (_, bits) = self.list(list).await.unwrap();
        bits.iter().map(|b| b.count_ones()).sum()
    }

    async fn end(&self, select: Selection, reason: Reason) -> signout::SignOut {
        let request = Request::new(select, reason, Actor::system("test"));
        signout::end(&self.ctx, &self.realm, &request)
            .await
            .unwrap()
    }

    async fn client(&self, more: impl FnOnce(&mut ClientSettings)) -> Arc<Client> {
        let mut settings = ClientSettings {
            client_id: "app".to_owned(),
            client_secret: Some("a-secret-that-is-long-enough-for-it".to_owned()),
            redirect_uris: vec!["https://app.example/".to_owned()],
            scope: "openid offline_access".to_owned(),
            ..ClientSettings::default()
        };
        more(&mut settings);
        client::verbs::create(&self.ctx, &self.realm, &Actor::system("test"), settings)
            .await
            .unwrap();
        client::find(&self.ctx, &self.realm, "app")
            .await
            .unwrap()
            .unwrap()
    }

    async fn family(&self, client: &Client, sid: Sid, scope: &str) -> TokenFamily {
        let read = session::find(&self.ctx, &self.realm, sid).await.unwrap();
        let session = read.unwrap().value;
        let issue = code::Issue {
            grant: Grant {
                client: client.id,
                client_id: client.client_id().to_owned(),
                client_name: client.name().to_owned(),
                user: session.user,
                username: session.username,
                sid,
                session_started_at: session.started_at,
                scope: scope.to_owned(),
                resources: Vec::new(),
                auth_time: session.auth_time,
                amr: session.amr,
                acr: "1".to_owned(),
                nonce: None,
                claims: None,
            },
            redirect_uri: "https://app.example/".to_owned(),
            code_challenge: None,
        };
        let text = code::issue(&self.ctx, &self.realm, issue).await.unwrap();
        let redeem = code::Redeem {
            code: &text,
            redirect_uri: None,
            code_verifier: None,
            resources: &[],
        };
        code::redeem(&self.ctx, &self.realm, client, redeem)
            .await
            .unwrap()
            .unwrap()
    }
}

#[tokio::test]
async fn only_what_ended_is_marked_and_the_next_answer_says_so() {
    let place = place().await;
    let (one, of_one) = place.session().await;
    let (_, of_two) = place.session().await;
    assert_ne!(of_one, of_two);
    assert_eq!(place.count(0).await, 0);
    place
        .end(Selection::Sessions(vec![one.to_string()]), Reason::Admin)
        .await;
    // At once: what was made a moment ago is not answered again.
    assert!(place.over(of_one).await);
    assert!(!place.over(of_two).await);
    assert_eq!(place.count(0).await, 1);
}

#[tokio::test]
async fn a_list_says_what_the_draft_asks() {
    let place = place().await;
    place.session().await;
    let earlier = place.ctx.now().secs();
    let (claims, bits) = place.list(0).await.unwrap();
    let uri = "http://localhost:8080/realms/home/protocol/openid-connect/status-lists";
    assert_eq!(claims["iss"], "http://localhost:8080/realms/home");
    assert_eq!(claims["sub"], format!("{uri}/0"));
    assert_eq!(claims["ttl"], 30);
    let (iat, exp) = (
        claims["iat"].as_u64().unwrap(),
        claims["exp"].as_u64().unwrap(),
    );
    assert!((earlier..=place.ctx.now().secs()).contains(&iat));
    assert_eq!(exp - iat, 90);
    assert_eq!(claims["status_list"]["bits"], 1);
    assert_eq!(claims["status_list"]["aggregation_uri"], uri);
    assert_eq!(bits.len() * 8, LIST as usize);
    assert_eq!(
        lists(&place.ctx, &place.realm).await.unwrap(),
        [format!("{uri}/0")]
    );
}

#[tokio::test]
async fn there_is_no_list_before_the_first_session_nor_beyond_the_newest_nor_when_it_is_off() {
    let place = place().await;
    assert!(place.list(0).await.is_none());
    assert!(lists(&place.ctx, &place.realm).await.unwrap().is_empty());
    place.session().await;
    assert!(place.list(0).await.is_some());
    assert!(place.list(1).await.is_none());
    let mut off = (*place.realm).clone();
    off.settings.tokens.status_list_ttl = Span::ZERO;
    assert!(serve(&place.ctx, &off, 0).await.unwrap().is_none());
    assert_eq!(take(&place.ctx, &off).await.unwrap(), None);
}

#[tokio::test]
async fn the_same_bytes_are_answered_for_a_second_at_most_and_under_their_own_ttl() {
    let place = place().await;
    place.session().await;
    let token = async |realm: &Realm| serve(&place.ctx, realm, 0).await.unwrap().unwrap().token;
    let first = token(&place.realm).await;
    place.clock.advance(Span::secs(1));
    assert_ne!(token(&place.realm).await, first);
    let mut other = (*place.realm).clone();
    other.settings.tokens.status_list_ttl = Span::secs(10);
    let of_ten = serve(&place.ctx, &other, 0).await.unwrap().unwrap();
    assert_eq!(of_ten.ttl, 10);
}

#[tokio::test]
async fn indices_are_handed_out_once_and_in_no_order() {
    let place = place().await;
    let mut seen = std::collections::HashSet::new();
    let mut drawn = Vec::new();
    for _ in 0..600 {
        let index = take(&place.ctx, &place.realm).await.unwrap().unwrap();
        assert!(seen.insert(index), "{index:?} twice");
        drawn.push(index.idx);
    }
    assert!(
        !drawn.is_sorted(),
        "a guess at the next one is worth nothing"
    );
    assert!(drawn.iter().all(|idx| *idx < 3 * 256), "three blocks");
    assert_eq!(
        take::newest(&place.ctx, place.realm.id).await.unwrap(),
        Some(0)
    );
}

#[tokio::test]
async fn a_list_that_is_full_is_followed_by_the_next_and_gone_when_nobody_holds_an_index_of_it() {
    let place = place().await;
    let (sid, index) = place.session().await;
    assert_eq!(index.list, 0);
    // As if every block of the first list but this one were taken too.
    let mut batch = Batch::new();
    batch.put(
        key::status_counter(place.realm.id),
        record::encode(&512_u64).unwrap(),
    );
    place.ctx.commit(batch).await.unwrap();
    for _ in 0..255 {
        take(&place.ctx, &place.realm).await.unwrap();
    }
    let (_, next) = place.session().await;
    assert_eq!(next.list, 1);
    let uris = lists(&place.ctx, &place.realm).await.unwrap();
    assert_eq!(uris.len(), 2, "{uris:?}");
    place
        .end(Selection::Sessions(vec![sid.to_string()]), Reason::Admin)
        .await;
    assert!(place.over(index).await);
    place.clock.advance(Span::mins(14));
    sweep::sweep(&place.ctx).await.unwrap();
    assert!(place.over(index).await, "its last token may still be about");
    place.clock.advance(Span::mins(4));
    sweep::sweep(&place.ctx).await.unwrap();
    place.ctx.status.clear();
    assert!(place.list(0).await.is_none());
    assert!(place.list(1).await.is_some());
    assert_eq!(lists(&place.ctx, &place.realm).await.unwrap(), uris[1..]);
}

#[tokio::test]
async fn a_session_that_is_over_by_time_is_marked_by_the_sweep() {
    let place = place().await;
    let (_, index) = place.session().await;
    place.clock.advance(Span::mins(31));
    sweep::sweep(&place.ctx).await.unwrap();
    assert!(place.over(index).await);
}

#[tokio::test]
async fn a_realm_wide_cut_shows_before_anything_is_written_out_and_spares_the_asker_and_the_new() {
    let place = place().await;
    let (_, old) = place.session().await;
    let (own, of_own) = place.session().await;
    let client = place.client(|_| {}).await;
    let offline = place.family(&client, own, "openid offline_access").await;
    assert!(!place.over(old).await);
    place.clock.advance(Span::secs(1));
    let epoch = Epoch {
        at: place.ctx.now(),
        except: vec![own],
        except_client: None,
        offline: true,
        reason: Reason::Admin,
        sign_out: crate::domain::id::SignOutId(place.ctx.new_id()),
    };
    let mut batch = Batch::new();
    batch.put(
        key::realm_epoch(place.realm.id),
        record::encode(&epoch).unwrap(),
    );
    place.ctx.commit(batch).await.unwrap();
    place.clock.advance(Span(1));
    let (_, new) = place.session().await;
    assert!(place.over(old).await);
    assert!(!place.over(of_own).await, "the asker's own");
    assert!(
        !place.over(offline.status.unwrap()).await,
        "what hangs on it"
    );
    assert!(!place.over(new).await);
}

#[tokio::test]
async fn an_act_on_users_shows_while_it_is_still_being_written_out() {
    let place = place().await;
    let bob = testing::user(&place.ctx, &place.realm, "bob").await;
    let (_, of_alice) = place.session().await;
    let (sid, of_bob) = place.session_of(&bob).await;
    let client = place.client(|_| {}).await;
    let offline = place.family(&client, sid, "openid offline_access").await;
    // The list is in memory before the act: that alone must not hide it.
    assert!(!place.over(of_bob).await);
    place.clock.advance(Span::secs(1));
    let act = place
        .end(Selection::Users(vec![place.alice.id]), Reason::Admin)
        .await;
    let mut open_again = act.clone();
    open_again.state = signout::State::Expanding;
    open_again.id = crate::domain::id::SignOutId(place.ctx.new_id());
    let open = Open {
        users: vec![bob.id],
        ..Open::default()
    };
    let mut batch = Batch::new();
    batch.put(
        key::sign_out(place.realm.id, open_again.id),
        record::encode_json(&open_again).unwrap(),
    );
    batch.put(
        key::sign_out_open(place.realm.id, open_again.id),
        record::encode(&open).unwrap(),
    );
    place.ctx.commit(batch).await.unwrap();
    assert!(place.over(of_bob).await);
    assert!(place.over(offline.status.unwrap()).await);
    assert!(place.over(of_alice).await);
    expand::resume(&place.ctx, expand::Which::All)
        .await
        .unwrap();
    assert!(place.over(of_bob).await);
}

#[tokio::test]
async fn an_offline_grant_has_a_place_of_its_own_and_outlives_the_persons_own_sign_out() {
    let place = place().await;
    let (sid, index) = place.session().await;
    let client = place.client(|_| {}).await;
    let bound = place.family(&client, sid, "openid").await;
    let offline = place.family(&client, sid, "openid offline_access").await;
    assert_eq!(bound.status, Some(index));
    let own = offline.status.unwrap();
    assert_ne!(own, index);
    let select = || Selection::Sessions(vec![sid.to_string()]);
    place.end(select(), Reason::User).await;
    assert!(place.over(index).await);
    assert!(!place.over(own).await);
    let actor = Actor::system("test");
    signout::family::end(
        &place.ctx,
        &place.realm,
        offline.id,
        Reason::TokenRevoked,
        actor,
    )
    .await
    .unwrap();
    assert!(place.over(own).await);
}

#[tokio::test]
async fn the_end_of_a_family_of_a_session_that_goes_on_marks_nothing() {
    let place = place().await;
    let (sid, index) = place.session().await;
    let client = place.client(|_| {}).await;
    let family = place.family(&client, sid, "openid").await;
    let actor = Actor::system("test");
    signout::family::end(
        &place.ctx,
        &place.realm,
        family.id,
        Reason::RefreshReuse,
        actor,
    )
    .await
    .unwrap();
    assert!(!place.over(index).await);
}
