// Settings: all of them, where each value comes from, what is allowed, and changing them where they stand.

import { visible } from "../ansi.js";
import { attempt, send } from "../api.js";
import { h } from "../dom.js";
import { sentence } from "../format.js";
import { icon } from "../icons.js";
import { button, card, toggle } from "../parts.js";

const GROUPS = [
  ["Retries and limits", ["max_retries", "backoff", "backoff_base", "backoff_cap", "jitter", "timeout", "dead_parent", "progress",
    "kill_grace"]],
  ["Workers of this machine", ["workers", "run_queues", "machine_tags", "shell", "poll", "stop_grace"]],
  ["Drop folder", ["drop_enabled", "drop_folder"]],
  ["Keeping", ["keep_completed", "keep_cancelled", "keep_dead", "keep_completed_count", "keep_cancelled_count", "keep_dead_count",
    "log_max_bytes", "tail_bytes"]],
  ["Commands that run afterwards", ["on_success", "on_failure", "on_dead", "on_empty", "hook_timeout"]],
  ["Notifications", ["notify_dead", "notify_empty", "notify_rejected", "silent_hours"]],
  ["This page", ["dashboard_enabled", "dashboard_port", "dashboard_bind", "dashboard_hosts", "api_enqueue", "share_logs"]],
  ["Under the hood", ["lease", "heartbeat", "reaper_interval", "schedule_grace"]],
];
const ORIGINS = { default: "default", database: "set in the database", machine: "set in config.toml",
  environment: "set by the environment" };

export function title() {
  return "Settings";
}

export function views() {
  return ["/api/v1/settings"];
}

export function draw(route, [list], tools) {
  tools.state.text ??= route.query.get("find") || "";
  const wanted = tools.state.text.trim().toLowerCase();
  const shown = list.filter((one) => !wanted || `${one.key} ${one.help}`.toLowerCase().includes(wanted));
  const known = new Map(shown.map((one) => [one.key, one]));
  const groups = GROUPS.map(([name, keys]) => [name, keys.map((key) => known.get(key)).filter(Boolean)]);
  const grouped = new Set(GROUPS.flatMap(([, keys]) => keys));
  groups.push(["More", shown.filter((one) => !grouped.has(one.key))]);
  return [
    h("div", { class: "page-head" }, h("div", null, h("h1", null, "Settings"),
      h("p", { class: "lead" }, "The same ones as ", h("code", null, "queuectl config"), ". Most are taken up at once.")),
      h("label", { class: "search" }, icon("search"), h("span", { class: "unseen" }, "Search the settings"),
        h("input", { type: "search", class: "input", placeholder: "Search", value: tools.state.text,
          oninput: (event) => { tools.state.text = event.target.value; tools.redraw(); } }),
          h("kbd", { "aria-hidden": "true" }, "/"))),
    groups.filter(([, settings]) => settings.length).map(([name, settings]) => card({ title: name, key: name, flush: true },
      h("ul", { class: "settings" }, settings.map((one) => setting(one, tools))))),
    shown.length ? null : h("p", { class: "card-note" }, "No setting matches."),
  ];
}

function setting(one, tools) {
  const editing = tools.state.editing === one.key;
  const label = one.key.replaceAll("_", " ");
  const shown = one.text ?? String(one.value);
  return h("li", { class: `setting ${one.origin === "default" ? "" : "setting-own"}`, key: one.key, "data-row": one.key },
    h("div", { class: "setting-what" }, h("h3", null, h("span", null, label), h("code", null, one.key),
      one.fixed ? h("span", { class: "plate plate-plain" }, icon("lock"), "fixed") : null),
      h("p", { class: "setting-help" }, one.help),
        one.fixed ? h("p", { class: "setting-fixed" }, sentence(one.why_fixed || "it cannot be changed here")) : null),
    h("div", { class: "setting-value" }, editing ? form(one, shown, tools) : value(one, shown, label, tools),
      h("p", { class: "setting-from" }, h("span", { class: one.origin === "default" ? "" : "setting-origin" },
        ORIGINS[one.origin] || one.origin),
        editing || one.type === "bool" ? null : h("span", { class: "cut", title: `Allowed: ${one.range}` }, one.range),
        one.origin !== "default" && !one.fixed
          ? h("button", { type: "button", class: "link", title: `The default is ${one.default_text || "empty"}`,
          onclick: () => reset(one), "aria-label": `Back to the default of ${label}` }, "Back to default") : null)));
}

function value(one, shown, label, tools) {
  if (one.type === "bool") return toggle(shown === "on" || one.value === true ? "on" : "off", one.value,
    (on) => save(one, on ? "on" : "off", tools), { disabled: one.fixed, "aria-label": label });
  return h("div", { class: "setting-shown" },
    h("code", { class: "cut", title: visible(shown) },
    shown === "" ? h("span", { class: "faint" }, "empty") : h("bdi", null, visible(shown))),
    one.fixed ? null : button({ label: `Change ${label}`, icon: "edit", kind: "quiet", only: true,
      onclick: () => edit(one.key, tools) }));
}

function edit(key, tools) {
  tools.state.editing = key;
  tools.redraw();
  if (key) requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector(".edit-inline .input")?.focus()));
}

function form(one, shown, tools) {
  const choices = one.choices?.length ? one.choices : null;
  return h("form", {
    class: "edit-inline", key: "form",
    onsubmit: (event) => { event.preventDefault(); save(one, event.target.elements.value.value, tools); },
    onkeydown: (event) => { if (event.key === "Escape") edit(null, tools); },
  },
  choices ? h("select", { class: "input", name: "value", value: shown, "aria-label": one.key },
    choices.map((choice) => h("option", { key: choice, value: choice }, choice)))
    : h("input", { class: "input code", name: "value", value: shown, autocomplete: "off", spellcheck: "false",
      "aria-label": one.key, title: one.range, placeholder: one.default_text || "" }),
  button({ label: "Save", icon: "check", only: true, kind: "primary", type: "submit" }),
    button({ label: "Leave it", icon: "close", only: true, kind: "quiet", onclick: () => edit(null, tools) }),
  h("span", { class: "field-hint" }, `Allowed: ${one.range}`));
}

async function save(one, text, tools) {
  if ((await attempt(() => send("PUT", `/settings/${one.key}`, { value: text }),
    `${one.key} is ${text === "" ? "empty" : text} now.`)) !== undefined) edit(null, tools);
}

function reset(one) {
  return attempt(() => send("DELETE", `/settings/${one.key}`),
    `${one.key} is back to its default${one.default_text ? `, ${one.default_text}` : ""}.`);
}
