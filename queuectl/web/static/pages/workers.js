// Workers: the hosts that run jobs, what each of them runs, how to stop one, and how many jobs run at once.

import { visible } from "../ansi.js";
import { attempt, send } from "../api.js";
import { ask, open } from "../dialog.js";
import { h } from "../dom.js";
import { at, ticking } from "../format.js";
import { icon, sign } from "../icons.js";
import { jobLink, progressOf, verbButton } from "../jobparts.js";
import { button, codeLine, empty, noHost, untold } from "../parts.js";
import { jobHref } from "../router.js";

export function title() {
  return "Workers";
}

export function views() {
  return ["/api/v1/hosts", "/api/v1/settings"];
}

export function draw(route, [hosts, settings]) {
  const setting = settings?.find((one) => one.key === "workers");
  return [
    h("div", { class: "page-head" }, h("div", null, h("h1", null, "Workers"),
      h("p", { class: "lead" }, "Hosts are the programs that run jobs: the tray, queuectl serve, or workers of their own.")),
      setting ? h("div", { class: "page-actions" }, button({
        label: `Workers on this machine: ${setting.text ?? setting.value}`, icon: "workers",
          reason: setting.fixed ? "An environment variable or the command line decides this" : "", onclick: () => change(setting),
      })) : null),
    hosts.length ? h("div", { class: "hosts" }, hosts.map(host))
      : [noHost(), h("div", { class: "card" }, empty("workers", "No host is running", codeLine("queuectl serve")))],
  ];
}

function host(one) {
  const name = visible(one.name);
  return h("section", { class: "card host", key: one.id, "aria-label": `Host ${name}, ${one.id}` },
    h("div", { class: "card-head" },
      h("h2", { class: "host-name" }, h("span", { class: `dot ${one.stopping || untold(one) ? "dot-warn" : "dot-good"}` }),
        h("bdi", { title: name, class: "cut" }, name), h("span", { class: "plate plate-plain" }, one.kind),
        one.machine ? h("span", { class: "plate plate-plain" }, "this machine") : null,
        one.stopping ? h("span", { class: "plate" }, "stopping") : null),
      h("div", { class: "card-beside" }, button({ label: one.stopping ? "Stopping" : "Stop", icon: "stop",
        reason: one.stopping ? "It stops already" : "", onclick: () => stop(one) }))),
    h("div", { class: "host-body" },
      h("div", { class: "places", role: "img", "aria-label": `${one.busy} of ${one.workers} places busy` },
        Array.from({ length: Math.min(one.workers, 64) },
        (_, place) => h("span", { key: place, class: place < one.busy ? "place place-busy" : "place" })),
        h("span", { class: "places-text" }, h("strong", null, one.busy), ` of ${one.workers} busy`)),
      h("dl", { class: "host-facts" }, [["Id", h("code", null, one.id)], ["Process", one.pid], ["Version", one.version],
        ["Queues", one.queues === null ? "all" : one.queues.map(visible).join(", ") || "none"],
        ...(one.tags.length ? [["Tags", one.tags.map(visible).join(", ")]] : []),
        ["Up since", at(one.started_at)], ["Seen", ticking(one.seen_at)],
        ...(one.dashboard ? [["Page", "served by this one"]] : [])].map(([label, value]) => h("div", { key: label },
        h("dt", null, label), h("dd", null, value))))),
    one.running.length ? h("ul", { class: "running" },
      one.running.map((job) => h("li", { key: job.id, class: "running-job", "data-row": job.id, "data-href": jobHref(job.id) },
      h("div", { class: "running-head" }, sign("processing"), jobLink(job, { number: true }),
        h("span", { class: "running-time" }, ticking(job.started_at, "elapsed")), verbButton(job, "cancel", { only: true })),
        progressOf(job) ? h("div", { class: "running-more" }, progressOf(job)) : null)))
      : untold(one) ? told(one) : h("p", { class: "card-note" }, icon("check"), " Runs nothing now."));
}

function told(one) {
  return h("p", { class: "card-note card-note-warn" }, icon("warning"), " Runs nothing before somebody has said which queues. ",
    one.machine ? h("a", { href: "#/settings?find=run_queues" }, "Choose them")
      : ["On that machine: ", h("code", null, "queuectl config set run_queues default,reports")]);
}

function stop(one) {
  const name = visible(one.name);
  return open({
    title: `Stop ${one.kind} on ${name}?`,
    content: ({ close }) => {
      const choose = async (finish) => {
        if ((await attempt(() => send("POST", `/hosts/${encodeURIComponent(one.id)}/stop`, { finish }),
          finish ? `${name} stops when nothing is left to run.` : `${name} is stopping.`)) !== undefined) close(true);
      };
      return [
        one.dashboard ? h("p", { class: "dialog-warn" }, icon("warning"), " This host serves this page: the page goes with it.")
          : null,
        h("div", { class: "choices choices-long" },
          h("button", { type: "button", class: "choice", onclick: () => choose(false), autofocus: true },
            h("strong", null, "Stop now"), h("span", null,
            "It takes no new job. Running jobs get a grace period, then go back to the queue without losing an attempt.")),
          h("button", { type: "button", class: "choice", onclick: () => choose(true) },
            h("strong", null, "Stop when the queue is empty"),
            h("span", null, "It goes on until nothing is left to run, then it stops."))),
        h("div", { class: "dialog-actions" }, button({ label: "Keep it running", onclick: () => close() })),
      ];
    },
  });
}

function change(setting) {
  return ask({
    title: "Workers on this machine", label: "How many jobs a host runs at once", value: String(setting.text ?? setting.value),
    hint: `${setting.range}. It is taken up at once, but not by a host that was started with a number of its own.`,
      submit: (text) => attempt(() => send("PUT", "/settings/workers", { value: text.trim() }), `Workers: ${text.trim()}.`),
  });
}
