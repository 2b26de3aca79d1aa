// Small line drawings on a grid of 16, and a sign for each state, so that none is told by colour alone.

import { h } from "./dom.js";

const PATHS = {
  overview: "M2.5 2.5h4.5v5h-4.5zM9 2.5h4.5v3h-4.5zM2.5 9.5h4.5v4h-4.5zM9 7.5h4.5v6h-4.5z",
  jobs: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  dead: "M2.5 9.5 4.5 3h7l2 6.5v3.5h-11zM2.5 9.5h3.2l.8 1.7h3l.8-1.7h3.2",
  drop: "M8 2.5v6M5.5 6.2 8 8.7l2.5-2.5M2.5 8.5v4.5h11V8.5",
  schedules: "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.6",
  queues: "M8 2.2 14 5 8 7.8 2 5zM2.3 8 8 10.7 13.7 8M2.3 11 8 13.7l5.7-2.7",
  workers: "M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14",
  settings: "M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M8.5 5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0M4.5 11a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0",
  plus: "M8 3v10M3 8h10",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.8 8z",
  stop: "M4 4h8v8H4z",
  now: "M9 2 3.5 9H8l-1 5L12.5 7H8z",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.6 10.6 14 14",
  check: "M3 8.5 6.5 12 13 4.5",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  trash: "M3 4.5h10M6.5 4.5V2.8h3v1.7M4.3 4.5l.6 9h6.2l.6-9M6.7 7v4M9.3 7v4",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.3v3h-3",
  edit: "M3 13l.6-2.8 7.3-7.3 2.2 2.2-7.3 7.3zM9.5 4.3l2.2 2.2",
  again: "M2.5 4.5h7v7h-7zM6 4.5V2.3h7.5v7.5h-4M6 6.5v3M4.5 8h3",
  down: "M4 6.2 8 10.2l4-4",
  right: "M6.2 4l4 4-4 4",
  left: "M9.8 4l-4 4 4 4",
  download: "M8 2.5v7.5M5 7.2l3 3 3-3M3 13.3h10",
  end: "M4 3.5l4 4 4-4M4 8.5l4 4 4-4",
  wrap: "M2.5 3.5h11M2.5 8h8.8a2.2 2.2 0 0 1 0 4.4H8.5M10 10.8l-1.6 1.6L10 14M2.5 12.4h3",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M12.4 3.6l-1 1M4.6 11.4l-1 1",
  moon: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z",
  system: "M2 3h12v8H2zM6 13.5h4M8 11v2.5",
  warning: "M8 2.3 14.3 13.3H1.7zM8 6.5v3.2M8 11.5h.01",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.3v3.5M8 5.2h.01",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5.3a2.5 2.5 0 0 1 5 0v2.2",
  file: "M4 2h5l3.2 3.2V14H4zM9 2v3.2h3.2",
  terminal: "M2.5 4 6.5 8l-4 4M8 12h5.5",
  undo: "M5.5 3 2.5 6l3 3M2.5 6h6.7a3.8 3.8 0 0 1 0 7.5H5.5",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
};
const FILLED = new Set(["play", "stop"]);

/** Draw an icon; it says nothing to a screen reader, so what it stands on needs a name. */
export function icon(name, extra = "") {
  return h("svg", {
    class: `icon${FILLED.has(name) ? " icon-filled" : ""} ${extra}`, viewBox: "0 0 16 16", "aria-hidden": "true",
      focusable: "false",
  }, h("path", { d: PATHS[name] }));
}

const RING = "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Z";
const SIGNS = {
  pending: [["stroke", RING]],
  scheduled: [["stroke", RING], ["stroke", "M8 5.2V8l1.8 1.3"]],
  blocked: [["stroke dashed", RING], ["stroke", "M6.7 6.2v3.6M9.3 6.2v3.6"]],
  processing: [["faint", RING], ["stroke spin", "M8 2.5a5.5 5.5 0 0 1 5.5 5.5"],
    ["fill", "M8 10.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z"]],
  failed: [["stroke", "M13.2 8.7A5.3 5.3 0 1 1 11.9 4.4M13 2.2v2.9h-2.9"]],
  completed: [["fill", "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4Z"], ["cut", "M5.2 8.2 7.2 10.2l3.7-4.3"]],
  dead: [["fill", "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4Z"], ["cut", "M5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2"]],
  cancelled: [["stroke", RING], ["stroke", "M4.3 11.7l7.4-7.4"]],
};
SIGNS.timeout = SIGNS.scheduled;
SIGNS.lost = SIGNS.dead;
SIGNS.interrupted = SIGNS.blocked;
SIGNS.running = SIGNS.processing;

/** Draw the sign of a state, or of a run's outcome. */
export function sign(state) {
  const parts = SIGNS[state] || SIGNS.pending;
  return h("svg", { class: `sign sign-${state}`, viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    parts.map(([look, path]) => h("path", { class: `sign-${look.replace(" ", " sign-")}`, d: path })));
}
