// Jobs: filters kept in the address, a list that is live on its first page, and verbs for many at once.

import { get } from "../api.js";
import { h } from "../dom.js";
import { count, plural, ticking } from "../format.js";
import { icon, sign } from "../icons.js";
import { actOnMany, jobLink, note, progressOf, stateCell, verbButton } from "../jobparts.js";
import { newJob } from "../jobform.js";
import { button, empty, MEANINGS, problem, STATES, table, tags, waiting } from "../parts.js";
import { visible } from "../ansi.js";
import { go, href, jobHref } from "../router.js";
import { pauseBanners, STATUS } from "../shell.js";

const ORDERS = [["newest", "Newest first"], ["oldest", "Oldest first"], ["ended", "Last ended first"], ["due", "By due time"],
  ["next", "As they will run"]];
const FILTERS = ["queue", "tag", "text", "order"];
const PAUSE = 250; // ms after the last letter before a search begins

export function title() {
  return "Jobs";
}

/** @param {import("../router.js").Route} route */
function filters(route) {
  const found = { state: route.query.getAll("state").filter((state) => STATES.includes(state)) };
  for (const name of FILTERS) found[name] = route.query.get(name) || "";
  return found;
}

function path(route, cursor = "") {
  const query = href("", { ...filters(route), cursor }).slice(2);
  return `/jobs${query}`;
}

export function views(route) {
  const first = route.query.get("cursor") ? [] : [`/api/v1${path(route)}`];
  return [STATUS, ...first];
}

export function draw(route, [status, live], tools) {
  const { state } = tools;
  const wanted = JSON.stringify(filters(route));
  if (state.wanted !== wanted) { // what was selected in another list could not be seen in this one
    state.wanted = wanted;
    state.selected = new Set();
    state.all = false;
  }
  const cursor = route.query.get("cursor");
  if (cursor) loadPage(route, cursor, tools);
  const found = cursor ? state.pages?.get(path(route, cursor)) : live;
  const page = (state.page = found ?? state.page); // what was stays until the new list is there
  const counts = status?.counts || {};
  if (route.query.get("focus") === "search") focusSearch();
  return [
    h("div", { class: "page-head" }, h("h1", null, "Jobs"), h("span", { class: "faint" }, told(page))),
    pauseBanners(status?.pauses?.filter((pause) => !pause.queue || pause.queue === filters(route).queue) || []),
    chips(route, counts), bar(route, page), bulk(route, page, tools),
    page === undefined ? waiting(10) : page.problem ? problem(page.problem) : list(route, page, tools),
  ];
}

function told(page) {
  if (!page?.jobs) return "";
  return page.total === null || page.total === undefined ? "" : plural(page.total, "job");
}

async function loadPage(route, cursor, { state, redraw }) {
  state.pages ||= new Map();
  const wanted = path(route, cursor);
  if (state.pages.has(wanted)) return;
  state.pages.set(wanted, undefined);
  try {
    state.pages.set(wanted, await get(wanted));
  } catch (failure) {
    state.pages.set(wanted, { problem: { detail: failure.message, hint: failure.hint } });
  }
  redraw();
}

function change(route, changes, { replace = true } = {}) {
  go(href("jobs", { ...filters(route), ...changes }), { replace });
}

function chips(route, counts) {
  const chosen = filters(route).state;
  const toggle = (state) => change(route, { state: chosen.includes(state) ? chosen.filter((one) => one !== state)
    : [...chosen, state] }, { replace: false });
  return h("div", { class: "chips", role: "group", "aria-label": "States" },
    h("button", { type: "button", class: "chip", "aria-pressed": !chosen.length,
      onclick: () => change(route, { state: [] }, { replace: false }) }, "all"),
    STATES.map((state) => h("button", { key: state, type: "button", class: `chip state-${state}`,
      "aria-pressed": chosen.includes(state), title: MEANINGS[state], onclick: () => toggle(state) },
      sign(state), h("span", { class: "chip-name" }, state), h("span", { class: "chip-count" }, count(counts[state] || 0)))));
}

let timer = 0;

function bar(route, page) {
  const { queue, tag, text, order } = filters(route);
  const queues = [...new Set([...(page?.queues || []), ...(queue ? [queue] : [])])];
  const known = [...new Set([...(page?.tags || []), ...(tag ? [tag] : [])])];
  const search = (event) => {
    const value = event.target.value;
    clearTimeout(timer);
    timer = setTimeout(() => { if (location.hash.startsWith("#/jobs")) change(route, { text: value.trim() }); },
      event.type === "change" ? 0 : PAUSE);
  };
  const select = (label, value, options, name) => h("select",
    { class: "input", "aria-label": label, value,
    onchange: (event) => change(route, { [name]: event.target.value }, { replace: false }) },
    options.map(([key, shown]) => h("option", { key, value: key }, shown)));
  return h("div", { class: "filter-bar", role: "search" },
    h("label", { class: "search" }, icon("search"), h("span", { class: "unseen" }, "Search"),
      h("input", { type: "search", class: "input", value: text, placeholder: "Search names, commands, notes…", oninput: search,
        autocomplete: "off", spellcheck: "false" }), h("kbd", { "aria-hidden": "true" }, "/")),
    select("Queue", queue, [["", "All queues"], ...queues.map((name) => [name, visible(name)])], "queue"),
    select("Tag", tag, [["", "All tags"], ...known.map((name) => [name, visible(name)])], "tag"),
    select("Order", order || "newest", ORDERS, "order"));
}

function focusSearch() {
  go("#/jobs", { replace: true });
  requestAnimationFrame(() => document.querySelector("#main input[type=search]")?.focus());
}

function bulk(route, page, tools) {
  const { selected, all } = tools.state;
  if (!selected.size || !page?.jobs) return null;
  const number = all ? page.total ?? null : selected.size;
  const { order: _, ...filter } = filters(route);
  const which = all ? { filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value.length)) }
    : { ids: [...selected] };
  const act = async (verb) => {
    if ((await actOnMany(verb, which, number)) === undefined) return;
    clear(tools);
  };
  const more = page.next || (page.total ?? 0) > page.jobs.length;
  return h("div", { class: "bulk", role: "region", "aria-label": "Selected jobs" },
    h("span", { class: "bulk-count" }, all ? (number === null ? "All that match are selected"
      : `All ${count(number)} that match are selected`) : `${count(selected.size)} selected`),
    !all && more && selected.size >= page.jobs.length
      ? h("button", { type: "button", class: "link", onclick: () => { tools.state.all = true; tools.redraw(); } },
      page.total === null || page.total === undefined ? "Select all that match" : `Select all ${count(page.total)} that match`)
        : null,
    h("span", { class: "bar-space" }),
    button({ label: "Retry", icon: "retry", onclick: () => act("retry") }),
      button({ label: "Cancel", icon: "stop", onclick: () => act("cancel") }),
    button({ label: "Delete", icon: "trash", kind: "danger", onclick: () => act("delete") }),
    button({ label: "Select nothing", icon: "close", kind: "quiet", only: true, onclick: () => clear(tools) }));
}

function clear(tools) {
  tools.state.selected.clear();
  tools.state.all = false;
  tools.redraw();
}

function list(route, page, tools) {
  const { state } = tools;
  if (!page.jobs.length) return [nothing(route, page), pager(route, page, tools)];
  const every = page.jobs.every((job) => state.selected.has(job.id));
  const some = page.jobs.some((job) => state.selected.has(job.id));
  const pickAll = () => {
    state.all = false;
    for (const job of page.jobs) every ? state.selected.delete(job.id) : state.selected.add(job.id);
    tools.redraw();
  };
  const box = h("label", { class: "check" }, h("input",
    { type: "checkbox", checked: every || state.all, indeterminate: some && !every && !state.all, onchange: pickAll,
    "aria-label": "Select all on this page" }));
  return [
    h("div", { class: "card card-table" }, table({
      label: "Jobs", extra: "table-jobs",
      columns: [
        { name: "Select", head: box, extra: "col-check", unseen: true }, { name: "Job", extra: "col-id num" },
          { name: "State", extra: "col-state" }, { name: "What", extra: "col-title", unseen: false },
        { name: "Queue", extra: "col-queue" }, { name: "Note", extra: "col-note" }, { name: "Added", extra: "col-time" },
          { name: "Actions", extra: "col-act", unseen: true },
      ],
      rows: page.jobs.map((job) => row(job, page, tools)),
    })),
    pager(route, page, tools),
  ];
}

function row(job, page, { state, redraw }) {
  const picked = state.all || state.selected.has(job.id);
  const pick = (event) => {
    const on = event.target.checked;
    state.all = false;
    const ids = page.jobs.map((one) => one.id);
    const from = event.target.dataset.shift && state.last !== undefined ? ids.indexOf(state.last) : -1;
    const to = ids.indexOf(job.id);
    const range = from < 0 ? [job.id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const id of range) on ? state.selected.add(id) : state.selected.delete(id);
    state.last = job.id;
    redraw();
  };
  const shift = (event) => { event.currentTarget.querySelector("input").dataset.shift = event.shiftKey ? "1" : ""; };
  return {
    key: job.id, href: jobHref(job.id), extra: picked ? "row-picked" : "",
    cells: [
      h("label", { class: "check", onclick: shift, onmousedown: (event) => { if (event.shiftKey) event.preventDefault(); } },
        h("input", { type: "checkbox", checked: picked, onchange: pick, "aria-label": `Select job ${job.id}` })),
      h("span", { class: "faint" }, job.id), stateCell(job), h("div", { class: "what" }, jobLink(job), tags(job.tags)),
      h("a", { class: "queue-link cut", href: href("jobs", { queue: job.queue }), title: job.queue },
        h("bdi", null, visible(job.queue))),
      progressOf(job) || note(job), ticking(job.created_at),
      h("span", { class: "row-actions" }, (job.verbs || []).filter((verb) => verb === "retry"
        || verb === "cancel").map((verb) => h("span", { key: verb }, verbButton(job, verb, { only: true })))),
    ],
  };
}

function nothing(route, page) {
  const { state, queue, tag, text } = filters(route);
  if (page.exhausted === false) return h("div", { class: "card" }, empty("search", "Nothing found so far"));
  if (!state.length && !queue && !tag && !text) return h("div", { class: "card" },
    empty("jobs", "No jobs", button({ label: "New job", icon: "plus", kind: "primary", onclick: () => newJob() })));
  return h("div", { class: "card" }, empty("search", "No job matches",
    button({ label: "Show all jobs", onclick: () => go("#/jobs") })));
}

function pager(route, page, { state }) {
  const cursor = route.query.get("cursor");
  state.before ||= [];
  const older = () => {
    state.before.push(cursor || "");
    go(href("jobs", { ...filters(route), cursor: page.next }));
    scrollTo(0, 0);
  };
  const newer = () => {
    go(href("jobs", { ...filters(route), cursor: state.before.pop() || "" }));
    scrollTo(0, 0);
  };
  const searched = page.exhausted === false;
  const down = page.jobs.at(-1)?.id;
  if (!page.next && !cursor) return null;
  return h("nav", { class: "pager", "aria-label": "More jobs" },
    cursor ? button({ label: "Newer", icon: "left", onclick: newer }) : null,
    h("span", { class: "faint" }, searched && page.next ? (down ? `Searched down to job ${down}.` : "Searched a part of the jobs.")
      : cursor ? "This page stands still; the first one is live." : ""),
    page.next ? button({ label: searched ? "Search further" : "Older", icon: "right", onclick: older,
      class: "button button-right" }) : null);
}
