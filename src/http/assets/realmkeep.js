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
    if (!found || (!answer.ok && answer.status !== 422)) throw new Error(answer.status);
    return found;
  };

  // Times. The server's clock counts, not this device's.
  const skew = (Date.parse(document.body.dataset.now) || Date.now()) - Date.now();
  const span = (s) =>
    s < 60 ? `${Math.round(s)} s`
    : s < 3600 ? `${Math.floor(s / 60)} min`
    : s < 86400 ? `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} m`
    : `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
  const times = () => {
    for (const t of all("time[data-rel]")) {
      const at = Date.parse(t.dateTime), ago = (Date.now() + skew - at) / 1000;
      if (Number.isNaN(at)) continue;
      t.textContent = t.dataset.rel === "left" ? (ago < 0 ? span(-ago) : "due") : ago < 45 ? "now" : `${span(ago)} ago`;
      t.title = new Date(at).toLocaleString();
    }
  };

  // Selection.
  let last;
  const boxes = () => all("#list .row-check:enabled");
  const selected = (aloud) => {
    const every = boxes(), on = every.filter((box) => box.checked), head = one("#pick-all"), names = new Map();
    if (head) {
      head.checked = on.length > 0 && on.length === every.length;
      head.indeterminate = on.length > 0 && !head.checked;
    }
    for (const box of on) names.set(box.dataset.name, (names.get(box.dataset.name) || 0) + 1);
    const first = [...names].slice(0, 3).map(([name, n]) => (n > 1 ? `${name} (${n})` : name));
    if (names.size > 3) first.push(`${names.size - 3} more`);
    say("#picked", `${on.length} selected`);
    say("#picked-names", first.join(", "));
    if (aloud) say("#announce", on.length ? `${on.length} selected` : "Selection cleared");
  };
  const unselect = () => {
    const some = boxes().some((box) => box.checked);
    for (const box of boxes()) box.checked = false;
    if (some) selected(true);
  };
  addEventListener("click", (e) => {
    const box = e.target;
    if (!box.matches?.(".row-check")) return;
    const every = boxes(), from = every.indexOf(last), to = every.indexOf(box);
    if (e.shiftKey && from >= 0)
      for (const between of every.slice(Math.min(from, to), Math.max(from, to) + 1)) between.checked = box.checked;
    last = box;
  });
  addEventListener("change", (e) => {
    if (e.target.id === "pick-all") for (const box of boxes()) box.checked = e.target.checked;
    if (e.target.matches("#pick-all, .row-check")) selected(true);
  });
  addEventListener("reset", () => setTimeout(selected, 0, true));

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
  const load = async () => {
    clearTimeout(timer);
    running?.abort();
    running = new AbortController();
    const mine = running, query = new URLSearchParams(), before = new URLSearchParams(location.search);
    for (const [name, value] of new FormData(form)) if (value) query.set(name, value);
    if (!query.has("limit") && before.has("limit")) query.set("limit", before.get("limit"));
    const slow = setTimeout(() => one("#list").classList.add("busy"), 300);
    try {
      const fresh = await part(`${form.action.split("?")[0]}?${query}`, "list", mine.signal);
      problem(fresh.dataset.problem || "", fresh.dataset.field);
      if (fresh.dataset.problem) return;
      const had = boxes().some((box) => box.checked);
      one("#list").replaceWith(fresh);
      history.replaceState(null, "", `?${query}`);
      for (const tab of all("a[data-state]")) {
        query.set("state", tab.dataset.state);
        tab.href = `?${query}`;
      }
      times();
      selected();
      if (had) say("#announce", "Selection cleared: the list has changed");
      timer = setTimeout(() => say("#results", fresh.dataset.results), 500);
    } catch (e) {
      if (e.name !== "AbortError") problem("The list could not be loaded. Try again.");
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
    addEventListener("change", (e) => { if (e.target.form === form && e.target.name && e.target !== search) load(); });
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
  setInterval(times, 15000);
  addEventListener("pageshow", () => selected());
  watch();
})();
