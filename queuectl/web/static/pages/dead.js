// The dead letter queue: what kept failing, by its error, with the end of what it wrote.

import { visible } from "../ansi.js";
import { attempt, get } from "../api.js";
import { h } from "../dom.js";
import { between, count, plural, ticking } from "../format.js";
import { icon } from "../icons.js";
import { actOnMany, jobLink } from "../jobparts.js";
import { showTail } from "../loglines.js";
import { button, empty } from "../parts.js";
import { href, jobHref } from "../router.js";

export function title() {
  return "Dead letter queue";
}

export function views(route) {
  const queue = route.query.get("queue");
  return [`/api/v1/dead${queue ? `?queue=${encodeURIComponent(queue)}` : ""}`];
}

export function draw(route, [data], tools) {
  tools.state.picked ||= new Set();
  tools.state.more ||= new Map();
  const queue = route.query.get("queue");
  const filter = { state: ["dead"], ...(queue ? { queue } : {}) };
  return [
    h("div", { class: "page-head" },
      h("div", null, h("h1", null, "Dead letter queue"),
        h("p", { class: "lead" }, "Jobs that kept failing and wait for somebody to look at them.")),
      data.total ? h("div", { class: "page-actions" },
        button({ label: `Retry all ${count(data.total)}`, icon: "retry", kind: "primary",
          onclick: () => actOnMany("retry", { filter }, data.total) }),
        button({ label: "Delete all", icon: "trash", kind: "danger", onclick: () => actOnMany("delete", { filter }, data.total) }))
          : null),
    queue ? h("p", { class: "filter-note" }, "Only queue ", h("strong", null, h("bdi", null, visible(queue))), ". ",
      h("a", { href: "#/dead" }, "Show all")) : null,
    data.looked_at < data.total ? h("p", { class: "filter-note" },
      `Grouped from the newest ${count(data.looked_at)} of ${count(data.total)}.`) : null,
    picked(tools),
    data.groups.length ? h("div", { class: "groups" }, data.groups.map((group) => drawGroup(group, tools)))
      : h("div", { class: "card" }, empty("check", "No dead jobs",
        h("p", null, "A job that fails again and again, after all its retries, ends up here."))),
  ];
}

function picked({ state, redraw }) {
  if (!state.picked.size) return null;
  const act = async (verb) => {
    if ((await actOnMany(verb, { ids: [...state.picked] }, state.picked.size)) === undefined) return;
    state.picked.clear();
    redraw();
  };
  return h("div", { class: "bulk", role: "region", "aria-label": "Selected jobs" },
    h("span", { class: "bulk-count" }, `${count(state.picked.size)} selected`), h("span", { class: "bar-space" }),
    button({ label: "Retry", icon: "retry", onclick: () => act("retry") }),
      button({ label: "Delete", icon: "trash", kind: "danger", onclick: () => act("delete") }),
    button({ label: "Select nothing", icon: "close", kind: "quiet", only: true,
      onclick: () => { state.picked.clear(); redraw(); } }));
}

function drawGroup(group, tools) {
  const { state } = tools;
  const key = group.error;
  state.open ||= new Set([key]); // the first one, which is the biggest
  const open = state.open.has(key);
  const error = visible(group.error || "no reason was given");
  const all = group.ids.every((id) => state.picked.has(id));
  const toggle = (event) => {
    event.currentTarget.open ? state.open.add(key) : state.open.delete(key);
  };
  const pickAll = () => {
    for (const id of group.ids) all ? state.picked.delete(id) : state.picked.add(id);
    tools.redraw();
  };
  const known = new Set(group.jobs.map((job) => job.id));
  const more = (state.more.get(key) || []).filter((job) => group.ids.includes(job.id) && !known.has(job.id));
  return h("section", { class: "card group", key, "aria-label": error },
    h("details", { ontoggle: toggle, open },
      h("summary", { class: "group-head", "data-row": key }, icon("right", "group-arrow"),
        h("span", { class: "group-count" }, count(group.count)),
        h("h2", { class: "group-error", title: error }, h("bdi", null, error)),
        h("span", { class: "group-time" }, between(group.oldest, group.newest) >= 60 ? [ticking(group.oldest), " to ", ticking(group.newest)]
          : ticking(group.newest))),
      h("div", { class: "group-body" },
        h("div", { class: "group-actions" },
          h("label", { class: "check check-text" },
            h("input", { type: "checkbox", checked: all, indeterminate: !all && group.ids.some((id) => state.picked.has(id)),
            onchange: pickAll }), h("span", null, `Select ${plural(group.ids.length, "job")}`)),
          h("span", { class: "bar-space" }),
          button({ label: group.count > 1 ? `Retry these ${count(group.ids.length)}` : "Retry", icon: "retry",
            onclick: () => actOnMany("retry", { ids: group.ids }, group.ids.length) }),
          button({ label: group.count > 1 ? `Delete these ${count(group.ids.length)}` : "Delete", icon: "trash", kind: "danger",
            onclick: () => actOnMany("delete", { ids: group.ids }, group.ids.length) })),
        h("ul", { class: "dead-jobs" }, [...group.jobs, ...more].map((job) => drawJob(job, tools))),
        rest(group, more, tools))));
}

function drawJob(job, { state, redraw }) {
  const on = state.picked.has(job.id);
  const tail = job.tail || "";
  return h("li", { key: job.id, class: on ? "dead-job row-picked" : "dead-job", "data-row": job.id, "data-href": jobHref(job.id) },
    h("div", { class: "dead-head" },
      h("label", { class: "check" }, h("input",
        { type: "checkbox", checked: on, "aria-label": `Select job ${job.id}`,
        onchange: () => { on ? state.picked.delete(job.id) : state.picked.add(job.id); redraw(); } })),
      h("span", { class: "faint num" }, job.id), jobLink(job),
      h("a", { class: "queue-link cut", href: href("dead", { queue: job.queue }), title: `Only queue ${job.queue}` },
        h("bdi", null, visible(job.queue))),
      h("span", { class: "faint dead-facts" }, plural(job.attempts, "run"), ", ", ticking(job.finished_at || job.updated_at)),
      h("span", { class: "row-actions row-actions-shown" },
        button({ label: `Retry job ${job.id}`, icon: "retry", kind: "quiet", only: true,
          onclick: () => attemptOne("retry", job.id) }),
        button({ label: `Delete job ${job.id}`, icon: "trash", kind: "quiet", only: true,
          onclick: () => attemptOne("delete", job.id) }))),
    tail ? h("div", { class: "tail", key: `tail-${job.runs}`, tabindex: "0", role: "group",
      "aria-label": `End of the output of job ${job.id}`, mount: (element) => {
      showTail(element, tail);
      requestAnimationFrame(() => { element.scrollTop = element.scrollHeight; });
    } }) : h("p", { class: "tail-none faint" }, job.tail === undefined ? "" : "It wrote nothing."));
}

function attemptOne(verb, id) {
  return actOnMany(verb, { ids: [id] }, 1);
}

const STEP = 20;

function rest(group, more, { state, redraw }) {
  const shown = group.jobs.length + more.length;
  if (shown >= group.count) return null;
  const known = new Set([...group.jobs, ...more].map((job) => job.id));
  const next = group.ids.filter((id) => !known.has(id)).slice(0, STEP);
  if (!next.length) return h("p", { class: "filter-note" }, `${count(group.count - shown)} older ones are not listed here. `,
    h("a", { href: "#/jobs?state=dead" }, "All dead jobs"));
  const load = async () => {
    const jobs = await attempt(() => Promise.all(next.map((id) => get(`/jobs/${id}`))));
    if (!jobs) return;
    for (const job of jobs) job.tail = job.runs_list.at(-1)?.tail?.slice(-2000) ?? "";
    state.more.set(group.error, [...more, ...jobs]);
    redraw();
  };
  return h("div", { class: "group-more" }, button({ label: `Show ${count(next.length)} more of ${count(group.count - shown)}`,
    icon: "down", kind: "quiet", onclick: load }));
}
