// What a job is, as a list of facts; its note and its tags are edited where they stand.

import { visible } from "../ansi.js";
import { attempt, send } from "../api.js";
import { h } from "../dom.js";
import { at, between, duration, ticking } from "../format.js";
import { icon } from "../icons.js";
import { readTags } from "../jobform.js";
import { button, card, copyButton, tags } from "../parts.js";
import { href } from "../router.js";

/** Draw the facts of a job. */
export function facts(job, tools) {
  return card({ title: "Facts", key: "facts" },
    command(job),
    h("dl", { class: "facts" }, rows(job, tools).map(([name, value]) => h("div", { key: name }, h("dt", null, name),
      h("dd", null, value)))));
}

function command(job) {
  const text = job.command ?? (job.argv || []).map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word
    : JSON.stringify(word))).join(" ");
  return h("div", { class: "command" }, h("pre", { tabindex: "0", "aria-label": "Command" },
    h("code", null, h("bdi", null, text.split("\n").map(visible).join("\n")))),
    copyButton(job.command ?? JSON.stringify(job.argv), "Copy the command"));
}

function rows(job, tools) {
  const found = [
    ["Queue", h("a", { href: href("jobs", { queue: job.queue }) }, h("bdi", null, visible(job.queue)))],
    ["Priority", job.priority ?? 0],
    ["Runs", `${job.attempts} of ${job.max_retries + 1}`],
    ["Retries wait", backoff(job)],
    ["Timeout", job.timeout ? duration(job.timeout) : "none"],
    ["Added", [at(job.created_at), h("span", { class: "faint" }, " by ", h("bdi", null, visible(job.source || "?")))]],
  ];
  const add = (name, value) => { if (value !== null && value !== undefined && value !== "" && value !== false && value !== 0
    && !(Array.isArray(value) && !value.length)) found.push([name, value]); };
  const code = (text) => text && h("code", { class: "breaks" }, h("bdi", null, visible(String(text))));
  add("Due", job.run_at && ["scheduled", "failed"].includes(job.state)
    && [at(job.run_at), h("span", { class: "faint" }, " ", ticking(job.run_at))]);
  add("Started", job.started_at && at(job.started_at));
  add("Ended", job.finished_at && [at(job.finished_at),
    h("span", { class: "faint" }, ` after ${duration(between(job.started_at, job.finished_at)) || "0s"}`)]);
  add("Exit code", job.exit_code === null ? null : String(job.exit_code));
  add("Reason", job.reason && h("bdi", null, visible(job.reason)));
  add("Directory", code(job.cwd));
  add("Shell", code(job.shell));
  add("Environment", Object.keys(job.env || {}).length
    && [code(Object.keys(job.env).join(", ")), h("span", { class: "faint" }, " (values are not shown)")]);
  add("Slots", job.slots > 1 && job.slots);
  add("Mutex", code(job.mutex));
  add("Machine", code(job.machine));
  add("Nice", job.nice === null ? null : String(job.nice));
  add("Key", code(job.key));
  add("Schedule", job.schedule && h("a", { href: "#/schedules" }, h("bdi", null, visible(job.schedule))));
  add("Success is", job.ok_on?.length && `exit 0, ${job.ok_on.join(", ")}`);
  add("No retry after", job.dead_on?.length && `exit ${job.dead_on.join(", ")}`);
  add("After success", code(job.on_success));
  add("After a failure", code(job.on_failure));
  add("After death", code(job.on_dead));
  add("Tags", editable(tools, "tags", job.tags.length ? tags(job.tags) : null, job.tags.join(", "), "none",
    (text) => ({ tags: text === job.tags.join(", ") ? job.tags : readTags(text) }), job.id));
  add("Note", editable(tools, "note", job.note && h("span", { class: "breaks" }, h("bdi", null, visible(job.note))), job.note || "",
    "none", (text) => ({ note: text || null }), job.id));
  return found;
}

function backoff(job) {
  const kind = job.backoff || "exponential";
  const base = job.backoff_base;
  const cap = job.backoff_cap ? `, at most ${duration(job.backoff_cap)}` : "";
  if (kind === "fixed") return `${duration(base)} each${cap}`;
  const waits = [1, 2, 3].map((number) => duration(kind === "linear" ? base * number : base ** number));
  return `${waits.join(", ")}, …${cap}`;
}

function editable(tools, name, shown, text, none, changes, id) {
  const edit = (on) => {
    tools.state.editing = on ? name : null;
    tools.redraw();
    if (on) requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector(`.edit-inline input[name=${name}]`)?.select()));
  };
  if (tools.state.editing !== name) {
    return h("span", { class: "editable", key: "shown" }, shown || h("span", { class: "faint" }, none),
      h("button", { type: "button", class: "icon-button", "aria-label": `Edit the ${name}`, title: `Edit the ${name}`,
        onclick: () => edit(true) }, icon("edit")));
  }
  return h("form", {
    class: "edit-inline", key: "form",
    onsubmit: async (event) => {
      event.preventDefault();
      const value = event.target.elements[name].value.trim();
      if ((await attempt(() => send("PATCH", `/jobs/${id}`, changes(value)), "Saved.")) !== undefined) edit(false);
    },
    onkeydown: (event) => { if (event.key === "Escape") edit(false); },
  }, h("input", { class: "input", name, value: text, "aria-label": name, autocomplete: "off" }),
    button({ label: "Save", icon: "check", only: true, type: "submit" }));
}
