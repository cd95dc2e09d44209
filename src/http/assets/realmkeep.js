// Realmkeep: comfort on top of pages that work without any script.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const say = (selector, text) => {
    const place = one(selector);
    if (place && place.textContent !== text) place.textContent = text;
  };

  // The part `id` of another page. A redirect means the sign-in is over: load the page, which leads to the login.
  const part = async (url, id, signal) => {
    const answer = await fetch(url, { headers: { "X-Fragment": id }, redirect: "manual", signal });
    if (answer.type === "opaqueredirect" || answer.status === 401) location.reload();
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
    if (!found || (!answer.ok && answer.status !== 422))
      throw Object.assign(new Error(answer.status), { request: answer.headers.get("x-request-id") });
    return found;
  };

  // Times. The server's clock counts, not this device's.
  const skew = (Date.parse(document.body.dataset.now) || Date.now()) - Date.now();
  const both = (n, unit, rest, part) => `${n} ${unit}` + (rest ? ` ${rest} ${part}` : "");
  const span = (s) =>
    s < 60 ? `${Math.round(s)} s`
    : s < 3600 ? `${Math.floor(s / 60)} min`
    : s < 86400 ? both(Math.floor(s / 3600), "h", Math.floor((s % 3600) / 60), "m")
    : both(Math.floor(s / 86400), "d", Math.floor((s % 86400) / 3600), "h");
  const times = () => {
    for (const t of all("time[data-rel]")) {
      const at = Date.parse(t.dateTime), ago = (Date.now() + skew - at) / 1000;
      if (Number.isNaN(at)) continue;
      t.textContent = t.dataset.rel === "left" ? (ago < 0 ? span(-ago) : "due") : ago < 45 ? "now" : `${span(ago)} ago`;
      t.title = new Date(at).toLocaleString();
    }
  };

  // Selection: what is ticked here, and what is on other pages, which the form keeps in hidden fields.
  const MOST = 500, picked = new Map();
  let last;
  const boxes = () => all("#list .row-check:enabled");
  const gather = () => {
    picked.clear();
    for (const kept of all("#list .kept")) picked.set(kept.value, kept.dataset.name);
    for (const box of boxes()) if (box.checked) picked.set(box.value, box.dataset.name);
  };
  // Puts the selection onto the list that is there now.
  const spread = () => {
    const form = one("#list form");
    if (!form) return;
    for (const kept of all(".kept", form)) kept.remove();
    for (const box of boxes()) box.checked = picked.has(box.value);
    const here = new Set(boxes().map((box) => box.value));
    for (const [sid, name] of picked) {
      if (here.has(sid)) continue;
      const kept = Object.assign(document.createElement("input"), { type: "hidden", name: "sid", className: "kept", value: sid });
      kept.dataset.name = name;
      form.append(kept);
    }
  };
  const selected = (aloud) => {
    gather();
    const every = boxes(), on = every.filter((box) => box.checked).length, away = picked.size - on, head = one("#pick-all");
    if (head) {
      head.checked = on > 0 && on === every.length;
      head.indeterminate = on > 0 && !head.checked;
    }
    const names = new Map();
    for (const name of picked.values()) names.set(name, (names.get(name) || 0) + 1);
    const first = [...names].slice(0, 3).map(([name, n]) => (n > 1 ? `${name} (${n})` : name));
    if (names.size > 3) first.push(`${names.size - 3} more`);
    const count = `${picked.size} selected${away ? ` (${away} on other pages)` : ""}`;
    say("#picked", count);
    say("#picked-names", first.join(", "));
    if (picked.size > 0) say("#said", "");
    if (aloud) say("#announce", picked.size ? count : "Selection cleared");
  };
  const unselect = (aloud = true) => {
    const some = picked.size > 0;
    for (const box of boxes()) box.checked = false;
    for (const kept of all("#list .kept")) kept.remove();
    if (some) selected(aloud);
  };
  addEventListener("click", (e) => {
    if (e.target.closest?.("#clear-selection")) { e.preventDefault(); unselect(); }
    const box = e.target;
    if (!box.matches?.(".row-check")) return;
    const every = boxes(), from = every.indexOf(last), to = every.indexOf(box);
    if (e.shiftKey && from >= 0)
      for (const between of every.slice(Math.min(from, to), Math.max(from, to) + 1)) between.checked = box.checked;
    last = box;
  });
  addEventListener("change", (e) => {
    if (e.target.id === "pick-all") for (const box of boxes()) box.checked = e.target.checked;
    if (!e.target.matches("#pick-all, .row-check")) return;
    const surplus = all("#list .kept").length + boxes().filter((box) => box.checked).length - MOST;
    if (surplus > 0) {
      for (const box of boxes().filter((box) => box.checked).slice(-surplus)) box.checked = false;
      say("#said", `One by one, at most ${MOST} sessions can be selected. Use “Select all” for more.`);
      selected();
    } else selected(true);
  });

  // Filters: the GET form, sent while typing.
  const form = one("#filters"), search = one("#session-search");
  let timer, running;
  const problem = (text, field) => {
    say("#filter-problem", text);
    for (const input of all("[name]", form)) {
      input.toggleAttribute("aria-invalid", false);
      if (text && input.name === field) input.setAttribute("aria-invalid", "true");
    }
  };
  // What an address shows, whichever page of it.
  const shows = (address) => {
    const query = new URL(address, location).searchParams;
    for (const name of ["after", "before", "trail"]) query.delete(name);
    query.sort();
    return query.toString();
  };
  let shown = location.href;
  const load = async (url, keep, back) => {
    clearTimeout(timer);
    running?.abort();
    running = new AbortController();
    const mine = running, query = new URLSearchParams(), before = new URLSearchParams(location.search);
    for (const [name, value] of new FormData(form)) if (value) query.set(name, value);
    if (!query.has("limit") && before.has("limit")) query.set("limit", before.get("limit"));
    const slow = setTimeout(() => one("#list").classList.add("busy"), 300);
    try {
      const fresh = await part(url || `${form.action.split("?")[0]}?${query}`, "list", mine.signal);
      problem(fresh.dataset.problem || "", fresh.dataset.field);
      if (fresh.dataset.problem) return;
      gather();
      const had = picked.size > 0;
      one("#list").replaceWith(fresh);
      if (keep) spread();
      if (url) {
        // What was pressed is gone with the old list: the focus goes to the new one.
        fresh.tabIndex = -1;
        fresh.focus({ preventScroll: true });
        if (form.elements.sort) form.elements.sort.value = new URL(url, location).searchParams.get("sort") || "";
      }
      if (back) { /* the browser is there already */ }
      else if (url) history.pushState(null, "", url);
      else history.replaceState(null, "", `?${query}`);
      shown = location.href;
      for (const tab of all("a[data-state]")) {
        query.set("state", tab.dataset.state);
        tab.href = `?${query}`;
      }
      times();
      selected();
      say("#said", had && !keep ? "The list has changed, so the selection was cleared." : "");
      document.dispatchEvent(new Event("rk:list"));
      timer = setTimeout(() => say("#results", fresh.dataset.results), 500);
    } catch (e) {
      if (e.name !== "AbortError") problem(`The list could not be loaded, so this is the old one. Try again.${e.request ? ` (request ${e.request})` : ""}`);
    } finally {
      clearTimeout(slow);
      if (mine === running) one("#list").classList.remove("busy");
    }
  };
  const clear = () => { search.value = ""; search.focus(); load(); };
  if (form) {
    form.addEventListener("submit", (e) => { e.preventDefault(); load(); });
    form.addEventListener("input", (e) => {
      if (e.target !== search) return;
      clearTimeout(timer);
      timer = setTimeout(load, 150);
    });
    addEventListener("change", (e) => { if (e.target.form === form && e.target.name && e.target !== search) load("", ["limit", "details"].includes(e.target.name)); });
    // Other pages of the list and other orders of it, to which the selection goes along.
    addEventListener("click", (e) => {
      const to = e.target.closest?.("#list :is(.pager :is(a[href], .carry), thead a, .strip)");
      if (!to || e.ctrlKey || e.metaKey || e.shiftKey) return;
      e.preventDefault();
      load(to.getAttribute("href") || to.getAttribute("formaction"), true).then(() => one("#list").scrollIntoView({ block: "nearest" }));
    });
    addEventListener("popstate", () => {
      if (location.href.split("#")[0] === shown.split("#")[0]) return;
      if (shows(location.href) === shows(shown)) load(location.href, true, true);
      else location.reload();
    });
    one(".clear", form)?.addEventListener("click", (e) => { e.preventDefault(); clear(); });
  }

  // Keys.
  addEventListener("keydown", (e) => {
    const typing = e.target.matches?.("input:not([type=checkbox]), select, textarea");
    if (e.key === "/" && !typing && search && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      search.focus();
      search.select();
    } else if (e.key === "Escape") {
      if (e.target === search && search.value) { e.preventDefault(); clear(); }
      else if (!typing && !one(":popover-open")) unselect();
    }
  });

  // Show the password.
  for (const eye of all("[data-reveal]")) {
    eye.hidden = false;
    eye.addEventListener("click", () => {
      const field = document.getElementById(eye.dataset.reveal), shown = field.type === "text";
      field.type = shown ? "password" : "text";
      eye.setAttribute("aria-pressed", String(!shown));
    });
  }

  // Copy what is shown.
  addEventListener("click", async (e) => {
    const button = e.target.closest?.("[data-copy]");
    const shown = button && document.getElementById(button.dataset.copy);
    if (!shown) return;
    try {
      await navigator.clipboard.writeText(shown.textContent);
      say("#announce", "Copied");
      button.classList.add("copied");
      setTimeout(() => button.classList.remove("copied"), 2000);
    } catch {
      getSelection().selectAllChildren(shown);
      say("#announce", "Selected: press Ctrl+C to copy");
    }
  });

  // A receipt fills itself until all is settled; then it looks now and then for what was refused since.
  let pause = 2000;
  const watch = () => {
    const now = one("[data-live]");
    if (!now) return;
    if (now.dataset.complete === "true") pause = Math.max(pause, 15000);
    setTimeout(async () => {
      if (document.hidden) return addEventListener("visibilitychange", watch, { once: true });
      try {
        const fresh = await part(now.dataset.live, now.id), focused = document.activeElement?.id;
        const changed = !fresh.isEqualNode(now);
        if (changed) now.replaceWith(fresh);
        if (changed && focused) document.getElementById(focused)?.focus({ preventScroll: true });
        say("#announce", one("[data-live]").dataset.summary);
        pause = 2000;
      } catch {
        one(".live", now)?.classList.add("off");
        pause = Math.min(pause * 2, 30000);
      }
      times();
      watch();
    }, pause);
  };

  times();
  document.addEventListener("rk:times", times);
  document.addEventListener("rk:selected", () => selected());
  setInterval(times, 15000);
  addEventListener("pageshow", () => selected());
  watch();
})();
