// Runs over time as stacked bars: with an axis, a tooltip for mouse and keyboard, and the same numbers as a table.

import { h } from "./dom.js";
import { clock, count, day, plural } from "./format.js";
import { hideTip, showTip } from "./tooltip.js";

const HEIGHT = 100;
const SPANS = { hour: "the last hour", day: "the last day", week: "the last week" };
const TICKS = 6;

/**
 * Draw how many runs completed and failed.
 * @param {{step: number, points: Array<{at: string, completed: number, failed: number}>}} series @param {string} span
 */
export function runsChart(series, span) {
  const { points, step } = series;
  const top = niceTop(Math.max(1, ...points.map((point) => point.completed + point.failed)));
  const completed = points.reduce((sum, point) => sum + point.completed, 0);
  const failed = points.reduce((sum, point) => sum + point.failed, 0);
  const words = `Runs in ${SPANS[span]}: ${count(completed)} completed, ${count(failed)} failed.`;
  return h("div", { class: "chart" },
    h("div", { class: "chart-legend" },
      h("span", null, h("span", { class: "key key-completed" }), h("strong", null, count(completed)), " completed"),
      h("span", null, h("span", { class: "key key-failed" }), h("strong", null, count(failed)), " failed")),
    h("div", { class: "chart-frame" },
      h("div", { class: "chart-levels", "aria-hidden": "true" },
        [top, top / 2, 0].map((level) => h("span", { key: level, style: { bottom: `${(level / top) * 100}%` } },
        Number.isInteger(level) ? count(level) : ""))),
      h("div", {
        class: "chart-plot", tabindex: "0", role: "img",
          "aria-label": `${words} Arrow keys tell single times; a table stands below.`,
        onpointermove: (event) => point(event.currentTarget, points, step, span, placeOf(event, points.length)),
        onpointerleave: (event) => leave(event.currentTarget),
        onblur: (event) => leave(event.currentTarget),
        onkeydown: (event) => walk(event, points, step, span),
      },
      h("svg", { viewBox: `0 0 ${points.length} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
        [0, 0.5, 1].map((level) => h("line", { key: `l${level}`, class: "chart-line", x1: 0, x2: points.length, y1: HEIGHT * level,
          y2: HEIGHT * level })),
        points.map((one, place) => bar(one, place, top))),
      h("div", { class: "chart-cursor", "aria-hidden": "true" })),
      h("div", { class: "chart-times", "aria-hidden": "true" }, ticks(points, span))),
    h("details", { class: "chart-table" }, h("summary", null, "Show as a table"), numbers(points, step, span)));
}

function bar(one, place, top) {
  const good = (one.completed / top) * HEIGHT;
  const bad = (one.failed / top) * HEIGHT;
  return h("g", { key: one.at },
    one.completed ? h("rect", { class: "bar-completed", x: place + 0.12, width: 0.76, y: HEIGHT - good, height: good }) : null,
    one.failed ? h("rect", { class: "bar-failed", x: place + 0.12, width: 0.76, y: HEIGHT - good - bad, height: bad }) : null);
}

function niceTop(most) {
  const size = 10 ** Math.floor(Math.log10(most));
  const top = [1, 2, 4, 6, 8, 10].map((factor) => factor * size).find((level) => level >= most);
  return Math.max(2, top);
}

function ticks(points, span) {
  const found = [];
  for (let number = 0; number < TICKS; number += 1) {
    const place = Math.round((number * (points.length - 1)) / (TICKS - 1));
    if (points[place]) {
      const edge = number === 0 ? "chart-time-first" : number === TICKS - 1 ? "chart-time-last" : number % 2 ? "chart-time-odd"
        : "";
      found.push(h("span", { key: number, class: edge, style: { left: `${((place + 0.5) / points.length) * 100}%` } },
        shortTime(points[place].at, span)));
    }
  }
  return found;
}

function shortTime(iso, span) {
  const date = new Date(iso);
  return span === "week" ? day(date).slice(5) : clock(date);
}

function longTime(iso, step, span) {
  const from = new Date(iso);
  const to = new Date(from.getTime() + step * 1000);
  return `${span === "hour" ? "" : `${day(from)} `}${clock(from)} to ${clock(to)}`;
}

function numbers(points, step, span) {
  const some = points.filter((point) => point.completed + point.failed > 0);
  if (!some.length) return h("p", null, `No run has ended in ${SPANS[span]}.`);
  return h("div", { class: "chart-numbers", tabindex: "0", role: "group", "aria-label": "Runs by time" },
    h("table", { class: "table table-small" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Time"), h("th", { scope: "col", class: "num" }, "Completed"),
      h("th", { scope: "col", class: "num" }, "Failed"))),
    h("tbody", null, some.map((point) => h("tr", { key: point.at }, h("th", { scope: "row" }, longTime(point.at, step, span)),
      h("td", { class: "num" }, count(point.completed)), h("td", { class: "num" }, count(point.failed)))))));
}

function placeOf(event, length) {
  const box = event.currentTarget.getBoundingClientRect();
  return Math.max(0, Math.min(length - 1, Math.floor(((event.clientX - box.left) / box.width) * length)));
}

function walk(event, points, step, span) {
  const plot = event.currentTarget;
  const now = plot.dataset.place === undefined ? points.length : Number(plot.dataset.place);
  const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: points.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  point(plot, points, step, span, Math.max(0, Math.min(points.length - 1, to)), true);
}

function point(plot, points, step, span, place, say = false) {
  const one = points[place];
  plot.dataset.place = place;
  const cursor = plot.querySelector(".chart-cursor");
  cursor.style.setProperty("left", `${(place / points.length) * 100}%`);
  cursor.style.setProperty("width", `${100 / points.length}%`);
  cursor.classList.add("chart-cursor-on");
  const box = cursor.getBoundingClientRect();
  showTip({ x: box.left + box.width / 2, y: plot.getBoundingClientRect().top }, [
    h("p", { class: "tip-head" }, longTime(one.at, step, span)),
    h("p", null, h("span", { class: "key key-completed" }), plural(one.completed, "run"), " completed"),
    h("p", null, h("span", { class: "key key-failed" }), plural(one.failed, "run"), " failed"),
  ], say ? `${longTime(one.at, step, span)}: ${one.completed} completed, ${one.failed} failed` : "");
}

function leave(plot) {
  delete plot.dataset.place;
  plot.querySelector(".chart-cursor").classList.remove("chart-cursor-on");
  hideTip();
}
