// How a job is told in rows: its title, what goes on with it, and what can be done with it.

import { attempt, send } from "./api.js";
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { between, duration, exact, plural, ticking } from "./format.js";
import { visible } from "./ansi.js";
import { badge, button, progress } from "./parts.js";
import { jobHref } from "./router.js";

/** A job's name, else what it runs, on one line, with whatever cannot be seen made visible. */
export function title(job) {
  const text = job.title ?? job.name ?? job.command ?? (job.argv || []).join(" ");
  return visible(text.split(/\s+/).join(" ").trim()) || "(no name)";
}

/** A link to a job, cut where there is no room. */
export function jobLink(job, { number = false } = {}) {
  const text = title(job);
  return h("a", { class: `job-link ${job.name ? "" : "job-link-code"}`, href: jobHref(job.id), title: text, "data-open": "" },
    number && h("span", { class: "job-number" }, job.id, " "), h("bdi", null, text));
}

/** Say in a few words what is going on with a job. */
export function note(job) {
  if (job.state === "processing" && job.started_at) {
    return h("span", { class: "note" }, job.cancel_requested ? "being cancelled, " : "", "runs for ",
      ticking(job.started_at, "elapsed"),
      job.progress_text && job.progress === null ? [" · ", h("bdi", null, visible(job.progress_text))] : null);
  }
  if ((job.state === "failed" || job.state === "scheduled") && job.run_at) {
    const cause = job.state === "failed" && job.reason ? [h("bdi", null, visible(job.reason)), " · "] : null;
    return h("span", { class: "note", title: `${job.reason || ""} ${exact(job.run_at)}`.trim() }, cause,
      job.state === "failed" ? "next try " : "due ", ticking(job.run_at));
  }
  if (job.state === "completed") return h("span", { class: "note" }, "took ", duration(between(job.started_at, job.finished_at)));
  if (job.state === "blocked") {
    const parents = [...(job.after || []), ...(job.after_any || []), ...(job.after_failure || [])];
    return h("span", { class: "note" }, job.reason ? visible(job.reason) : `waits for ${parents.join(", ")}`);
  }
  const ready = job.waits_because ? `waits: ${job.waits_because}` : job.reason || (job.machine ? `only on ${job.machine}` : "ready");
  const text = visible(job.state === "pending" ? ready : job.reason || "");
  return h("span", { class: "note", title: text }, h("bdi", null, text));
}

/** Progress as a bar, with what the job says of it. */
export function progressOf(job) {
  if (job.state !== "processing" || job.progress === null) return null;
  return h("div", { class: "progress-of" }, progress(job.progress, `Progress of job ${job.id}`),
    job.progress_text && h("span", { class: "note", title: visible(job.progress_text) },
      h("bdi", null, visible(job.progress_text))));
}

/** State, and what stands behind it, in one cell. */
export function stateCell(job) {
  return job.cancel_requested && job.state === "processing"
    ? h("span", { class: "badge state-cancelled" }, badge("processing", "badge-bare"),
      h("span", { class: "unseen" }, "being cancelled")) : badge(job.state);
}

const VERBS = {
  retry: { label: "Retry", icon: "retry", done: "will run again" },
  cancel: { label: "Cancel", icon: "stop", done: "is being cancelled" },
  delete: { label: "Delete", icon: "trash", kind: "danger", done: "is deleted" },
};

/** Do a verb with one job, after a question where nothing brings it back. @returns {Promise<any>} */
export async function act(job, verb) {
  if (verb === "delete") {
    const sure = await confirm({ title: `Delete job ${job.id}?`,
      text: [h("p", null, h("bdi", null, title(job))), h("p", null, "Its history and its logs go, too. Nothing brings them back.")],
      action: "Delete", danger: true });
    if (!sure) return undefined;
    return attempt(() => send("DELETE", `/jobs/${job.id}`), `Job ${job.id} is deleted.`);
  }
  const said = (answer) => answer?.state === "cancelled" ? `Job ${job.id} is cancelled.` : `Job ${job.id} ${VERBS[verb].done}.`;
  return attempt(() => send("POST", `/jobs/${job.id}/${verb}`, verb === "cancel" ? { reason: null } : undefined), said);
}

/** The button of a verb. */
export function verbButton(job, verb, { only = false, after } = {}) {
  const { label, icon, kind = "" } = VERBS[verb];
  return button({
    label: only ? `${label} job ${job.id}` : label, icon, only, kind: only ? "quiet" : kind,
    reason: verb === "cancel" && job.cancel_requested ? "It is being cancelled" : "",
    onclick: async () => { if ((await act(job, verb)) !== undefined) after?.(verb); },
  });
}

/**
 * Do a verb with several jobs, and tell what came of it.
 * @param {"retry"|"cancel"|"delete"} verb @param {{ids: number[]}|{filter: Object}} which @param {number|null} number
 */
export async function actOnMany(verb, which, number) {
  const many = number === null ? "all jobs that match" : plural(number, "job");
  if (verb !== "retry") {
    const text = verb === "delete" ? "Their histories and logs go, too. Nothing brings them back; jobs that run stay."
      : "Those that run are stopped, those that wait never start. Retry brings them back.";
    if (!(await confirm({ title: `${VERBS[verb].label} ${many}?`, text: h("p", null, text), action: VERBS[verb].label,
      danger: true }))) return undefined;
  }
  const past = { retry: "will run again", cancel: "cancelled", delete: "deleted" }[verb];
  return attempt(() => send("POST", "/jobs/actions", { verb, ...which }), (answer) => {
    const refused = answer.refused
      ? ` ${plural(answer.refused, "job")} stayed as they were${answer.problems?.[0] ? `: ${answer.problems[0].detail}` : ""}.`
      : "";
    return `${plural(answer.done, "job")} ${past}.${refused}`;
  });
}
