// Messages in the corner: what was done, or what went wrong and what to do next.

import { create, h } from "./dom.js";
import { icon } from "./icons.js";

const SECONDS = { good: 5, bad: 12 };
const MOST = 4;

/**
 * Show a message for a while.
 * @param {"good"|"bad"} kind @param {string} text @param {string} [hint]
 * @param {{href: string, label: string}} [link]
 */
export function toast(kind, text, hint = "", link = null) {
  const holder = place();
  const close = () => element.remove();
  const element = create(
    h("div", { class: `toast toast-${kind}` },
      icon(kind === "good" ? "check" : "warning", "toast-icon"),
      h("div", { class: "toast-text" },
        h("p", null, text),
        hint && h("p", { class: "toast-hint" }, hint),
        link && h("a", { href: link.href, onclick: close }, link.label)),
      h("button", { class: "icon-button", type: "button", "aria-label": "Close this message", onclick: close }, icon("close"))));
  holder.append(element);
  while (holder.children.length > MOST) holder.firstElementChild.remove();
  let left = SECONDS[kind];
  const timer = setInterval(() => {
    if (element.matches(":hover, :focus-within") || document.hidden) return; // somebody reads it, or nobody can
    left -= 1;
    if (left <= 0) close();
    if (!element.isConnected) clearInterval(timer);
  }, 1000);
}

/** Where messages go: into the dialog that is open, since all outside of it is out of reach. */
function place() {
  const holder = document.getElementById("toasts");
  const parent = [...document.querySelectorAll("dialog[open]")].at(-1) || document.body;
  if (holder.parentNode !== parent) parent.append(holder);
  return holder;
}

/** Bring the messages back, before a dialog goes. */
export function keepToasts() {
  document.body.append(document.getElementById("toasts"));
}

/** Tell a screen reader, and nobody else. */
export function announce(text) {
  const place = document.getElementById("announce");
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 50);
}
