// The keyboard: letters that go somewhere, and moving, opening and selecting in lists.

import { open } from "./dialog.js";
import { h } from "./dom.js";
import { go } from "./router.js";
import { announce } from "./toast.js";

/** Where ``g`` and a letter lead. */
export const PLACES = { o: "overview", j: "jobs", d: "dead", f: "drop", s: "schedules", q: "queues", w: "workers", e: "settings" };
const NAMES = { o: "Overview", j: "Jobs", d: "Dead letter queue", f: "Drop folder", s: "Schedules", q: "Queues", w: "Workers",
  e: "Settings" };

/** Listen to the keyboard; ``actions`` are what single letters do. @param {Object<string, () => void>} actions */
export function listen(actions) {
  let waiting = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing) {
      if (event.key === "Escape") typing.blur();
      return;
    }
    const then = Date.now() < waiting;
    waiting = 0;
    if (then && PLACES[event.key]) go(`#/${PLACES[event.key]}`);
    else if (event.key === "g") waiting = Date.now() + 1500;
    else if (event.key === "?") showKeys();
    else if (actions[event.key]) actions[event.key]();
    else if (!inList(event)) return;
    event.preventDefault();
  });
}

function inList(event) {
  const rows = [...document.querySelectorAll("#main [data-row]")].filter((row) => row.offsetParent);
  const arrow = event.key === "ArrowDown" || event.key === "ArrowUp";
  const current = document.activeElement?.closest?.("[data-row]");
  if (!rows.length || (arrow && !current)) return false; // without a row, arrows scroll
  if (event.key === "j" || event.key === "ArrowDown") return focusRow(rows[Math.min(rows.length - 1, rows.indexOf(current) + 1)]);
  if (event.key === "k" || event.key === "ArrowUp") return focusRow(rows[Math.max(0, rows.indexOf(current) - 1)]);
  if (!current) return false;
  if (event.key === "Enter" && document.activeElement === current && current.dataset.href) {
    go(current.dataset.href);
    return true;
  }
  if (event.key === "x") {
    const box = current.querySelector("input[type=checkbox]");
    box?.click();
    if (box) announce(box.checked ? "Selected" : "No longer selected");
    return Boolean(box);
  }
  return false;
}

function focusRow(row) {
  if (!row.hasAttribute("tabindex")) row.setAttribute("tabindex", "-1");
  row.focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

/** Have a click anywhere in a row open what it stands for, unless it meant something else there. */
export function openRows(root) {
  root.addEventListener("click", (event) => {
    const row = event.target.closest("[data-href]");
    if (!row || event.target.closest("a, button, input, label, summary, select, textarea, pre, .tail, .code-line")
      || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
    else go(row.dataset.href);
  });
}

/** Show what the keyboard can do. */
export function showKeys() {
  const group = (title, keys) => h("section", { class: "keys" }, h("h3", null, title), h("dl", null, keys.map(([names, text]) =>
    h("div", null, h("dt", null, names.map((name) => h("kbd", null, name))), h("dd", null, text)))));
  return open({
    title: "Keyboard",
    wide: true,
    content: () => h("div", { class: "keys-columns" },
      group("Go to", Object.entries(NAMES).map(([letter, name]) => [["g", letter], name])),
      h("div", null,
        group("Lists", [[["j"], "Next row"], [["k"], "Row before"], [["Enter"], "Open"], [["x"], "Select"], [["/"], "Search"]]),
        group("Everywhere", [[["n"], "New job"], [["p"], "Pause or resume"], [["t"], "Theme"], [["?"], "This list"],
          [["Esc"], "Leave a field or dialog"]]))),
  });
}
