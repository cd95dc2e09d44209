// Sessions: rows that stay true while they are looked at, and keys for who would rather not reach for the mouse.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const tell = (name) => document.dispatchEvent(new Event(name));
  const announce = (text) => { one("#announce").textContent = text; };
  const row = (sid) => one(`#sessions tr[data-session-id="${CSS.escape(sid)}"]`);
  const make = (name, text, more) => Object.assign(document.createElement(name), { textContent: text, ...more });

  // Live. One stream a page; it says what changed, never which rows there are, so nothing moves under a finger.
  let stream, again, pause = 2000;
  const dot = (on, text) => {
    const place = one("#live");
    if (!place) return;
    place.classList.toggle("off", !on);
    if (place.textContent !== text) place.textContent = text;
  };
  const stop = () => {
    clearTimeout(again);
    stream?.close();
    stream = undefined;
  };
  const start = () => {
    stop();
    const at = one("#list")?.dataset.liveRows;
    if (!at) return dot(false, "Not live");
    if (document.hidden) return;
    const sids = all("#sessions tr[data-session-id]:not(.ended)").map((r) => r.dataset.sessionId);
    const mine = (stream = new EventSource(`${at}&rows=${sids.join(",")}`));
    mine.onopen = () => { pause = 2000; dot(true, "Live"); };
    mine.onmessage = (e) => { if (mine === stream) show(JSON.parse(e.data)); };
    // Signed out, here or elsewhere: the page itself says what to do next.
    mine.addEventListener("over", () => { stop(); location.reload(); });
    mine.onerror = () => {
      if (mine !== stream) return;
      stop();
      dot(false, "Not live, reconnecting");
      signedOut(at);
      again = setTimeout(start, pause);
      pause = Math.min(pause * 2, 30000);
    };
  };
  // A stream does not say why it broke off. Somebody who was signed out meanwhile is led to the sign-in.
  const signedOut = async (at) => {
    const asking = new AbortController();
    try {
      const answer = await fetch(at, { signal: asking.signal, redirect: "manual", cache: "no-store" });
      if (answer.status === 401) location.reload();
    } catch { /* the server does not answer: that is what the dot says */ }
    asking.abort();
  };
  const show = (news) => {
    news.rows.forEach(change);
    news.ended.forEach(end);
    fresh(news.new);
    if (news.count) for (const place of all('.tabs a[data-state="active"] .n, .side a[aria-current="page"] .n')) place.textContent = news.count;
    tell("rk:times");
  };
  const change = (to) => {
    const at = row(to.sid);
    if (!at) return;
    const set = (selector, name, value) => {
      const place = one(selector, at);
      if (place && place[name] !== value) place[name] = value;
    };
    set(".c-seen time", "dateTime", to.seen);
    set(".c-left time", "dateTime", to.left);
    const bar = one(".c-left progress", at);
    if (bar) {
      bar.max = to.max;
      bar.value = to.value;
      bar.classList.toggle("low", to.low);
    }
    set(".c-ip .ip", "textContent", to.ip);
    set(".c-node .clip", "textContent", to.node);
    const line = one(".c-apps .line", at), text = to.apps.join("\n");
    if (line && line.dataset.apps !== text) {
      line.dataset.apps = text;
      const parts = [make("span", to.apps.slice(0, 2).join(", "), { className: "clip" })];
      if (to.apps.length > 2) parts.push(make("span", `+${to.apps.length - 2}`, { className: "count", title: to.apps.slice(2).join(", ") }));
      line.replaceChildren(...parts);
    }
  };
  const end = (gone) => {
    const at = row(gone.sid);
    if (!at || at.classList.contains("ended")) return;
    at.classList.add("ended");
    const box = one(".row-check", at), name = one(".who .name", at);
    if (box) {
      // A box that is switched off cannot hold the focus; it stays in its row.
      if (document.activeElement === box) one(".act button", at).focus({ preventScroll: true });
      box.checked = false;
      box.disabled = true;
      tell("rk:selected");
    }
    for (const button of all(".ends", at)) button.remove();
    const cell = one(".c-left", at), time = make("time", "", { dateTime: gone.at || "" });
    time.dataset.rel = "ago";
    const how = make("small", "", { className: "clip", title: gone.how });
    how.append(gone.url ? make("a", gone.how, { href: gone.url }) : gone.how);
    cell.replaceChildren(make("b", "Ended "), time, how);
    announce(`The session of ${name.textContent} has ended`);
  };
  const fresh = (count) => {
    const strip = one("#new");
    if (!strip || !count) return;
    const text = `${count} new ${count === 1 ? "session" : "sessions"} since you opened this page`;
    if (strip.hidden) announce(text);
    one("b", strip).textContent = text;
    strip.hidden = false;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  document.addEventListener("rk:list", () => {
    const list = one("#list"), command = one("#command"), csv = one("#csv");
    if (command && list.dataset.command) command.textContent = list.dataset.command;
    if (csv) csv.href = `${csv.pathname}${location.search}`;
    start();
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", start);

  // Copying.
  addEventListener("click", async (e) => {
    const from = e.target.closest?.("[data-copy], [data-copy-text]");
    if (!from) return;
    const text = from.dataset.copyText ?? document.getElementById(from.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied");
      from.closest("[popover]")?.hidePopover();
    } catch {
      announce("The browser does not let the page copy");
    }
  });

  // Keys. Single letters only while the focus is in the list, and only as long as nobody has switched them off.
  const letters = one("#keys-on");
  const off = "realmkeep.keys";
  try { if (letters) letters.checked = localStorage.getItem(off) !== "off"; } catch { /* nothing is kept, then */ }
  letters?.addEventListener("change", () => {
    try { localStorage.setItem(off, letters.checked ? "on" : "off"); } catch { /* as above */ }
  });
  let from;
  const rows = () => all("#sessions tr[data-session-id]");
  const focus = (at) => (one(".row-check:enabled", at) || one(".act button", at))?.focus();
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches?.("select, textarea, input:not([type=checkbox])")) return;
    if (!letters?.checked || !e.target.closest?.("#list") || e.target.closest?.("[popover]")) return;
    const every = rows(), here = e.target.closest("tr[data-session-id]"), at = every.indexOf(here);
    const tick = (box, on) => { box.checked = on; box.dispatchEvent(new Event("change", { bubbles: true })); };
    const box = here && one(".row-check:enabled", here);
    const keys = {
      j: () => focus(every[Math.min(at + 1, every.length - 1)]),
      k: () => focus(every[Math.max(at - 1, 0)]),
      x: () => { if (box) { tick(box, !box.checked); from = at; } },
      X: () => {
        if (!box || from === undefined) return;
        for (const r of every.slice(Math.min(from, at), Math.max(from, at) + 1)) {
          const between = one(".row-check:enabled", r);
          if (between && !between.checked) tick(between, true);
        }
      },
      Enter: () => here && one("a.open", here).click(),
      i: () => one(".row-check:checked, .kept") && one("#invalidate-selected").click(),
      r: () => location.reload(),
      "?": () => one("#keys").showPopover(),
    };
    const act = keys[e.key];
    if (!act || (e.key === "Enter" && !e.target.matches(".row-check"))) return;
    e.preventDefault();
    act();
  });
})();
