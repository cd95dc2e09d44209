//! The live list in Chromium: rows change, end and are joined by others while somebody selects, and neither a tick nor
//! the focus moves. Pages of it keep the selection; the keys do what the help says.

use std::time::Duration;

use super::quality::stage::{Stage, Who};
use super::*;
use crate::support::Browser;

/// A box of the list, by the session it stands for.
fn tick(sid: &str) -> String {
    format!("tr[data-session-id='{sid}'] input[name=sid]")
}

async fn truth(chromium: &Chromium, expression: &str) -> bool {
    chromium.value(expression).await == true
}

/// Puts the focus onto the first box that can be ticked.
async fn focus_first_box(chromium: &Chromium) {
    let script = "document.querySelector('.row-check:enabled').focus(), true";
    assert!(truth(chromium, script).await);
}

async fn wait(chromium: &Chromium, what: &str, expression: &str) {
    until(what, Duration::from_secs(30), || {
        truth(chromium, expression)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ticks_and_focus_stay_while_the_list_is_alive() {
    let stage = Stage::set().await;
    let server = &stage.server;
    let ops = server.ops();
    let (web, notes) = (server.app("web").await, server.app("notes").await);
    let mut people = Vec::new();
    for _ in 0..4 {
        let browser = Browser::default();
        let tokens = web
            .sign_in(&browser, "alice", "alice-password", &[], false)
            .await;
        people.push((browser, tokens.sid));
    }
    let driver = Driver::start().await;
    let mut chromium = Chromium::open(&driver, true).await;
    stage.sign_in(&chromium, Who::Console).await;
    chromium
        .goto(&stage.address("/admin/demo/sessions?q=alice"))
        .await;
    wait(
        &chromium,
        "the list is live",
        "!document.querySelector('#live').classList.contains('off')",
    )
    .await;
    let [first, second, third] = [0, 1, 2].map(|n| people[n].1.clone());
    chromium.click(&tick(&first)).await;
    chromium.click(&tick(&second)).await;
    let script = format!(
        "(window.held = document.querySelector(\"{}\"), held.focus(), true)",
        tick(&first)
    );
    assert!(truth(&chromium, &script).await);
    let stays = "held.isConnected && held.checked && document.activeElement === held";
    // One after another: an app joins, times move on, sessions start.
    for round in 0..10 {
        let (browser, sid) = &people[round % 4];
        let seen = format!(
            "document.querySelector(\"tr[data-session-id='{sid}'] .c-seen time\").dateTime"
        );
        let before = chromium.value(&seen).await;
        server.advance(realmkeep::Span::mins(2)).await;
        notes.sign_in_silently(browser, &[]).await;
        until("the row tells of it", Duration::from_secs(30), || async {
            chromium.value(&seen).await != before
        })
        .await;
        assert!(truth(&chromium, stays).await, "in round {round}");
    }
    let apps =
        format!("document.querySelector(\"tr[data-session-id='{third}'] .c-apps\").textContent");
    assert!(
        chromium
            .value(&apps)
            .await
            .as_str()
            .unwrap()
            .contains("Notes")
    );
    // One that is ticked ends elsewhere: grey, unticked, its box off, and said.
    ops.sign_out(json!({ "sessions": [second] })).await;
    let ended =
        format!("document.querySelector(\"tr.ended[data-session-id='{second}']\") !== null");
    wait(&chromium, "the row ends", &ended).await;
    let off = format!(
        "(b => b.disabled && !b.checked)(document.querySelector(\"{}\"))",
        tick(&second)
    );
    assert!(truth(&chromium, &off).await && truth(&chromium, stays).await);
    assert!(
        truth(
            &chromium,
            "document.querySelector('#picked').textContent === '1 selected'"
        )
        .await
    );
    assert!(
        truth(
            &chromium,
            "document.querySelector('#announce').textContent.includes('has ended')"
        )
        .await
    );
    // The one with the focus ends: the focus stays in its row.
    ops.sign_out(json!({ "sessions": [first] })).await;
    wait(&chromium, "the other ends", "held.disabled").await;
    assert!(
        truth(
            &chromium,
            "held.closest('tr').contains(document.activeElement)"
        )
        .await
    );
    // New ones are counted and not pushed.
    let rows = chromium
        .value("document.querySelectorAll('#sessions tbody tr').length")
        .await;
    web.sign_in(&Browser::default(), "alice", "alice-password", &[], false)
        .await;
    wait(
        &chromium,
        "the strip counts",
        "document.querySelector('#new').textContent.includes('1 new session since')",
    )
    .await;
    assert_eq!(
        chromium
            .value("document.querySelectorAll('#sessions tbody tr').length")
            .await,
        rows
    );
    chromium.click("#new").await;
    wait(
        &chromium,
        "the new one is shown",
        "document.querySelector('#new').hidden",
    )
    .await;
    // The administrator is signed out elsewhere: the page asks for credentials.
    let own = "document.querySelector('tr[data-current=true]')?.dataset.sessionId";
    chromium.goto(&stage.address("/admin/demo/sessions")).await;
    let own = chromium.value(own).await.as_str().unwrap().to_owned();
    ops.sign_out(json!({ "sessions": [own] })).await;
    chromium.find("#login-form").await;
    assert_eq!(chromium.violations().await, Vec::<String>::new());
    chromium.driver.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selection_is_kept_over_pages_and_letters_work_in_the_list() {
    let stage = Stage::set().await;
    let driver = Driver::start().await;
    let mut chromium = Chromium::open(&driver, true).await;
    stage.sign_in(&chromium, Who::Console).await;
    chromium
        .goto(&stage.address("/admin/demo/sessions?limit=2"))
        .await;
    let picked =
        |text: &str| format!("document.querySelector('#picked')?.textContent === {text:?}");
    chromium.click("input[name=sid]:not([disabled])").await;
    wait(&chromium, "one", &picked("1 selected")).await;
    let here = chromium
        .value("document.querySelector('.row-check:checked').value")
        .await;
    chromium.click("#carry-next").await;
    wait(&chromium, "kept", &picked("1 selected (1 on other pages)")).await;
    assert!(chromium.place().await.contains("after="));
    chromium.click("input[name=sid]:not([disabled])").await;
    wait(&chromium, "two", &picked("2 selected (1 on other pages)")).await;
    chromium.click("#carry-prev").await;
    wait(
        &chromium,
        "back",
        "document.querySelector('.row-check:checked') !== null",
    )
    .await;
    assert_eq!(
        chromium
            .value("document.querySelector('.row-check:checked').value")
            .await,
        here
    );
    // A filter clears it and says so.
    chromium.write("#session-search", "ali").await;
    wait(
        &chromium,
        "said",
        "document.querySelector('#said').textContent.includes('selection was cleared')",
    )
    .await;
    assert!(
        truth(
            &chromium,
            "document.querySelectorAll('.row-check:checked, .kept').length === 0"
        )
        .await
    );
    // Letters, from within the list alone.
    chromium.goto(&stage.address("/admin/demo/sessions")).await;
    chromium.find("#sessions").await;
    let type_letter = async |letter: &str| {
        let active = chromium.driver.active_element().await.unwrap();
        active.send_keys(letter).await.unwrap();
    };
    focus_first_box(&chromium).await;
    type_letter("x").await;
    wait(&chromium, "x ticks", &picked("1 selected")).await;
    type_letter("j").await;
    type_letter("X").await;
    wait(&chromium, "X ticks up to here", &picked("2 selected")).await;
    chromium.press(Key::Escape).await;
    wait(
        &chromium,
        "Escape clears",
        "document.querySelectorAll('.row-check:checked').length === 0",
    )
    .await;
    type_letter("?").await;
    wait(
        &chromium,
        "the help",
        "document.querySelector('#keys').matches(':popover-open')",
    )
    .await;
    chromium.click("#keys-on").await;
    chromium.press(Key::Escape).await;
    focus_first_box(&chromium).await;
    type_letter("x").await;
    assert!(
        truth(
            &chromium,
            "document.querySelectorAll('.row-check:checked').length === 0"
        )
        .await,
        "switched off"
    );
    assert_eq!(chromium.violations().await, Vec::<String>::new());
    chromium.driver.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_a_name_shows_whom_it_finds_and_details_are_remembered() {
    let stage = Stage::set().await;
    let driver = Driver::start().await;
    let mut chromium = Chromium::open(&driver, true).await;
    stage.sign_in(&chromium, Who::Console).await;
    chromium.write("#session-search", "adams").await;
    let link = "document.querySelector('#also a')?.textContent === 'Alice Adams'";
    wait(&chromium, "she is offered", link).await;
    let said =
        "document.querySelector('#results').textContent.includes('By name: Alice Adams (alice), ')";
    wait(&chromium, "and announced", said).await;
    assert!(
        truth(
            &chromium,
            "document.activeElement.id === 'session-search' && !!document.querySelector('#session-not-found')"
        )
        .await
    );
    chromium.click("#also a").await;
    chromium.find("tr[data-user=alice]").await;
    assert!(chromium.place().await.contains("q=user%3Aalice"));
    // A row leads to its person; Enter in the list to the session.
    focus_first_box(&chromium).await;
    chromium
        .driver
        .active_element()
        .await
        .unwrap()
        .send_keys(Key::Enter)
        .await
        .unwrap();
    chromium
        .find("[data-session-id][data-user=alice] #apps")
        .await;
    // The switch holds on the next visit, until it is switched off.
    let shown = "document.querySelector('tr.detail') !== null";
    let plain = stage.address("/admin/demo/sessions");
    chromium.goto(&plain).await;
    assert!(!truth(&chromium, shown).await);
    chromium.click("#show-details").await;
    wait(&chromium, "details", shown).await;
    chromium.goto(&plain).await;
    assert!(truth(&chromium, shown).await);
    chromium.click("#show-details").await;
    wait(&chromium, "no details", &format!("!({shown})")).await;
    chromium.goto(&plain).await;
    assert!(!truth(&chromium, shown).await);
    assert_eq!(chromium.violations().await, Vec::<String>::new());
    chromium.driver.quit().await.unwrap();
}
