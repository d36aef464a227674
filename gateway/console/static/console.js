// The console by keyboard, and a message beside the queue on wide screens. Everything works without this file too.
"use strict";
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  const wide = window.matchMedia("(min-width: 62rem)");
  const pane = document.getElementById("pane");
  let chosen = "";
  let asked = 0;

  const all = () => [...document.querySelectorAll("#queue .row, .wide .row")].filter((row) => row.offsetParent);
  const row = () => document.querySelector('.row[data-id="' + CSS.escape(chosen) + '"]');

  function mark() {
    for (const each of document.querySelectorAll(".row")) {
      each.classList.toggle("chosen", each.dataset.id === chosen);
      if (each.dataset.id === chosen) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    }
  }

  function choose(link, read) {
    chosen = link.dataset.id;
    mark();
    link.scrollIntoView({ block: "nearest" });
    link.focus({ preventScroll: true });
    clearTimeout(asked);
    if (pane && wide.matches) asked = setTimeout(() => show(link.getAttribute("href")), read ? 0 : 150);
  }

  function show(href) {
    htmx.ajax("GET", href, { target: "#pane", select: "#message", swap: "innerHTML" });
  }

  function move(step) {
    const rows = all();
    if (!rows.length) return;
    const at = rows.findIndex((each) => each.dataset.id === chosen);
    choose(rows[Math.min(Math.max(at < 0 ? 0 : at + step, 0), rows.length - 1)], false);
  }

  function press(key) {
    const shown = document.querySelector("#message");
    if (pane && wide.matches && shown && shown.dataset.id !== chosen) return; // not yet the one that is chosen
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
    if (event.repeat && event.key !== "j" && event.key !== "k") return; // a key that is held down decides once
    const reason = document.getElementById("reason");
    switch (event.key) {
      case "j": move(1); break;
      case "k": move(-1); break;
      case "o": case "Enter":
        if (event.key === "Enter" && event.target.closest("a, button, summary") && !event.target.closest("a.row")) return;
        if (row()) { event.preventDefault(); window.location.href = row().getAttribute("href"); }
        return;
      case "r": case "x": case "t": press(event.key); break;
      case "/": { const find = document.querySelector(".filters [name=text]"); if (find) { find.closest("details").open = true; find.focus(); } break; }
      case "e": if (reason) reason.focus(); break;
      case "u": { const undo = document.querySelector(".undo button"); if (undo) undo.click(); break; }
      case "?": { const keys = document.getElementById("keys"); if (keys) keys.showModal(); break; }
      default: return;
    }
    event.preventDefault();
  });

  // The browser asks for a reason before a deed for which the policy wants one.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const reason = document.getElementById("reason");
    if (!button || !reason || button.form !== reason.form) return;
    reason.required = "reason" in button.dataset;
    reason.setCustomValidity(reason.required && !reason.value ? "Say in a few words why: the policy asks for a reason here." : "");
  });

  // A decision is sent once, however often it is pressed.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.again) return; // a file: the page stays, and it can be asked for again
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  function ready() {
    for (const each of document.querySelectorAll(".filters select")) each.onchange = () => each.form.submit();
    mark();
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "pane") pane.scrollTop = 0;
    ready();
    const count = document.querySelector("#held-title .count");
    if (count) document.title = document.title.replace(/^\d+/, count.textContent);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // What went wrong (gone, not allowed) is a page too: show it in the pane.
    if (event.target.id === "pane" && event.detail.xhr.status >= 400) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (document.activeElement && document.activeElement.closest(".filters")) event.preventDefault(); // not under somebody's hands
  });

  // After a decision: the next message of the list, where one was.
  const queue = document.getElementById("queue");
  if (queue && queue.dataset.at) {
    const next = document.querySelector('#queue .row[data-id="' + CSS.escape(queue.dataset.at) + '"]');
    if (next) choose(next, true);
    else if (wide.matches) show("/messages/" + queue.dataset.at);
  }

  const undo = document.querySelector(".undo");
  if (undo) setTimeout(() => undo.remove(), Math.max(0, parseFloat(undo.dataset.left)) * 1000);
  ready();
})();
