// Schedules: jobs that come again and again, when, and what became of the last one.

import { visible } from "../ansi.js";
import { attempt, get, send } from "../api.js";
import { confirm, open } from "../dialog.js";
import { h } from "../dom.js";
import { moment, readDuration, ticking, zone } from "../format.js";
import { sign } from "../icons.js";
import { field, input, machineField, machinesOf, mayEnqueue } from "../jobform.js";
import { button, empty, segmented, table } from "../parts.js";
import { jobHref } from "../router.js";

export function title() {
  return "Schedules";
}

export function views() {
  return ["/api/v1/schedules"];
}

export function draw(route, [list]) {
  return [
    h("div", { class: "page-head" }, h("div", null, h("h1", null, "Schedules"),
      h("p", { class: "lead" }, "Jobs that are enqueued again and again, at times or at an interval.")),
      h("div", { class: "page-actions" }, button({ label: "New schedule", icon: "plus", kind: list.length ? "" : "primary",
        reason: mayEnqueue(), onclick: add }))),
    list.length ? h("div", { class: "card card-table" }, table({
      label: "Schedules", extra: "table-schedules",
      columns: [{ name: "Name", extra: "col-name" }, { name: "When", extra: "col-when" }, { name: "Next", extra: "col-time" },
        { name: "Last run", extra: "col-last" }, { name: "Runs", extra: "col-title" },
        { name: "Actions", extra: "col-act", unseen: true }],
      rows: list.map(row),
    })) : h("div", { class: "card" }, empty("schedules", "No schedules",
      h("p", null, "Such as a backup at three each night, or a clean-up every 15 minutes."))),
  ];
}

function row(one) {
  const path = `/schedules/${encodeURIComponent(one.name)}`;
  const name = visible(one.name);
  const remove = async () => {
    if (await confirm({ title: `Delete schedule ${name}?`, text: h("p", null, "The jobs that it has enqueued stay."),
      action: "Delete", danger: true })) {
      attempt(() => send("DELETE", path), `Schedule ${name} is deleted.`);
    }
  };
  const last = one.last_job && typeof one.last_job === "object" ? one.last_job : null;
  return {
    key: one.name, extra: one.paused ? "row-paused" : "",
    cells: [
      h("div", { class: "name-cell" }, h("strong", { title: name }, h("bdi", null, name)),
        one.paused ? h("span", { class: "plate" }, "paused") : null),
      h("div", { class: "when-cell" }, h("span", null, visible(one.description || "")),
        one.cron ? h("code", { class: "faint" }, one.cron) : null,
        one.problem ? h("p", { class: "problem-line" }, visible(one.problem)) : null),
      one.next_at ? h("span", { title: (one.upcoming || []).map((iso) => moment(iso, { whole: true })).join("\n") },
        ticking(one.next_at)) : h("span", { class: "faint" }, one.paused ? "paused" : "never"),
      last ? h("span", { class: "last-cell" }, h("span", { class: `state-${last.state}` }, sign(last.state)),
        h("a", { href: jobHref(last.id) }, last.state), h("span", { class: "faint" }, ticking(last.finished_at || last.created_at)))
        : h("span", { class: "faint" }, one.last_job ? h("a", { href: jobHref(one.last_job) }, one.last_job) : "not yet"),
      h("span", { class: "cut code", title: visible(what(one.job)) }, h("bdi", null, visible(what(one.job)))),
      h("span", { class: "row-actions row-actions-shown" },
        button({ label: `Run ${name} now`, icon: "now", kind: "quiet", only: true, reason: mayEnqueue(),
          onclick: () => attempt(() => send("POST", `${path}/run`), (job) => `Added job ${job.id}.`) }),
        one.paused ? button({ label: `Resume ${name}`, icon: "play", kind: "quiet", only: true,
          onclick: () => attempt(() => send("POST", `${path}/resume`), `Schedule ${name} goes on.`) })
          : button({ label: `Pause ${name}`, icon: "pause", kind: "quiet", only: true,
            onclick: () => attempt(() => send("POST", `${path}/pause`), `Schedule ${name} is paused.`) }),
        button({ label: `Delete ${name}`, icon: "trash", kind: "quiet", only: true, onclick: remove })),
    ],
  };
}

function what(job) {
  return job?.name || job?.command || (job?.argv || []).join(" ");
}

const CATCH_UP = [["once", "one run stands for all"], ["skip", "they are left out"], ["all", "each is run"]];
const OVERLAP = [["skip", "leave the new one out"], ["queue", "let the new one wait"],
  ["cancel-previous", "cancel the one before"]];

async function add() {
  const form = { by: "cron", wrong: "" };
  const machines = machinesOf(await get("/hosts").catch(() => []));
  return open({
    title: "New schedule", wide: true,
    content: ({ close, redraw }) => {
      const save = async (event) => {
        event.preventDefault();
        const text = (name) => event.target.elements[name]?.value.trim() ?? "";
        const body = { name: text("name"), catch_up: text("catch_up"), overlap: text("overlap"),
          job: { command: text("command") } };
        for (const one of ["queue", "machine"]) if (text(one)) body.job[one] = text(one);
        if (form.by === "cron") {
          body.cron = text("cron");
          if (text("timezone")) body.timezone = text("timezone");
        } else {
          body.every = readDuration(text("every"));
        }
        const timeout = text("timeout") ? readDuration(text("timeout")) : null;
        if (timeout) body.job.timeout = timeout;
        form.wrong = form.by === "every" && body.every === null ? "Every: write 30s, 15m or 1h30m."
          : text("timeout") && timeout === null ? "Timeout: write 90s, 10m or 1h30m." : "";
        redraw();
        if (form.wrong) return;
        if ((await attempt(() => send("POST", "/schedules", body), `Schedule ${body.name} is added.`)) !== undefined) close(true);
      };
      const choose = (options, name) => h("select", { class: "input", name },
        options.map(([value, label]) => h("option", { key: value, value }, label)));
      return h("form", { class: "form", onsubmit: save }, h("div", { class: "form-grid" },
        field("Name", input("name", "", { required: true, placeholder: "nightly backup", autofocus: true }), null, "wide"),
        field("Command", h("textarea", { class: "input code", name: "command", rows: 2, required: true, spellcheck: "false",
          placeholder: "tar czf backup.tgz docs" }), null, "wide"),
        h("div", { class: "field wide" }, h("span", { class: "field-label" }, "When"), h("div", { class: "when" },
          segmented("By", [["cron", "At times (cron)"], ["every", "Every so often"]], form.by,
            (value) => { form.by = value; redraw(); }),
          form.by === "cron" ? input("cron", "0 3 * * *",
            { key: "cron", class: "input code", "aria-label": "Minute hour day month weekday", required: true })
            : input("every", "15m", { key: "every", "aria-label": "Interval", required: true })),
        h("span", { class: "field-hint" }, form.by === "cron"
          ? "Minute, hour, day, month, weekday; or @hourly, @daily, @weekly, @monthly." : "Such as 30s, 15m or 1h30m.")),
        form.by === "cron" ? field("Time zone", input("timezone", "", { placeholder: zone }),
          "This machine's, unless you name one.", "") : null,
        field("Queue", input("queue", "", { placeholder: "default" })),
        field("Timeout", input("timeout", "", { placeholder: "none" })),
        machineField("", machines),
        field("If times passed while nothing ran", choose(CATCH_UP, "catch_up")),
        field("If the run before has not ended", choose(OVERLAP, "overlap"))),
      h("p", { class: "form-wrong", role: "alert" }, form.wrong),
      h("div", { class: "dialog-actions" }, button({ label: "Cancel", onclick: () => close() }),
        button({ label: "Add schedule", kind: "primary", type: "submit" })));
    },
  });
}
