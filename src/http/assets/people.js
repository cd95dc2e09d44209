// Realmkeep: finds people while their name is typed. Without this the form is sent by Enter.
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);
  const form = one("#people-search-form"), search = one("#people-search");
  if (!form || !search) return;
  const say = (selector, text) => { const place = one(selector); if (place.textContent !== text) place.textContent = text; };
  let timer, running;
  const load = async () => {
    clearTimeout(timer);
    running?.abort();
    running = new AbortController();
    const mine = running, query = new URLSearchParams();
    if (search.value.trim()) query.set("q", search.value.trim());
    const url = `${form.getAttribute("action")}?${query}`;
    const slow = setTimeout(() => one("#people-list").classList.add("busy"), 300);
    try {
      const answer = await fetch(url, { headers: { "X-Fragment": "list" }, redirect: "manual", signal: mine.signal });
      if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload();
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("people-list");
      if (!answer.ok || !fresh) throw new Error(answer.status);
      one("#people-list").replaceWith(fresh);
      history.replaceState(null, "", query.size ? `?${query}` : form.getAttribute("action"));
      say("#people-problem", "");
      timer = setTimeout(() => say("#people-results", fresh.dataset.results), 500);
    } catch (e) {
      if (e.name !== "AbortError") say("#people-problem", "The list could not be loaded. Try again.");
    } finally {
      clearTimeout(slow);
      if (mine === running) one("#people-list").classList.remove("busy");
    }
  };
  form.addEventListener("submit", (e) => { e.preventDefault(); load(); });
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(load, 150); });
  form.querySelector(".clear").addEventListener("click", (e) => {
    e.preventDefault();
    search.value = "";
    search.focus();
    load();
  });
  addEventListener("keydown", (e) => {
    const typing = e.target.matches?.("input:not([type=checkbox]), select, textarea");
    if (e.key === "/" && !typing && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      search.focus();
      search.select();
    } else if (e.key === "Escape" && e.target === search && search.value) {
      e.preventDefault();
      search.value = "";
      load();
    }
  });
})();
