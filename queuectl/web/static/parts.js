// The parts that pages are made of: buttons, badges, cards, tables, empty places.

import { h } from "./dom.js";
import { percent, sentence } from "./format.js";
import { icon, sign } from "./icons.js";
import { announce, toast } from "./toast.js";

/** Every state, in the order in which they are shown. */
export const STATES = ["processing", "pending", "scheduled", "blocked", "failed", "completed", "dead", "cancelled"];
/** What each of them means, for titles. */
export const MEANINGS = {
  pending: "ready, waits for a free worker", scheduled: "waits for its time", blocked: "waits for other jobs",
  processing: "runs now", failed: "failed, waits for its next try", completed: "ended well",
  dead: "kept failing; it is in the dead letter queue", cancelled: "was cancelled",
};

/**
 * A button. With ``reason`` it stays visible and says why it cannot be used.
 * @param {{label: string, icon?: string, kind?: ""|"primary"|"danger"|"quiet", onclick?: Function, reason?: string, title?: string, only?: boolean, type?: string}} options
 */
export function button({ label, icon: sort, kind = "", onclick, reason = "", title = "", only = false, type = "button", ...rest }) {
  return h("button", {
    type, class: `button ${kind && `button-${kind}`} ${only ? "button-only" : ""}`, "aria-disabled": reason ? "true" : null,
    title: reason || title || (only ? label : null), "aria-label": only ? label : null,
    onclick: reason ? (event) => { event.preventDefault(); announce(reason); } : onclick, ...rest,
  }, sort ? icon(sort) : null, only ? null : h("span", null, label));
}

/** A link that looks like a button. */
export function linkButton(label, href, sort, rest = {}) {
  return h("a", { class: "button", href, ...rest }, sort ? icon(sort) : null, h("span", null, label));
}

/** A state, as sign and word. */
export function badge(state, extra = "") {
  return h("span", { class: `badge state-${state} ${extra}`, title: MEANINGS[state] || null }, sign(state), h("span", null, state));
}

/** A bar of progress, from 0 to 1; null is "it runs, and nobody knows how far". */
export function progress(share, label) {
  if (share === null || share === undefined) return null;
  return h("div", { class: "progress", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-valuenow": Math.round(share * 100) },
    h("span", { class: "progress-track" }, h("span", { class: "progress-done", style: { transform: `scaleX(${share})` } })),
    h("span", { class: "progress-number" }, percent(share)));
}

/** A part of a page, with its heading, and what can be done beside it. */
export function card({ title, level = 2, beside = null, key, extra = "", flush = false }, ...children) {
  return h("section", { class: `card ${extra}`, key, "aria-label": title },
    title && h("div", { class: "card-head" }, h(`h${level}`, null, title), h("div", { class: "card-beside" }, beside)),
    h("div", { class: flush ? "card-flush" : "card-body" }, children));
}

/** Says that there is nothing, and what to do about it. */
export function empty(sort, title, ...text) {
  return h("div", { class: "empty" }, icon(sort, "empty-icon"), h("p", { class: "empty-title" }, title),
    text.length ? h("div", { class: "empty-text" }, text) : null);
}

/** Shows that something is on its way, without jumping about when it comes. */
export function waiting(rows = 6) {
  return h("div", { class: "waiting", "aria-busy": "true" }, h("p", { class: "unseen" }, "Loading"),
    Array.from({ length: rows }, (_, place) => h("div", { class: "waiting-row", style: { "--place": place } })));
}

/** What a page shows instead of what could not be had. */
export function problem(what) {
  return h("div", { class: "card" }, h("div", { class: "empty" }, icon("warning", "empty-icon"),
    h("p", { class: "empty-title" }, sentence(what.detail || what.title || "it failed")),
      what.hint && h("p", { class: "empty-text" }, what.hint)));
}

/** Copy a text; where the browser does not allow it, select it the old way. */
export async function copyText(text, what = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    (document.querySelector("dialog[open]") || document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast("good", `${what}.`);
}

/** A button that copies a text. */
export function copyButton(text, label = "Copy") {
  return button({ label, icon: "copy", kind: "quiet", only: true, onclick: () => copyText(text) });
}

/** A line of code that can be copied. */
export function codeLine(text, label = "Copy this command") {
  return h("div", { class: "code-line" }, h("code", { tabindex: "0" }, text), copyButton(text, label));
}

/** One of several: a row of buttons that are pressed or not. */
export function segmented(label, choices, chosen, onchoose) {
  return h("div", { class: "segmented", role: "group", "aria-label": label }, choices.map(([value, text]) =>
    h("button", { key: value, type: "button", "aria-pressed": value === chosen, onclick: () => onchoose(value) }, text)));
}

/** A switch that is on or off. */
export function toggle(label, on, onchange, rest = {}) {
  return h("button", { type: "button", class: "switch", role: "switch", "aria-checked": Boolean(on), onclick: () => onchange(!on),
    ...rest },
    h("span", { class: "switch-track" }), h("span", null, label));
}

/** Tags, as small plates that link to the jobs that have them. */
export function tags(names) {
  return names.length ? h("span", { class: "tags" }, names.map((name) =>
    h("a", { class: "tag", key: name, tabindex: "-1", href: `#/jobs?${new URLSearchParams({ tag: name })}`,
      title: `Jobs with the tag ${name}` }, h("bdi", null, name)))) : null;
}

/**
 * A table, whose roles are named since it becomes cards on a narrow screen.
 * @param {{label: string, columns: Array<{name: string, extra?: string, head?: any, unseen?: boolean}>, rows: Array<{key: any, cells: any[], extra?: string, href?: string, props?: Object}>}} options
 */
export function table({ label, columns, rows, extra = "" }) {
  return h("table", { class: `table ${extra}`, role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) =>
      h("th", { scope: "col", role: "columnheader", class: column.extra },
        column.head ?? (column.unseen ? h("span", { class: "unseen" }, column.name) : column.name))))),
    h("tbody", { role: "rowgroup" }, rows.map((row) =>
      h("tr", { key: row.key, role: "row", class: row.extra, "data-href": row.href, "data-row": row.key, ...row.props },
        row.cells.map((cell, place) =>
          h("td", { role: "cell", class: columns[place].extra, "data-label": columns[place].unseen ? null : columns[place].name },
            cell))))));
}

/** Whether nobody has said which queues of a shared database a host runs, so that it runs none. */
export function untold(host) {
  return host.queues !== null && !host.queues.length;
}

/** Says that nobody runs what waits, and how to start somebody. */
export function noHost() {
  return h("div", { class: "banner banner-warn" }, icon("warning"),
    h("p", null, h("strong", null, "No host is running, so jobs wait. "), "Start one: ", h("code", null, "queuectl serve"),
      " or the tray."));
}
