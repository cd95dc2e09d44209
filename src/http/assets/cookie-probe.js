// Says to the page around this one whether a frame of this site sees its cookies there.
(async () => {
  "use strict";
  const { on, attributes } = document.currentScript.dataset;
  const keeps = () => {
    document.cookie = `rk_probe=1${attributes}`;
    const kept = document.cookie.split("; ").includes("rk_probe=1");
    document.cookie = `rk_probe=; Max-Age=0${attributes}`;
    return kept;
  };
  let supported = false;
  try {
    supported = on === "true" && (!document.hasStorageAccess || (await document.hasStorageAccess())) && keeps();
  } catch {
    // Then not.
  }
  // To whomever it is: it says nothing about anybody.
  parent.postMessage(supported ? "supported" : "unsupported", "*");
})();
