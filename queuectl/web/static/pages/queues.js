// Queues: what is in each, how many of its jobs run at once, what its jobs get by default, and its pause.

import { visible } from "../ansi.js";
import { attempt, send } from "../api.js";
import { confirm, open } from "../dialog.js";
import { h } from "../dom.js";
import { count, moment, sentence } from "../format.js";
import { sign } from "../icons.js";
import { field, input } from "../jobform.js";
import { button, empty, STATES, table } from "../parts.js";
import { href } from "../router.js";
import { askPauseOf, pauseBanners, resume, STATUS } from "../shell.js";
import { toast } from "../toast.js";

export function title() {
  return "Queues";
}

export function views() {
  return ["/api/v1/queues", STATUS];
}

export function draw(route, [list, status]) {
  return [
    h("div", { class: "page-head" }, h("div", null, h("h1", null, "Queues"),
      h("p", { class: "lead" },
      "Each job stands in one. A queue can have a limit, defaults for its jobs, and a pause of its own.")),
      h("div", { class: "page-actions" }, button({ label: "New queue", icon: "plus", onclick: () => edit(null) }))),
    pauseBanners((status?.pauses || []).filter((pause) => !pause.queue)),
    list.length ? h("div", { class: "card card-table" }, table({
      label: "Queues", extra: "table-queues",
      columns: [{ name: "Queue", extra: "col-name" }, { name: "Jobs", extra: "col-counts" }, { name: "Limit", extra: "col-limit" },
        { name: "Defaults", extra: "col-title" }, { name: "Actions", extra: "col-act", unseen: true }],
      rows: list.map((queue) => row(queue, status)),
    })) : h("div", { class: "card" }, empty("queues", "No queues yet", h("p", null, "The first job makes one: default."))),
  ];
}

function row(queue, status) {
  const name = visible(queue.name);
  const own = status ? (status.pauses || []).find((pause) => pause.queue === queue.name) : queue.paused;
  const filled = STATES.filter((state) => queue.counts[state]);
  const remove = async () => {
    if (await confirm({ title: `Delete queue ${name}?`,
      text: h("p", null, "Its limit, its defaults and its pause are forgotten. Only a queue without jobs can be deleted."),
      action: "Delete", danger: true })) {
      attempt(() => send("DELETE", `/queues/${encodeURIComponent(queue.name)}`), `Queue ${name} is deleted.`);
    }
  };
  return {
    key: queue.name, href: href("jobs", { queue: queue.name }), extra: own ? "row-paused" : "",
    cells: [
      h("div", { class: "name-cell" }, h("a", { href: href("jobs", { queue: queue.name }), title: name },
        h("strong", null, h("bdi", null, name))),
        own ? h("span", { class: "plate", title: own.until ? `until ${moment(own.until)}` : null },
          own.until ? `paused until ${moment(own.until).slice(0, -3)}` : "paused") : null),
      filled.length ? h("span", { class: "counts" },
        filled.map((state) => h("a", { key: state, class: `count state-${state}`, href: href("jobs", { queue: queue.name, state }),
        title: `${queue.counts[state]} ${state}` }, sign(state), count(queue.counts[state]),
        h("span", { class: "unseen" }, ` ${state}`)))) : h("span", { class: "faint" }, "none"),
      limitOf(queue) === null ? h("span", { class: "faint" }, "no limit") : `${limitOf(queue)} at once`,
      h("span", { class: "defaults" }, Object.entries(queue.defaults
        || {}).map(([key, value]) => h("code", { key, title: `${key}=${JSON.stringify(value)}` },
        visible(`${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)))),
      h("span", { class: "row-actions row-actions-shown" },
        own ? button({ label: `Resume ${name}`, icon: "play", kind: "quiet", only: true, onclick: () => resume(queue.name) })
          : button({ label: `Pause ${name}`, icon: "pause", kind: "quiet", only: true, onclick: () => askPauseOf(queue.name) }),
        button({ label: `Edit ${name}`, icon: "edit", kind: "quiet", only: true, onclick: () => edit(queue) }),
        button({ label: `Delete ${name}`, icon: "trash", kind: "quiet", only: true, onclick: remove })),
    ],
  };
}

function limitOf(queue) {
  return queue.max_running ?? queue.limit ?? null;
}

function edit(queue) {
  return open({
    title: queue ? `Queue ${visible(queue.name)}` : "New queue",
    content: ({ close }) => h("form", {
      class: "form",
      onsubmit: async (event) => {
        event.preventDefault();
        const text = (name) => event.target.elements[name]?.value.trim() ?? "";
        let defaults;
        try {
          defaults = text("defaults") ? JSON.parse(text("defaults")) : {};
        } catch (error) {
          toast("bad", sentence(`the defaults are no JSON: ${error.message}`), 'Write an object, such as {"timeout": 7200}.');
          return;
        }
        const name = queue ? queue.name : text("name");
        const body = { max_running: text("limit") === "" ? null : Number(text("limit")), defaults };
        if ((await attempt(() => send("PUT", `/queues/${encodeURIComponent(name)}`, body),
          `Queue ${visible(name)} is saved.`)) !== undefined) close(true);
      },
    }, h("div", { class: "form-grid" },
      queue ? null : field("Name", input("name", "", { required: true, placeholder: "video" }), null, "wide"),
      field("Jobs at once, on all hosts together",
        input("limit", queue ? limitOf(queue) ?? "" : "", { type: "number", min: 0, step: 1, placeholder: "no limit" }),
        "Empty: as many as there are workers.", "wide"),
      field("Defaults, as JSON", h("textarea",
        { class: "input code", name: "defaults", rows: 5, spellcheck: "false", placeholder: '{"timeout": "2h", "max_retries": 1}',
        value: queue && Object.keys(queue.defaults || {}).length ? JSON.stringify(queue.defaults, null, 2) : "" }),
        "Fields of a .job file that its jobs get when they leave them out.", "wide")),
    h("div", { class: "dialog-actions" }, button({ label: "Cancel", onclick: () => close() }),
      button({ label: "Save", kind: "primary", type: "submit" }))),
  });
}
