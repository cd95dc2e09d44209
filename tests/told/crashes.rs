//! The real program on sled, killed again and again around a sign-out: before its answer, at its answer, while a notice is
//! under way, and in the moment an app has confirmed. Every app hears of everything that ended, and of nothing else.

use std::collections::{HashMap, HashSet};

use super::killed::home;
use super::*;
use crate::killed::Dice;
use crate::support::browser::client;
use crate::support::{Answer, Reply, until};

const KILLS: u64 = 24;
/// Kills while the app that is down is down.
const DOWN: u64 = 6;
const APPS: [&str; 3] = ["good", "hang", "down"];
const PATIENCE: Duration = Duration::from_secs(120);

/// When the program is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// A little after the sign-out was asked for, answered or not.
    Asked,
    /// As soon as it was answered.
    Answered,
    /// While an app that hangs has the notice.
    UnderWay,
    /// When an app has the notice and confirms it, before, while or after that is written down.
    Confirmed,
}

const MOMENTS: [Moment; 4] = [
    Moment::Asked,
    Moment::Answered,
    Moment::UnderWay,
    Moment::Confirmed,
];

/// A session that was to be ended.
struct Fact {
    sid: String,
    /// Whether the sign-out was answered.
    acknowledged: bool,
    /// How often the app that works had been told of it when the program died.
    told: usize,
}

/// What an app was told: for each session the `jti` of every notice.
fn notices(receiver: &Receiver, client_id: &str) -> HashMap<String, Vec<String>> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for told in receiver.told(&format!("/{client_id}")) {
        let token = told.logout_token();
        let named = |name: &str| token[name].as_str().expect(name).to_owned();
        all.entry(named("sid")).or_default().push(named("jti"));
    }
    all
}

/// Waits for a notice of a session as closely as this machine allows.
async fn has_it(receiver: &Receiver, client_id: &str, sid: &str) {
    let begin = Instant::now();
    while !notices(receiver, client_id).contains_key(sid) {
        assert!(
            begin.elapsed() < PATIENCE,
            "{client_id} was not told of {sid}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_tells_every_app_of_what_ended_and_of_nothing_else() {
    let mut down = Receiver::down().await;
    let receiver = Receiver::start().await;
    let at = |id: &str| receiver.at(&format!("/{id}"));
    let home = home(&[
        ("good", at("good")),
        ("hang", at("hang")),
        ("down", down.at("/down")),
    ]);
    let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
    let mut process = home.start(&["--log", "error"]).await;
    let (mut facts, mut dice): (Vec<Fact>, Dice) = (Vec::new(), Dice(0xDEAD));
    for kill in 0..KILLS {
        if kill == DOWN {
            down.up().await;
        }
        let moment = MOMENTS[(kill % 4) as usize];
        let reply = match moment {
            Moment::UnderWay => Reply::Hang,
            _ => Reply::Status(200),
        };
        receiver.answers("/hang", reply);
        let alice = sign_in(&home.url, &Browser::default(), &APPS).await;
        let request = client()
            .post(format!("{}/admin/realms/demo/signouts", home.url))
            .bearer_auth(ops.token().await)
            .json(&json!({ "select": { "sessions": [alice.sid] }, "reason": "test" }));
        let mut asked = tokio::spawn(Answer::maybe(request));
        let mut answer = None;
        match moment {
            Moment::Asked => tokio::time::sleep(Duration::from_millis(dice.roll(30))).await,
            Moment::Answered => answer = Some((&mut asked).await),
            Moment::UnderWay => has_it(&receiver, "hang", &alice.sid).await,
            Moment::Confirmed => {
                has_it(&receiver, "good", &alice.sid).await;
                tokio::time::sleep(Duration::from_millis(dice.roll(4))).await;
            }
        }
        process.kill();
        let answer = match answer {
            Some(answer) => answer,
            None => asked.await,
        };
        let answer = answer.expect("asked");
        if let Some(answer) = &answer {
            assert_eq!(answer.status, 201, "{}", answer.text);
        }
        facts.push(Fact {
            told: notices(&receiver, "good")
                .get(&alice.sid)
                .map_or(0, Vec::len),
            sid: alice.sid,
            acknowledged: answer.is_some(),
        });
        process = home.start(&["--log", "error"]).await;
    }

    receiver.answers("/hang", Reply::Status(200));
    let mut ended = HashSet::new();
    for fact in &facts {
        let shown = ops.session(&fact.sid).await;
        if shown["state"] == "active" {
            assert!(!fact.acknowledged, "come back: {shown}");
            assert_eq!(fact.told, 0, "told of what goes on: {shown}");
            continue;
        }
        let id = shown["signOutId"].as_str().expect("its act");
        for client_id in APPS {
            stands(&ops, id, client_id, "acknowledged", PATIENCE).await;
        }
        until("the act is settled", PATIENCE, async || {
            receipt(&ops, id).await["state"] == "settled"
        })
        .await;
        ended.insert(fact.sid.clone());
    }
    for (at, client_id) in [(&receiver, "good"), (&receiver, "hang"), (&down, "down")] {
        let told = notices(at, client_id);
        let sids: HashSet<String> = told.keys().cloned().collect();
        assert_eq!(sids, ended, "{client_id}");
        let all: Vec<&String> = told.values().flatten().collect();
        let distinct: HashSet<&String> = all.iter().copied().collect();
        assert_eq!(
            distinct.len(),
            all.len(),
            "{client_id}: a jti of its own for each"
        );
    }
    // The kills met what they were aimed at.
    let unsent = |f: &&Fact| f.told == 0 && ended.contains(&f.sid);
    let good = notices(&receiver, "good");
    let (unsent, again) = (
        facts.iter().filter(unsent).count(),
        good.values().filter(|ids| ids.len() > 1).count(),
    );
    assert!(
        unsent > 0 && again > 0,
        "{unsent} kills came before the app was told, {again} before its word was written down"
    );
}
