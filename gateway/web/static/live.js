// Keeps a page that has [data-live] up to date: asks for its live part every two seconds. Works only while looked at,
// leaves what a person has opened, selected or focused as it is, and says when it cannot reach the gateway.
"use strict";
(() => {
  const main = document.getElementById("main");
  const pulse = document.getElementById("pulse");
  if (!main || !main.querySelector("[data-live]")) return;
  let shown = null;

  const busy = () =>
    document.hidden || !document.getSelection().isCollapsed || main.contains(document.activeElement) && document.activeElement.matches("input, button");

  function replace(text) {
    const next = new DOMParser().parseFromString(text, "text/html").getElementById("main");
    if (!next) return;
    const open = new Map([...main.querySelectorAll("details[id]")].map((each) => [each.id, each.open]));
    const focused = document.activeElement && document.activeElement.getAttribute("href");
    main.replaceChildren(...next.childNodes);
    for (const each of main.querySelectorAll("details[id]")) if (open.has(each.id)) each.open = open.get(each.id);
    if (focused) main.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  async function tick() {
    if (!busy()) {
      try {
        const answer = await fetch(location.pathname + location.search, { headers: { "X-Live": "1" }, cache: "no-store" });
        if (answer.ok) {
          const text = await answer.text();
          if (text !== shown) replace(text);
          shown = text;
        }
        pulse.textContent = answer.ok ? "live" : "the gateway has a problem";
        pulse.dataset.state = answer.ok ? "live" : "lost";
      } catch {
        pulse.textContent = "no connection to the gateway";
        pulse.dataset.state = "lost";
      }
    }
    setTimeout(tick, 2000);
  }
  pulse.textContent = "live";
  pulse.dataset.state = "live";
  setTimeout(tick, 2000);
  // A link to an entity opens it.
  const follow = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.matches("details")) target.open = true;
  };
  addEventListener("hashchange", follow);
  follow();
})();
