//! The main job without a mouse: every control of the way is reached with Tab, in the order in which it is read, and is seen to have
//! the focus.

use super::*;

/// What has the focus, and whether that shows.
const FOCUSED: &str = "(() => {
  const e = document.activeElement, s = getComputedStyle(e);
  const near = [e, e.closest('label'), e.parentElement].filter(Boolean).map((n) => getComputedStyle(n));
  const shows = near.some((s) => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1) || s.boxShadow !== 'none');
  const box = e.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return [e.id || e.name || e.className || e.textContent.trim().slice(0, 30) || e.tagName, shows && inside];
})()";

/// Presses Tab until this has the focus; answers what had it on the way.
async fn tab_to(chromium: &Chromium, css: &str) -> Vec<String> {
    let mut way = Vec::new();
    let there = format!("document.activeElement.matches({css:?})");
    for _ in 0..120 {
        chromium.press(Key::Tab).await;
        let said = chromium.value(FOCUSED).await;
        let name = said[0].as_str().unwrap_or_default().to_owned();
        assert_eq!(said[1], true, "{name} has the focus, and nobody sees it");
        way.push(name);
        if chromium.value(&there).await == true {
            return way;
        }
    }
    panic!("Tab does not lead to {css}: {way:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_is_done_with_the_keyboard_alone() {
    let stage = Stage::set().await;
    let driver = Driver::start().await;
    let chromium = Chromium::open(&driver, true).await;
    for (width, scheme) in [(1440, "light"), (390, "dark")] {
        chromium.look(width, scheme).await;
        stage.sign_in(&chromium, Who::Console).await;
        chromium.goto(&stage.address("/admin/demo/sessions")).await;
        let way = tab_to(&chromium, "#session-search").await;
        assert_eq!(way[0], "skip", "the first is a way past the menu: {way:?}");
        tab_to(&chromium, "tr[data-user] input[name=sid]").await;
        chromium.press(Key::Space).await;
        tab_to(&chromium, "#invalidate-selected").await;
        chromium.press(Key::Enter).await;
        chromium.find("#confirm-yes").await;
        tab_to(&chromium, "select[name=reason]").await;
        chromium.press(Key::Down).await;
        tab_to(&chromium, "#confirm-yes").await;
        chromium.press(Key::Enter).await;
        chromium.find("#receipts").await;
    }
    chromium.driver.quit().await.unwrap();
}
