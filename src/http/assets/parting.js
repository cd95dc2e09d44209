// Goes on when the frames have had their time. The page does so by itself too, but only once all of them have answered.
(() => {
  "use strict";
  const on = document.querySelector("a[data-after]");
  if (on) setTimeout(() => location.replace(on.href), 1000 * Number(on.dataset.after));
})();
