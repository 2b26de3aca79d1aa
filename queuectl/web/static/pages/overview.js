// Overview: how the queue stands, what runs, what comes next, what ended, and who works.

import { h } from "../dom.js";
import { count, plural, ticking } from "../format.js";
import { icon, sign } from "../icons.js";
import { jobLink, progressOf, verbButton } from "../jobparts.js";
import { card, codeLine, empty, MEANINGS, noHost, segmented, STATES, untold } from "../parts.js";
import { runsChart } from "../charts.js";
import { pauseBanners } from "../shell.js";
import { workersTimeline } from "../timeline.js";
import { visible } from "../ansi.js";
import { href, jobHref } from "../router.js";
import { welcome } from "./welcome.js";

/** Its lanes move on with the clock. */
export const moves = true;

export function title() {
  return "Overview";
}

export function views(route, tools) {
  const paths = [`/api/v1/overview?span=${tools.state.span || "hour"}`];
  return tools.state.fresh ? [...paths, "/api/v1/drop"] : paths;
}

export function draw(route, [data, folder], tools) {
  const fresh = data.ever === 0;
  if (fresh !== Boolean(tools.state.fresh)) {
    tools.state.fresh = fresh;
    tools.redraw();
  }
  tools.state.seen = data;
  if (fresh) return welcome(data, folder);
  return [
    h("h1", { class: "unseen" }, "Overview"),
    pauseBanners(data.pauses),
    data.hosts.length ? null : noHost(),
    tiles(data.counts),
    h("div", { class: "columns columns-main" },
      h("div", { class: "column" }, running(data), chart(data, tools), lanes(data)),
      h("div", { class: "column column-side" }, next(data), recent(data), hosts(data))),
  ];
}

function tiles(counts) {
  return h("ul", { class: "tiles", "aria-label": "Jobs by state" }, STATES.map((state) => {
    const number = counts[state] || 0;
    const to = state === "dead" ? "#/dead" : href("jobs", { state });
    return h("li", { key: state }, h("a", { class: `tile state-${state} ${number ? "" : "tile-none"}`, href: to,
      title: `${state}: ${MEANINGS[state]}` },
      h("span", { class: "tile-label" }, sign(state), state), h("span", { class: "tile-number" }, count(number))));
  }));
}

function running(data) {
  const jobs = data.running;
  return card({ title: "Running", beside: h("span", { class: "faint" }, jobs.length ? plural(jobs.length, "job") : ""),
    flush: true },
    jobs.length ? h("ul", { class: "running" },
      jobs.map((job) => h("li", { key: job.id, class: "running-job", "data-row": job.id, "data-href": jobHref(job.id) },
      h("div", { class: "running-head" }, sign("processing"), jobLink(job),
        h("span", { class: "running-time" }, job.cancel_requested ? h("span", { class: "note" }, "being cancelled") : null,
          ticking(job.started_at, "elapsed")),
        verbButton(job, "cancel", { only: true })),
      h("div", { class: "running-more" }, progressOf(job)
        || h("span", { class: "note" }, h("bdi", null, job.progress_text ? visible(job.progress_text) : "")),
        h("span", { class: "running-facts" }, `#${job.id}`, " · ", h("bdi", null, visible(job.queue)),
          job.host_name ? [" · ", h("bdi", null, visible(job.host_name))] : null)))))
      : empty("workers", "Nothing runs", data.counts.pending ? h("p", null, `${plural(data.counts.pending, "job")} ready to start.`)
        : h("p", null, "A new job starts at once.")));
}

function chart(data, tools) {
  const span = tools.state.span || "hour";
  const choose = (value) => {
    tools.state.span = value;
    tools.redraw();
  };
  return card({ title: "Runs", beside: segmented("Time", [["hour", "Hour"], ["day", "Day"], ["week", "Week"]], span, choose) },
    runsChart(data.series, span));
}

function lanes(data) {
  const any = data.timeline.lanes.length > 0;
  return card({ title: "Workers, last 15 minutes", beside: h("a", { href: "#/workers" }, "Workers") },
    any ? workersTimeline(data.timeline) : h("p", { class: "faint" }, "No worker was there."));
}

function next(data) {
  return card({ title: "Next", beside: h("a", { href: "#/schedules" }, "Schedules"), flush: true },
    data.next.length ? h("ul", { class: "lines" }, data.next.map((one) => h("li", { key: `${one.kind}/${one.id ?? one.name}` },
      icon(one.kind === "schedule" ? "schedules" : "jobs", "lines-icon"),
      one.id ? jobLink({ id: one.id, name: one.name, title: one.title || one.name })
        : h("a", { class: "job-link", href: "#/schedules", title: one.title }, h("bdi", null, visible(one.name))),
      h("span", { class: "lines-time" }, ticking(one.at))))) : h("p", { class: "card-note" }, "Nothing is planned."));
}

function recent(data) {
  return card({ title: "Recently ended", beside: h("a", { href: href("jobs", { order: "ended" }) }, "All"), flush: true },
    data.recent.length ? h("ul", { class: "lines" },
      data.recent.map((job) => h("li", { key: job.id, "data-row": job.id, "data-href": jobHref(job.id),
      title: job.reason ? visible(job.reason) : null },
      h("span", { class: `state-${job.state}` }, sign(job.state), h("span", { class: "unseen" }, job.state)), jobLink(job),
      h("span", { class: "lines-time" }, ticking(job.finished_at || job.updated_at)))))
        : h("p", { class: "card-note" }, "Nothing has ended yet."));
}

function hosts(data) {
  if (!data.hosts.length) return card({ title: "Hosts" }, h("p", { class: "faint" }, "None is running."),
    codeLine("queuectl serve"));
  return card({ title: "Hosts", beside: h("a", { href: "#/workers" }, "Workers"), flush: true },
    h("ul", { class: "lines" }, data.hosts.map((host) => h("li", { key: host.id },
      h("span", { class: `dot ${host.stopping || untold(host) ? "dot-warn" : "dot-good"}` }),
        h("span", { class: "cut", title: `${host.name}, ${host.id}` }, h("bdi", null, visible(host.name)),
        h("span", { class: "faint" }, ` ${host.kind}`)),
      h("span", { class: "lines-time" }, untold(host) ? "runs no queue"
        : [host.stopping ? "stopping, " : "", `${host.busy}/${host.workers} busy`])))));
}
