// One job: what it is, how it stands, its runs with their logs, its history, and what can be done with it.

import { h } from "../dom.js";
import { at, between, duration, plural, size, ticking } from "../format.js";
import { sign } from "../icons.js";
import { copyJob, editJob } from "../jobform.js";
import { note, progressOf, stateCell, title as jobTitle, verbButton } from "../jobparts.js";
import { LogView } from "../logview.js";
import { button, card, codeLine, empty, segmented } from "../parts.js";
import { visible } from "../ansi.js";
import { go, jobHref } from "../router.js";
import { facts } from "./jobfacts.js";

export function title(route, [job]) {
  return job ? `Job ${job.id}: ${jobTitle(job).slice(0, 60)}` : `Job ${route.id}`;
}

export function views(route) {
  return [`/api/v1/jobs/${encodeURIComponent(route.id)}`];
}

export function draw(route, [job], tools) {
  return [
    head(job),
    h("div", { class: "columns columns-job" },
      h("div", { class: "column" }, progressCard(job), runs(route, job), dependencies(job), history(job)),
      h("div", { class: "column column-side" }, facts(job, tools), commandLines(job, tools))),
  ];
}

function head(job) {
  const can = (verb) => job.verbs.includes(verb);
  const gone = (verb) => { if (verb === "delete") go("#/jobs"); };
  return h("div", { class: "job-head" },
    h("p", { class: "crumbs" }, h("a", { href: "#/jobs" }, "Jobs"), h("span", { "aria-hidden": "true" }, "/"),
      h("span", { class: "num" }, job.id)),
    h("div", { class: "job-title" }, h("h1", { title: jobTitle(job) }, h("bdi", null, jobTitle(job)))),
    h("div", { class: "job-bar" },
      h("div", { class: "job-state" }, stateCell(job), note(job)),
      h("div", { class: "job-verbs" },
        can("retry") ? verbButton(job, "retry") : null, can("cancel") ? verbButton(job, "cancel") : null,
        can("edit") ? button({ label: "Edit", icon: "edit", onclick: () => editJob(job) }) : null,
        can("copy") ? button({ label: "Edit and run again", icon: "again", onclick: () => copyJob(job) }) : null,
        can("delete") ? verbButton(job, "delete", { after: gone }) : null)));
}

function progressCard(job) {
  const bar = progressOf(job);
  return bar && h("div", { class: "card card-body job-progress" }, bar);
}

function runs(route, job) {
  const list = job.runs_list;
  if (!list.length) return card({ title: "Runs", key: "runs" }, empty("terminal", "It has not run yet", h("p", null, note(job))));
  const asked = Number(route.query.get("run"));
  const run = list.find((one) => one.number === asked) || list.at(-1);
  const tabs = list.length > 1 ? h("div", { class: "run-tabs", role: "tablist", "aria-label": "Runs", onkeydown: arrows },
    list.map((one) => h("button", {
    key: one.number, type: "button", role: "tab", id: `run-${one.number}`, "aria-selected": one === run,
      "aria-controls": "run-panel", tabindex: one === run ? "0" : "-1",
    class: `run-tab state-${one.outcome || "processing"}`,
      onclick: () => go(`${jobHref(job.id)}?run=${one.number}`, { replace: true }),
  }, sign(one.outcome || "processing"), `Run ${one.number}`))) : null;
  return h("section", { class: "card", key: "runs", "aria-label": "Runs" },
    h("div", { class: "card-head" }, h("h2", null, list.length > 1 ? "Runs" : "Output")), tabs,
    h("div", { id: "run-panel", role: tabs ? "tabpanel" : null, "aria-labelledby": tabs ? `run-${run.number}` : null },
      h("div", { class: "run-facts" }, runFacts(run)),
      h("div", { class: "log", key: `log-${job.id}-${run.number}`,
        mount: (element) => { const view = new LogView(element, job.id, run.number); return () => view.close(); } })));
}

function arrows(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const tabs = [...event.currentTarget.children];
  const to = tabs[tabs.indexOf(document.activeElement) + step];
  if (!step || !to) return;
  event.preventDefault();
  to.focus();
  to.click();
}

function runFacts(run) {
  const outcome = run.outcome || "running";
  return [
    h("span", { class: `badge state-${run.outcome || "processing"}` }, sign(outcome), h("span", null, outcome)),
    run.reason ? h("span", { class: "run-reason" }, h("bdi", null, visible(run.reason))) : null,
    run.exit_code !== null && run.exit_code !== undefined && run.reason !== `exit code ${run.exit_code}` ? h("span", null, h("span", { class: "faint" }, "exit "), run.exit_code)
      : null,
    h("span", null, h("span", { class: "faint" }, "began "), at(run.started_at)),
    h("span", null, h("span", { class: "faint" }, run.finished_at ? "took " : "for "),
      run.finished_at ? duration(between(run.started_at, run.finished_at)) || "0s" : ticking(run.started_at, "elapsed")),
    h("span", null, h("span", { class: "faint" }, "on "), h("bdi", null, visible(run.host || "?")),
      run.pid ? h("span", { class: "faint" }, `, pid ${run.pid}`) : null),
    run.output_bytes ? h("span", { class: "faint" }, `wrote ${size(run.output_bytes)}`) : null,
  ];
}

function dependencies(job) {
  const part = (heading, list) => list.length
    ? h("div", { class: "depends" }, h("h3", null, heading),
    h("ul", { class: "lines" }, list.map((one) => h("li",
    { key: `${one.id}/${one.kind}`, "data-row": one.id, "data-href": jobHref(one.id) },
    h("span", { class: `state-${one.state}` }, sign(one.state), h("span", { class: "unseen" }, one.state)),
    h("a", { class: "job-link", href: jobHref(one.id), title: visible(one.title) }, h("span", { class: "faint" }, one.id, " "),
      h("bdi", null, visible(one.title))),
    h("span", { class: "lines-time" }, KINDS[one.kind] || one.kind, one.met ? ", met" : ""))))) : null;
  if (!job.waits_for.length && !job.waited_for_by.length) return null;
  return card({ title: "Other jobs", flush: true }, part("Waits for", job.waits_for), part("Waited for by", job.waited_for_by));
}

const KINDS = { after: "to complete", after_any: "to end", after_failure: "to fail" };
const VERBS = {
  enqueue: "Enqueued", claim: "Started", completed: "Completed", failed: "Run failed", timeout: "Ran too long",
  cancelled: "Run cancelled", interrupted: "Interrupted, its host stopped", lost: "Lost, its host died",
    promote: "Ready: its time has come",
  block: "Waits for other jobs", unblock: "Ready: the others have ended", edit: "Edited", cancel: "Cancelled", "cancel requested": "Asked to stop",
    retry: "Sent to run again",
  release: "Put back", recover: "Taken from a dead host", bury: "Given up", tag: "Tagged", note: "Note changed",
};

function history(job) {
  const events = [...job.history].reverse();
  return card({ title: "History", key: "history", beside: h("span", { class: "faint" }, plural(events.length, "entry", "entries")),
    flush: true },
    h("ol", { class: "history", reversed: true },
      events.map((event, place) => h("li", { key: events.length - place, class: `state-${event.after}` },
      sign(event.after), h("div", { class: "history-text" },
        h("p", null, h("strong", null, VERBS[event.verb] || event.verb),
          event.before && event.before !== event.after ? h("span", { class: "faint" }, ` ${event.before} → ${event.after}`) : null),
        event.detail ? h("p", { class: "history-detail" }, h("bdi", null, visible(event.detail))) : null),
      h("span", { class: "history-by" }, at(event.at),
        h("span", { class: "faint cut", title: event.actor }, h("bdi", null, visible(event.actor || ""))))))));
}

function commandLines(job, tools) {
  const kind = tools.state.shell || (/Win/.test(navigator.userAgent) ? "powershell" : "sh");
  const text = kind === "sh" ? job.command_line : job.command_line_powershell;
  if (!text) return null;
  return card({ title: "As a command", key: "as-command",
    beside: segmented("Shell", [["sh", "sh"], ["powershell", "PowerShell"]], kind,
    (value) => { tools.state.shell = value; tools.redraw(); }) },
    codeLine(visible(text)));
}
