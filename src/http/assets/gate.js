// Comfort on the sign-in and account pages, which work without it.
(() => {
  "use strict";
  const all = (selector) => document.querySelectorAll(selector);

  // Show the password.
  for (const eye of all("[data-reveal]")) {
    eye.hidden = false;
    eye.addEventListener("click", () => {
      const field = document.getElementById(eye.dataset.reveal), shown = field.type === "text";
      field.type = shown ? "password" : "text";
      eye.setAttribute("aria-pressed", String(!shown));
    });
  }

  // The language is chosen by choosing it.
  for (const choice of all("select[data-go]")) {
    choice.form.querySelector("button").hidden = true;
    choice.addEventListener("change", () => choice.form.requestSubmit());
  }

  // Moments in the reader's own zone; the page has them in UTC.
  const style = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  const clock = (() => {
    try { return new Intl.DateTimeFormat(document.documentElement.lang, style); } catch { return null; }
  })();
  for (const time of all("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!clock || Number.isNaN(at.getTime())) continue;
    time.title = time.textContent;
    time.textContent = clock.format(at);
  }
})();
