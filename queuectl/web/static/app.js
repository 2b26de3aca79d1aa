// Begin here: the route decides the page, the page names its views, and what they bring is drawn.

import { openSession, report } from "./api.js";
import { h, patch } from "./dom.js";
import { setClock, startTicking } from "./format.js";
import { newJob } from "./jobform.js";
import { listen, openRows } from "./keys.js";
import { Live } from "./live.js";
import { problem as problemPart, waiting } from "./parts.js";
import { parse } from "./router.js";
import { drawShell, nextTheme, pauseOrResume, setShell, STATUS } from "./shell.js";
import { announce } from "./toast.js";
import * as dead from "./pages/dead.js";
import * as drop from "./pages/drop.js";
import * as job from "./pages/job.js";
import * as jobs from "./pages/jobs.js";
import * as overview from "./pages/overview.js";
import * as queues from "./pages/queues.js";
import * as schedules from "./pages/schedules.js";
import * as settings from "./pages/settings.js";
import * as workers from "./pages/workers.js";

const PAGES = { overview, jobs, dead, drop, schedules, queues, workers, settings };
const REDRAW = 5000; // ms; what is drawn by the clock, such as the lanes of workers, moves on without news

const main = document.getElementById("main");
/** What views brought last, by view. @type {Map<string, {data?: any, problem?: any}>} */
const seen = new Map();
let route = parse(location.hash);
let page = pageOf(route);
let tools = null;
let planned = 0;
let titleSaid = "";

function pageOf(to) {
  if (to.name === "jobs" && to.id !== null) return job;
  return PAGES[to.name] || null;
}

const live = new Live(
  (view, message) => {
    const old = isOutage(message.problem) ? seen.get(view)?.data : undefined; // better than nothing, under a banner
    seen.set(view, old === undefined ? message : { data: old, problem: message.problem });
    if (message.data?.now) setClock(message.data.now);
    plan();
  },
  (state) => {
    setShell({ connection: state });
    plan();
  },
);

/** Tell whether a problem is the database's. */
function isOutage(problem) {
  return problem?.status === 503;
}

/** Draw soon, once for all that comes until then: with the next frame, or before long where a tab gets none. */
function plan() {
  if (planned) return;
  planned = setTimeout(drawPlanned, 200);
  requestAnimationFrame(drawPlanned);
}

function drawPlanned() {
  if (!planned) return;
  clearTimeout(planned);
  planned = 0;
  draw();
}

function draw() {
  setShell({ outage: [...seen.values()].map((one) => one.problem).find(isOutage) });
  drawShell(route, seen.get(STATUS)?.data);
  if (!page) {
    patch(main, problemPart({ detail: "There is no such page.", hint: "The pages are in the menu." }));
    return;
  }
  const views = page.views(route, tools);
  live.watch([...new Set([STATUS, ...views])]);
  let data = views.map((view) => seen.get(view)?.data);
  if (data.every((one) => one !== undefined)) tools.last = data;
  else if (page.moves && tools.last) data = tools.last; // another span: what was stays until the new one is there
  const failures = views.map((view) => seen.get(view)).filter((one) => one?.problem);
  const failure = failures.find((one) => one.data === undefined)?.problem;
  const title = page.title(route, data);
  document.title = `${title} · queuectl`;
  if (titleSaid !== title && titleSaid !== "") announce(title);
  titleSaid = title;
  const missing = views.length > 0 && data[0] === undefined;
  let content;
  if (failure) content = problemPart(failure);
  else if (missing) content = waiting();
  else content = page.draw(route, data, tools);
  patch(main, h("div", { key: pageKey(), class: `page page-${route.name}` }, content));
}

function pageKey() {
  return `${route.name}/${route.id ?? ""}`;
}

function enter() {
  const before = pageKey();
  route = parse(location.hash);
  const same = before === pageKey() && tools !== null;
  page = pageOf(route);
  if (!same) {
    page?.leave?.();
    tools = { state: {}, redraw: plan, route: () => route };
    for (const view of seen.keys()) if (view !== STATUS) seen.delete(view);
    setShell({ menu: false });
    scrollTo(0, 0);
    if (document.activeElement !== document.body) main.focus({ preventScroll: true });
  }
  draw();
}

function searchOrJobs() {
  const field = document.querySelector("#main input[type=search]");
  if (field) field.focus();
  else location.hash = "#/jobs?focus=search";
}

addEventListener("hashchange", enter);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "Error" && event.reason.status !== undefined) {
    event.preventDefault();
    report(event.reason);
  }
});
listen({ n: () => newJob(), p: () => pauseOrResume(), t: () => nextTheme(), "/": searchOrJobs });
openRows(document.body);
startTicking();
setInterval(() => { if (page?.moves && !document.hidden) plan(); }, REDRAW);
setShell({ redraw: plan });
openSession().catch(() => {}).finally(plan);
enter();
