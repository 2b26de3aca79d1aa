// What surrounds every page: navigation, the bar with New job and Pause, the theme, and how the connection is.

import { attempt, send, session } from "./api.js";
import { open } from "./dialog.js";
import { h, patch } from "./dom.js";
import { count, moment, plural, readDuration, sentence, ticking } from "./format.js";
import { icon } from "./icons.js";
import { mayEnqueue, newJob } from "./jobform.js";
import { showKeys } from "./keys.js";
import { button } from "./parts.js";
import { toast } from "./toast.js";

/** The view that the frame itself lives on. */
export const STATUS = "/api/v1/status";

const PAGES = [
  ["overview", "Overview"], ["jobs", "Jobs"], ["dead", "Dead letter queue"], ["drop", "Drop folder"],
  ["schedules", "Schedules"], ["queues", "Queues"], ["workers", "Workers"], ["settings", "Settings"],
];
const THEMES = { system: ["system", "Theme: as the system"], light: ["sun", "Theme: light"], dark: ["moon", "Theme: dark"] };
const CONNECTIONS = { connecting: "Connecting", live: "Live", gone: "Not connected", unproven: "Not let in" };

const shell = { connection: "connecting", menu: false, redraw: () => {} };
let status = null;

/** Change what the frame shows. */
export function setShell(changes) {
  Object.assign(shell, changes);
}

/** Close the menu that lies over the page, when somebody goes on elsewhere. */
function closeMenu(event) {
  const inside = event.type === "click" && event.target.closest("#side, .menu-button");
  if (!shell.menu || inside || (event.type === "keydown" && event.key !== "Escape")) return;
  shell.menu = false;
  shell.redraw();
}

document.addEventListener("click", closeMenu);
document.addEventListener("keydown", closeMenu);

/** Draw the frame for a route, with what ``/status`` said last. */
export function drawShell(route, found) {
  status = found || status;
  const side = document.getElementById("side");
  side.classList.toggle("side-open", shell.menu);
  patch(document.getElementById("nav"), h("ul", null, PAGES.map(([name, label]) => h("li", { key: name },
    h("a", { href: `#/${name === "overview" ? "" : name}`, "aria-current": route.name === name ? "page" : null, class: "nav-link" },
      icon(name), h("span", null, label), number(name))))));
  patch(document.getElementById("foot"), foot());
  patch(document.getElementById("bar"), bar());
  patch(document.getElementById("banner"), banner());
}

function number(name) {
  const counts = status?.counts || {};
  if (name === "dead" && counts.dead) return h("span", { class: "nav-count nav-count-bad" }, count(counts.dead),
    h("span", { class: "unseen" }, " dead"));
  const open = (counts.processing || 0) + (counts.pending || 0);
  if (name === "jobs" && open) return h("span", { class: "nav-count" }, count(open),
    h("span", { class: "unseen" }, " running or ready"));
  return null;
}

function foot() {
  const [sort, label] = THEMES[theme()];
  return [
    h("div", { class: "foot-machine", title: session.database || "" },
      h("span", { class: "foot-name" }, session.machine || ""),
        session.version ? h("span", null, `queuectl ${session.version}`) : null),
    h("div", { class: "foot-buttons" },
      h("button", { type: "button", class: "icon-button", "aria-label": label, title: `${label} (t)`, onclick: nextTheme },
        icon(sort)),
      h("button", { type: "button", class: "icon-button", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts (?)",
        onclick: showKeys }, h("kbd", { class: "bare" }, "?"))),
  ];
}

function bar() {
  const paused = wholePause();
  return [
    h("button", {
      type: "button", class: "icon-button menu-button", "aria-label": "Menu", "aria-expanded": shell.menu, "aria-controls": "side",
      onclick: () => { shell.menu = !shell.menu; shell.redraw(); },
    }, icon(shell.menu ? "close" : "menu")),
    h("a", { href: "#/", class: "bar-brand", "aria-label": "queuectl, overview" },
      h("img", { src: "/static/logo.svg", alt: "", width: 24, height: 24 })),
    h("span", { class: "bar-space" }),
    h("span", { class: `connection connection-${shell.connection}`, title: CONNECTIONS[shell.connection] },
      h("span", { class: "dot" }), h("span", { class: "connection-text" }, CONNECTIONS[shell.connection])),
    paused
      ? button({ label: "Resume all", icon: "play", kind: "primary", onclick: () => resume(null),
        title: "Have jobs taken again (p)" })
      : button({ label: "Pause all", icon: "pause", onclick: askPause, title: "Have no more jobs taken (p)",
        class: "button bar-pause" }),
    button({ label: "New job", icon: "plus", kind: paused ? "" : "primary", title: "New job (n)", reason: mayEnqueue(),
      onclick: () => newJob() }),
  ];
}

function banner() {
  if (shell.connection === "gone") {
    return h("div", { class: "banner banner-bad", role: "alert" }, icon("warning"),
      h("p", null, h("strong", null, "queuectl is not running on this machine. "), "Start it again: ",
        h("code", null, "queuectl serve"), " or the tray. The page comes back by itself."));
  }
  if (shell.connection === "unproven") {
    return h("div", { class: "banner banner-bad", role: "alert" }, icon("lock"),
      h("p", null, h("strong", null, "This page is no longer let in. "), "Open the page anew: ",
        h("code", null, "queuectl dashboard")));
  }
  if (shell.outage) {
    return h("div", { class: "banner banner-bad", role: "alert" }, icon("warning"),
      h("p", null, h("strong", null, "The database does not work. "), sentence(shell.outage.detail || ""),
        " What is shown is as it was; it is tried until it works again."));
  }
  return null;
}

function wholePause() {
  return status?.pauses?.find((pause) => !pause.queue) || null;
}

/** The banners of what is paused, for pages that want them. */
export function pauseBanners(pauses) {
  return pauses.map((pause) => h("div", { class: "banner banner-pause", key: `pause-${pause.queue || ""}` }, icon("pause"),
    h("p", null, h("strong", null, pause.queue ? ["Queue ", h("bdi", null, pause.queue), " is paused"] : "All queues are paused"),
      pause.until ? [" until ", h("time", { datetime: pause.until }, moment(pause.until)), ", ", ticking(pause.until)] : "",
        ". Running jobs go on."),
    button({ label: "Resume", icon: "play", onclick: () => resume(pause.queue) })));
}

/** Have jobs taken again. */
export function resume(queue) {
  return attempt(() => send("POST", "/resume", { queue }), queue ? `Queue ${queue} goes on.` : "All queues go on.");
}

/** Pause one queue, or all; ``seconds`` null is until somebody resumes. */
export function pause(queue, seconds, until = null) {
  const what = queue ? `Queue ${queue} is paused.` : "All queues are paused.";
  return attempt(() => send("POST", "/pause", { queue, for: seconds, until }), `${what} Running jobs go on.`);
}

/** What the letter p does. */
export function pauseOrResume() {
  return wholePause() ? resume(null) : askPause();
}

function askPause() {
  return askPauseOf(null);
}

/** Ask for how long a queue, or all, is to be paused. */
export function askPauseOf(queue) {
  const tomorrow = new Date();
  tomorrow.setDate(tomorrow.getDate() + 1);
  tomorrow.setHours(8, 0, 0, 0);
  const running = status?.counts?.processing || 0;
  return open({
    title: queue ? `Pause queue ${queue}` : "Pause all queues",
    content: ({ close }) => {
      const choose = async (seconds, until) => { if ((await pause(queue, seconds, until)) !== undefined) close(true); };
      return [
        h("p", { class: "dialog-text" }, running && !queue ? `${plural(running, "job")} run and go on; no other is taken.`
          : "Running jobs go on; no other is taken."),
        h("div", { class: "choices" },
          button({ label: "Until I resume", icon: "pause", onclick: () => choose(null, null), autofocus: true }),
          button({ label: "For 1 hour", onclick: () => choose(3600, null) }),
          button({ label: `Until tomorrow, ${moment(tomorrow.toISOString()).slice(11, 16)}`,
            onclick: () => choose(null, tomorrow.toISOString()) })),
        h("form", {
          class: "inline-form",
          onsubmit: (event) => {
            event.preventDefault();
            const seconds = readDuration(event.target.elements.length.value);
            if (seconds) choose(seconds, null);
            else toast("bad", sentence("that is no duration"), "Write 30m, 2h or 1h30m.");
          },
        }, h("label", { class: "field" }, h("span", { class: "field-label" }, "For another while"),
          h("input", { class: "input", name: "length", placeholder: "30m, 2h, 1h30m", autocomplete: "off" })),
        button({ label: "Pause", type: "submit" })),
      ];
    },
  });
}

function theme() {
  return document.documentElement.dataset.theme || "system";
}

/** Go on to the next theme: the system's, light, dark. */
export function nextTheme() {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(theme()) + 1) % names.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem("queuectl-theme");
    else localStorage.setItem("queuectl-theme", next);
  } catch { /* without storage it holds until the page is closed */ }
  shell.redraw();
}
