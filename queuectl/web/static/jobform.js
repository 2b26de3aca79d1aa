// The form of a job: to enqueue a new one, to edit one, to run one again with changes.

import { attempt, freshKey, get, send, session } from "./api.js";
import { open } from "./dialog.js";
import { h } from "./dom.js";
import { duration, readDuration } from "./format.js";
import { button, segmented } from "./parts.js";
import { go, jobHref } from "./router.js";
import { toast } from "./toast.js";

/** Fields of a job that a person may set, as in a .job file. */
const FIELDS = [
  "command", "argv", "cwd", "env", "shell", "queue", "priority", "slots", "mutex", "machine", "nice", "run_at", "max_retries", "backoff",
    "backoff_base",
  "backoff_cap", "jitter", "dead_on", "ok_on", "timeout", "kill_after", "progress", "key", "name", "tags", "note", "after",
    "after_any",
  "after_failure", "dead_parent", "on_success", "on_failure", "on_dead",
];
const NOT_PLAIN = new Set(["progress"]); // of a job it is how far it is, not where that is read from

/** Why nothing can be enqueued here, or "". */
export function mayEnqueue() {
  return session.may_enqueue === false ? "Adding commands is switched off here. To allow it: queuectl config set api_enqueue on"
    : "";
}

/** What a job's author said, of a job that the API told. */
export function fieldsOf(job) {
  const fields = {};
  for (const name of FIELDS) {
    const value = job[name];
    const blank = value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
    if (!blank && !NOT_PLAIN.has(name)) fields[name] = value;
  }
  return fields;
}

/** Ask for a new job, and enqueue it. */
export async function newJob(fields = {}) {
  const reason = mayEnqueue();
  if (reason) return toast("bad", "Adding commands is switched off here.", "To allow it: queuectl config set api_enqueue on");
  const key = freshKey();
  const job = await openForm({
    title: "New job", action: "Enqueue", fields,
    submit: (values) => send("POST", "/jobs", values, { "Idempotency-Key": key }),
  });
  if (job) toast("good", `Added job ${job.id}.`, "", { href: jobHref(job.id), label: "Show it" });
  return job;
}

/** Change a job. */
export async function editJob(job) {
  const changed = await openForm({ title: `Edit job ${job.id}`, action: "Save", fields: fieldsOf(job), edits: true,
    submit: async (values, changes) => (Object.keys(changes).length ? send("PATCH", `/jobs/${job.id}`, changes) : job) });
  if (changed) toast("good", `Job ${job.id} is changed.`);
}

/** Enqueue a job like another one, with changes. */
export async function copyJob(job) {
  const fields = fieldsOf(job);
  for (const name of ["key", "run_at", "after", "after_any", "after_failure"]) delete fields[name]; // they were for that one
  const copy = await openForm({ title: `Edit and run again: job ${job.id}`, action: "Enqueue", fields,
    submit: (values, changes) => send("POST", `/jobs/${job.id}/copy`, changes) });
  if (copy) {
    toast("good", `Added job ${copy.id}.`);
    go(jobHref(copy.id));
  }
}

async function openForm({ title, action, fields, edits = false, submit }) {
  const form = { edits, when: fields.run_at ? "at" : "now", advanced: false, busy: false, touched: false, wrong: "" };
  const [queues, hosts] = await Promise.all(["/queues", "/hosts"].map((path) => get(path).catch(() => [])));
  const known = { queues: queues.map((queue) => queue.name), machines: machinesOf(hosts) };
  return open({
    title,
    wide: true,
    guard: () => !form.touched || window.confirm("Leave this form? What you typed is lost."),
    content: ({ close, redraw }) => {
      const save = async (element) => {
        if (form.busy) return;
        let read;
        try {
          read = readForm(element, form, fields);
        } catch (error) {
          form.wrong = error.message;
          redraw();
          return;
        }
        form.wrong = "";
        form.busy = true;
        redraw();
        const answer = await attempt(() => submit(read.values, read.changes));
        form.busy = false;
        if (answer !== undefined) close(answer);
        else redraw();
      };
      return h("form", {
        class: "form", oninput: () => {
          form.touched = true;
          if (!form.wrong) return;
          form.wrong = "";
          redraw();
        },
        onsubmit: (event) => { event.preventDefault(); save(event.target); },
        onkeydown: (event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            save(event.currentTarget);
          }
        },
      }, body(fields, form, known, redraw),
      h("p", { class: "form-wrong", role: "alert" }, form.wrong),
      h("div", { class: "dialog-actions" },
        h("span", { class: "dialog-keys" }, h("kbd", null, "Ctrl"), h("kbd", null, "Enter")),
        button({ label: "Cancel", onclick: () => close() }),
        button({ label: form.busy ? "One moment…" : action, kind: "primary", type: "submit" })));
    },
  });
}

/** A labelled field. */
export function field(label, control, hint, extra = "") {
  return h("label", { class: `field ${extra}` }, h("span", { class: "field-label" }, label), control,
    hint && h("span", { class: "field-hint" }, hint));
}

/** A line to type in. */
export function input(name, value, rest = {}) {
  return h("input", { name, class: "input", value: value ?? "", autocomplete: "off", spellcheck: "false", ...rest });
}

/** Names and tags that a job can ask for, of the machines whose hosts run. */
export function machinesOf(hosts) {
  return [...new Set(hosts.flatMap((host) => [host.name, ...host.tags]))].sort();
}

/** The field that says on which machine a job runs; null where there is only this one. */
export function machineField(value, machines) {
  if (!session.shared && !value) return null;
  return field("Machine", [input("machine", value, { placeholder: "any", list: "known-machines" }),
    h("datalist", { id: "known-machines" }, machines.map((name) => h("option", { key: name, value: name })))],
  "A machine's name, or a tag that several have.");
}

function body(fields, form, known, redraw) {
  const when = segmented("When", [["now", form.edits ? "As it is" : "Now"], ["at", "At a time"], ["in", "After a while"]],
    form.when,
    (value) => { form.when = value; redraw(); });
  const isArgv = Array.isArray(fields.argv);
  return h("div", { class: "form-grid" },
    field(isArgv ? "Program and arguments, as JSON" : "Command", h("textarea", {
      name: isArgv ? "argv" : "command", class: "input code", rows: 3, spellcheck: "false", autofocus: true,
        value: isArgv ? JSON.stringify(fields.argv) : fields.command ?? "",
      placeholder: "make all", "aria-required": "true",
    }), isArgv ? null : "Run by the shell, as you would type it.", "wide"),
    field("Name", input("name", fields.name, { placeholder: "the command" })),
    field("Queue", input("queue", fields.queue, { placeholder: "default", list: "known-queues" })),
    h("datalist", { id: "known-queues" }, known.queues.map((name) => h("option", { key: name, value: name }))),
    h("div", { class: "field wide" }, h("span", { class: "field-label" }, "When"), h("div", { class: "when" }, when,
      form.when === "at" ? input("run_at", localValue(fields.run_at),
        { key: "at", type: "datetime-local", step: 1, "aria-label": "Time" }) : null,
      form.when === "in" ? input("delay", "", { key: "in", placeholder: "30m, 2h, 1d", "aria-label": "How long from now" })
        : null)),
    field("Priority", input("priority", fields.priority, { type: "number", step: 1, placeholder: "0" }), "Higher goes first."),
    field("Retries", input("max_retries", fields.max_retries,
      { type: "number", min: 0, step: 1, placeholder: "as the queue has it" })),
    field("Timeout", input("timeout", fields.timeout === undefined ? "" : asTyped(fields.timeout), { placeholder: "none" }),
      "Such as 90s, 10m or 1h30m."),
    field("After jobs", input("after", (fields.after || []).join(", "), { placeholder: "ids, such as 12, 15" }),
      "It waits until they have completed."),
    field("Tags", input("tags", (fields.tags || []).join(", "), { placeholder: "nightly, video" })),
    field("Directory", input("cwd", fields.cwd, { placeholder: "the home directory", class: "input code" })),
    machineField(fields.machine, known.machines),
    h("details", { class: "wide advanced" }, h("summary", null, "All fields"),
      field("More fields, as JSON", h("textarea",
        { name: "more", class: "input code", rows: 6, spellcheck: "false", value: more(fields),
        placeholder: '{"backoff": "linear", "mutex": "deploy", "env": {"MODE": "fast"}}' }),
        "As in a .job file: env, shell, slots, mutex, machine, nice, key, note, backoff, backoff_base, backoff_cap, jitter, dead_on, ok_on, kill_after, progress, after_any, after_failure, dead_parent, on_success, on_failure, on_dead. A value that is null stays as it is for env, and is cleared elsewhere.")));
}

const SHOWN = new Set(["command", "argv", "name", "queue", "run_at", "priority", "max_retries", "timeout", "after", "tags", "cwd",
  "machine"]);

function more(fields) {
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !SHOWN.has(name)));
  return Object.keys(rest).length ? JSON.stringify(rest, null, 2) : "";
}

function asTyped(seconds) {
  const text = duration(seconds);
  return readDuration(text) === seconds ? text : `${seconds}s`;
}

function localValue(iso) {
  if (!iso) return "";
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

/** Read the form; ``changes`` are what differs from ``before``, with null for what was cleared. */
function readForm(element, form, before) {
  const text = (name) => element.elements[name]?.value.trim() ?? "";
  const values = {};
  if (text("more")) Object.assign(values, readJson(text("more"), "More fields"));
  if (element.elements.argv) values.argv = readJson(text("argv"), "Program and arguments");
  else values.command = text("command") === plain(before.command) ? before.command : text("command");
  if (values.command === "") throw new Error("Which command is to be run?");
  for (const name of ["name", "queue", "cwd", "machine"]) {
    if (text(name)) values[name] = text(name) === plain(before[name]) ? before[name] : text(name);
  }
  for (const name of ["priority", "max_retries"]) if (text(name)) values[name] = whole(text(name), name);
  if (text("timeout")) values.timeout = seconds(text("timeout"), "Timeout");
  if (text("tags")) values.tags = text("tags") === (before.tags || []).join(", ") ? before.tags : readTags(text("tags"));
  if (text("after")) values.after = list(text("after")).map((one) => (/^\d+$/.test(one) ? Number(one) : one));
  if (form.when === "at") {
    if (!text("run_at")) throw new Error("At which time?");
    values.run_at = text("run_at") === localValue(before.run_at) ? before.run_at : new Date(text("run_at")).toISOString();
  }
  if (form.when === "in") values.delay = seconds(text("delay"), "After a while");
  const changes = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(values)])) {
    if (name === "run_at" && form.when === "now") continue;
    if (JSON.stringify(values[name]) !== JSON.stringify(before[name])) changes[name] = values[name] ?? null;
  }
  if ("run_at" in changes && changes.run_at === null) delete changes.run_at;
  return { values, changes };
}

function readJson(text, label) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${label}: this is no JSON. ${error.message}.`);
  }
}

function whole(text, name) {
  if (!/^-?\d+$/.test(text)) throw new Error(`${name === "priority" ? "Priority" : "Retries"}: write a whole number.`);
  return Number(text);
}

function seconds(text, label) {
  const value = readDuration(text);
  if (value === null) throw new Error(`${label}: "${text}" is no duration. Write 90, 30s, 5m, 1h30m or 2d.`);
  return value;
}

/** What is left of a text in a field of a form; what nobody changed there stays as it was. */
function plain(text) {
  return (text ?? "").replace(/\r\n?/g, "\n").trim();
}

/** Read tags, which may hold spaces. */
export function readTags(text) {
  return text.split(",").map((tag) => tag.trim()).filter(Boolean);
}

function list(text) {
  return text.split(/[,\s]+/).filter(Boolean);
}
