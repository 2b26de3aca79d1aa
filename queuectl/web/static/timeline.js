// What each worker did in the last minutes: a lane a place, a bar a run, which opens its job.

import { visible } from "./ansi.js";
import { h } from "./dom.js";
import { between, clock, duration, moment, now } from "./format.js";
import { sign } from "./icons.js";
import { jobHref } from "./router.js";
import { hideTip, showTip } from "./tooltip.js";

const TICKS = 5;
const NARROW = 0.35; // percent; a shorter run would not be seen

/** Draw lanes. @param {{from: string, to: string, lanes: Array}} timeline */
export function workersTimeline(timeline) {
  const length = Date.parse(timeline.to) - Date.parse(timeline.from);
  const to = Math.max(now(), Date.parse(timeline.to)); // it moves on without news
  const from = to - length;
  const names = new Map();
  const hosts = new Map(timeline.lanes.map((lane) => [lane.host, lane.host_name]));
  const alike = (lane) => [...hosts.values()].filter((name) => name === lane.host_name).length > 1;
  const lanes = timeline.lanes.map((lane) => {
    const place = (names.get(lane.host) || 0) + 1;
    names.set(lane.host, place);
    return { ...lane, place };
  });
  const first = lanes.find((lane) => lane.runs.length)?.runs[0];
  return h("div", { class: "timeline", role: "group",
    "aria-label": "Runs by worker, the last 15 minutes. Arrow keys move from run to run.", onkeydown: walk,
    onpointerleave: hideTip },
    lanes.map((lane) => h("div", { class: "lane", key: `${lane.host}/${lane.place}` },
      h("span", { class: "lane-name", title: `${lane.host_name}, ${lane.host}, place ${lane.place}` },
        h("bdi", null, visible(lane.host_name)),
        alike(lane) ? h("span", { class: "lane-place" }, ` ${lane.host.slice(0, 4)}`) : null,
        h("span", { class: "lane-place" }, ` ${lane.place}`)),
      h("div", { class: "lane-track" }, lane.runs.map((run) => block(run, from, to, run === first))))),
    h("div", { class: "lane lane-axis", "aria-hidden": "true" }, h("span", { class: "lane-name" }),
      h("div", { class: "lane-track" }, Array.from({ length: TICKS }, (_, place) => {
        const share = place / (TICKS - 1);
        const edge = place === 0 ? "lane-tick-first" : place === TICKS - 1 ? "lane-tick-last" : "";
        return h("span", { class: `lane-tick ${edge}`, style: { left: `${share * 100}%` } },
          place === TICKS - 1 ? "now" : clock(new Date(from + share * (to - from))));
      }))));
}

function block(run, from, to, first) {
  const begin = Math.max(from, Date.parse(run.started_at));
  const end = run.finished_at ? Date.parse(run.finished_at) : to;
  if (end < from) return null;
  const left = ((begin - from) / (to - from)) * 100;
  const width = Math.max(NARROW, ((end - begin) / (to - from)) * 100);
  const outcome = run.outcome || "running";
  const name = visible(run.title);
  const show = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    showTip({ x: box.left + Math.min(box.width, 400) / 2, y: box.top, height: box.height }, tip(run, outcome, name));
  };
  return h("a", {
    key: `${run.job}/${run.number}`, class: `run run-${outcome}`, href: jobHref(run.job), tabindex: first ? "0" : "-1",
    "aria-label": `Job ${run.job}, ${name.slice(0, 80)}, ${outcome}`,
      style: { left: `${left}%`, width: `${Math.min(width, 100 - left)}%` },
    onpointerenter: show, onpointerleave: hideTip, onfocus: show, onblur: hideTip,
  }, width > 6 ? h("span", { class: "run-name" }, h("bdi", null, name)) : null);
}

function tip(run, outcome, name) {
  const took = run.finished_at ? between(run.started_at, run.finished_at) : (now() - Date.parse(run.started_at)) / 1000;
  return [
    h("p", { class: "tip-head" }, h("bdi", null, name.length > 120 ? `${name.slice(0, 120)}…` : name)),
    h("p", { class: `state-${run.outcome || "processing"}` }, sign(outcome),
      ` ${outcome}, ${duration(Math.round(took * 10) / 10)}`),
    h("p", { class: "tip-faint" }, `Job ${run.job}, run ${run.number}, from ${moment(run.started_at)}`),
  ];
}

function walk(event) {
  if (event.key !== "ArrowRight" && event.key !== "ArrowLeft" && event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const runs = [...event.currentTarget.querySelectorAll(".run")];
  const place = runs.indexOf(document.activeElement);
  if (place < 0) return;
  event.preventDefault();
  event.stopPropagation();
  const step = event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : -1;
  runs[Math.max(0, Math.min(runs.length - 1, place + step))].focus();
}
