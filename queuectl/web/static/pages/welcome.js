// The first visit, when there has never been a job: the three ways to enqueue one.

import { attempt, freshKey, send } from "../api.js";
import { h } from "../dom.js";
import { mayEnqueue } from "../jobform.js";
import { button, codeLine, copyButton, noHost, segmented } from "../parts.js";
import { go, jobHref } from "../router.js";
import { dropZone } from "./drop.js";

const shell = { kind: /Win/.test(navigator.userAgent) ? "powershell" : "sh" };
const LINES = {
  sh: ['queuectl enqueue "echo hello"', "queuectl enqueue -- rsync -a docs/ nas:docs",
    "ls *.wav | sed 's/.*/flac \"&\"/' | queuectl enqueue -"],
  powershell: ["queuectl enqueue 'echo hello'", "queuectl enqueue -- robocopy docs \\\\nas\\docs /mir",
    "ls *.wav | % { \"flac `\"$_`\"\" } | queuectl enqueue -"],
};

/** Draw it. */
export function welcome(data, folder) {
  return h("div", { class: "welcome" },
    h("img", { src: "/static/logo.svg", width: 56, height: 56, alt: "" }),
    h("h1", null, "Welcome to queuectl"),
    h("p", { class: "welcome-lead" },
      "Commands that you put into the queue run in the background, one after the other or several at once. None is lost, and what fails is tried again."),
    data.hosts.length ? null : noHost(),
    h("div", { class: "welcome-ways" }, fromHere(), fromShell(), fromFolder(folder)));
}

function way(number, title, ...content) {
  return h("section", { class: "card way", "aria-label": title },
    h("h2", null, h("span", { class: "way-number", "aria-hidden": "true" }, number), title), content);
}

function fromHere() {
  const reason = mayEnqueue();
  return way(1, "From this page",
    reason ? h("p", null, reason) : h("form", {
      class: "inline-form",
      onsubmit: async (event) => {
        event.preventDefault();
        const command = event.target.elements.command.value.trim();
        if (!command) return;
        const job = await attempt(() => send("POST", "/jobs", { command }, { "Idempotency-Key": freshKey() }),
          (added) => `Added job ${added.id}.`);
        if (job) go(jobHref(job.id));
      },
    },
    h("label", { class: "field" }, h("span", { class: "field-label" }, "Command"),
      h("input", { class: "input code", name: "command", value: "echo hello", autocomplete: "off", spellcheck: "false" })),
    button({ label: "Enqueue", kind: "primary", type: "submit" })),
    h("p", { class: "faint" }, "It opens the job, with its output as it comes."));
}

function fromShell() {
  const place = h("div", { class: "stack", key: shell.kind }, LINES[shell.kind].map((line) => codeLine(line)));
  return way(2, "From a shell",
    segmented("Shell", [["sh", "Unix shell"], ["powershell", "PowerShell"]], shell.kind, (kind) => {
      shell.kind = kind;
      dispatchEvent(new HashChangeEvent("hashchange"));
    }), place);
}

function fromFolder(folder) {
  return way(3, "From a folder",
    h("p", null, "Drop a ", h("code", null, ".job"),
      " file into the drop folder: each of its lines is a command. It may be JSON or TOML, too."),
    folder?.folder ? h("div", { class: "code-line" }, h("code", { tabindex: "0" }, folder.folder),
      copyButton(folder.folder, "Copy the path")) : null,
    folder?.enabled ? dropZone({ small: true }) : folder
      ? h("p", { class: "faint" }, folder.problem || "The drop folder is not watched.") : null);
}
