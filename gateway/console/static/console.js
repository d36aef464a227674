// Keyboard control, and a message beside the queue on wide screens. Everything works without this file too.
"use strict";
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  const wide = window.matchMedia("(min-width: 62rem)");
  const pane = document.getElementById("pane");
  let chosen = ""; // the id of the selected message
  let loading = 0; // the timer that loads it

  const rows = () => [...document.querySelectorAll("#queue .row, .wide .row")].filter((row) => row.offsetParent);
  const chosenRow = () => document.querySelector('.row[data-id="' + CSS.escape(chosen) + '"]');

  function mark() {
    for (const row of document.querySelectorAll(".row")) {
      row.classList.toggle("chosen", row.dataset.id === chosen);
      if (row.dataset.id === chosen) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  function choose(link, immediately) {
    chosen = link.dataset.id;
    mark();
    link.scrollIntoView({ block: "nearest" });
    link.focus({ preventScroll: true });
    clearTimeout(loading);
    if (pane && wide.matches) loading = setTimeout(() => show(link.getAttribute("href")), immediately ? 0 : 150);
  }

  function show(href) {
    htmx.ajax("GET", href, { target: "#pane", select: "#message", swap: "innerHTML" });
  }

  function move(step) {
    const shown = rows();
    if (!shown.length) return;
    const at = shown.findIndex((row) => row.dataset.id === chosen);
    choose(shown[Math.min(Math.max(at < 0 ? 0 : at + step, 0), shown.length - 1)], false);
  }

  function press(key) {
    const shown = document.querySelector("#message");
    if (pane && wide.matches && shown && shown.dataset.id !== chosen) return; // the chosen message is still loading
    const button = document.querySelector('#message button[data-key="' + key + '"]');
    if (button) button.click();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.row");
    if (!link || !pane || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    choose(link, true);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, textarea, select");
    if (event.key === "Escape" && typing) return event.target.blur();
    if (typing || document.querySelector("dialog[open]")) return;
    if (event.repeat && event.key !== "j" && event.key !== "k") return; // holding a key down decides once
    const reason = document.getElementById("reason");
    switch (event.key) {
      case "j": move(1); break;
      case "k": move(-1); break;
      case "o": case "Enter":
        if (event.key === "Enter" && event.target.closest("a, button, summary") && !event.target.closest("a.row")) return;
        if (chosenRow()) { event.preventDefault(); window.location.href = chosenRow().getAttribute("href"); }
        return;
      case "r": case "x": case "t": case "f": case "v": press(event.key); break;
      case "/": { const find = document.querySelector(".filters [name=text]"); if (find) { find.closest("details").open = true; find.focus(); } break; }
      case "e": if (reason) reason.focus(); break;
      case "u": { const undo = document.querySelector(".undo button"); if (undo) undo.click(); break; }
      case "?": { const keys = document.getElementById("keys"); if (keys) keys.showModal(); break; }
      default: return;
    }
    event.preventDefault();
  });

  // The browser requires a reason before an action for which the policy requires one.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const reason = document.getElementById("reason");
    if (!button || !reason || button.form !== reason.form) return;
    reason.required = "reason" in button.dataset;
    reason.setCustomValidity(reason.required && !reason.value ? "Say why in a few words: the policy requires a reason here." : "");
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.again) return; // a download: the page stays, and the form can be sent again
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  function ready() {
    for (const select of document.querySelectorAll(".filters select")) select.onchange = () => select.form.submit();
    mark();
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "pane") pane.scrollTop = 0;
    ready();
    const count = document.querySelector("#held-title .count");
    if (count) document.title = document.title.replace(/^\d+/, count.textContent);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // An error is a page too: show it in the pane.
    if (event.target.id === "pane" && event.detail.xhr.status >= 400) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (document.activeElement && document.activeElement.closest(".filters")) event.preventDefault(); // do not replace filters while somebody uses them
  });

  // After a decision: show the next message of the list.
  const queue = document.getElementById("queue");
  if (queue && queue.dataset.at) {
    const next = document.querySelector('#queue .row[data-id="' + CSS.escape(queue.dataset.at) + '"]');
    if (next) choose(next, true);
    else if (wide.matches) show("/messages/" + queue.dataset.at + (queue.dataset.link || ""));
  }

  const undo = document.querySelector(".undo");
  if (undo) setTimeout(() => undo.remove(), Math.max(0, parseFloat(undo.dataset.left)) * 1000);
  ready();
})();
