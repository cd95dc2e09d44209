// The login status page: answers "unchanged", "changed" or "error" to the page around it. A message is the client's id, a
// space, and the session_state of an authorization answer or, as keycloak-js sends it, the sid.
(() => {
  "use strict";
  const { cookie, init } = document.currentScript.dataset;

  const state = () => {
    const pair = document.cookie.split("; ").find((part) => part.startsWith(`${cookie}=`));
    return pair ? pair.slice(cookie.length + 1) : "";
  };
  const hash = async (text) => {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  // Whether no cookie means that nobody is signed in, and not that the browser keeps it from this frame.
  const visible = async () => !document.hasStorageAccess || document.hasStorageAccess();

  const known = new Map();
  const allowed = (client, origin) => {
    const query = new URLSearchParams({ client_id: client, origin });
    const key = query.toString();
    if (!known.has(key)) {
      known.set(key, fetch(`${init}?${key}`, { credentials: "same-origin" }).then(
        (answer) => answer.status === 204,
        () => { known.delete(key); return false; },
      ));
    }
    return known.get(key);
  };

  const compare = async (client, origin, given) => {
    const now = state();
    if (!now) return (await visible()) ? (given ? "changed" : "unchanged") : "error";
    if (!given) return "changed";
    const [mac, salt] = given.split(".");
    const expected = salt ? await hash(`${client} ${origin} ${now} ${salt}`) : now;
    return expected === (salt ? mac : await hash(mac)) ? "unchanged" : "changed";
  };

  const answer = async (data, origin) => {
    const parts = typeof data === "string" ? data.split(" ") : [];
    if (parts.length !== 2 || !parts[0] || !(await allowed(parts[0], origin))) return "error";
    return compare(parts[0], origin, parts[1]);
  };

  addEventListener("message", async (event) => {
    if (event.source !== parent || parent === window || event.origin === "null") return;
    let said = "error";
    try {
      said = await answer(event.data, event.origin);
    } catch {
      // "error" it is.
    }
    event.source.postMessage(said, event.origin);
  });
})();
