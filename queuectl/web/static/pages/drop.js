// The drop folder: where it is, files to drop here instead, and what became of those that were.

import { visible } from "../ansi.js";
import { attempt, report, send } from "../api.js";
import { confirm } from "../dialog.js";
import { h } from "../dom.js";
import { count, size, ticking } from "../format.js";
import { icon } from "../icons.js";
import { button, card, copyButton, empty, table } from "../parts.js";
import { jobHref } from "../router.js";
import { toast } from "../toast.js";

const MOST = 1024 * 1024;

export function title() {
  return "Drop folder";
}

export function views() {
  return ["/api/v1/drop"];
}

export function draw(route, [data]) {
  return [
    h("div", { class: "page-head" }, h("div", null, h("h1", null, "Drop folder"),
      h("p", { class: "lead" }, "Each ", h("code", null, ".job"),
        " file that is put here becomes jobs: one command a line, or JSON, or TOML."))),
    data.problem ? h("div", { class: "banner banner-warn" }, icon("warning"), h("p", null, data.problem)) : null,
    !data.enabled ? h("div", { class: "banner banner-warn" }, icon("warning"),
      h("p", null, h("strong", null, "The folder is not watched here. "), "To have it watched: ",
      h("code", null, "queuectl config set drop_enabled on"))) : null,
    h("div", { class: "card card-body drop-top" },
      h("div", { class: "code-line" }, icon("drop"), h("code", { tabindex: "0" }, data.folder),
        copyButton(data.folder, "Copy the path")),
      data.enabled ? dropZone({}) : null),
    data.waiting.length ? card({ title: "Waiting", flush: true }, table({
      label: "Waiting files", columns: [{ name: "File", extra: "col-title" }, { name: "Size", extra: "num" },
        { name: "Since", extra: "col-time" }],
      rows: data.waiting.map((file) => ({ key: file.name, cells: [name(file), size(file.bytes), ticking(file.at)] })),
    })) : null,
    rejected(data), accepted(data),
  ];
}

function name(file) {
  return h("span", { class: "file-name", title: visible(file.name) }, icon("file"), h("bdi", null, visible(file.name)));
}

function rejected(data) {
  if (!data.rejected.length) return null;
  const remove = async (file) => {
    if (await confirm({ title: "Delete this file?", text: h("p", null, h("bdi", null, visible(file.name))), action: "Delete",
      danger: true })) {
      attempt(() => send("DELETE", `/drop/rejected/${encodeURIComponent(file.name)}`), "The file is deleted.");
    }
  };
  return card({ title: "Rejected", beside: h("span", { class: "faint" }, count(data.rejected_count)), flush: true }, table({
    label: "Rejected files", columns: [{ name: "File", extra: "col-title" }, { name: "Reason", extra: "col-reason" },
      { name: "Size", extra: "num" }, { name: "When", extra: "col-time" }, { name: "Actions", extra: "col-act", unseen: true }],
    rows: data.rejected.map((file) => ({ key: file.name, cells: [
      name(file), h("span", { class: "reason" }, h("bdi", null, (file.reason || "").split("\n").map(visible).join("\n"))),
        size(file.bytes), ticking(file.at),
      button({ label: `Delete ${visible(file.name)}`, icon: "trash", kind: "quiet", only: true, onclick: () => remove(file) })] })),
  }));
}

function accepted(data) {
  return card({ title: "Accepted", beside: h("span", { class: "faint" }, count(data.accepted_count)), flush: true,
    key: "accepted" }, data.accepted.length ? table({
    label: "Accepted files", columns: [{ name: "File", extra: "col-title" }, { name: "Jobs", extra: "col-jobs" },
      { name: "Size", extra: "num" }, { name: "When", extra: "col-time" }],
    rows: data.accepted.map((file) => ({ key: `${file.name}/${file.at}`,
      cells: [name(file), jobLinks(file.jobs || []), size(file.bytes), ticking(file.at)] })),
  }) : empty("drop", "No file was accepted yet", h("p", null, "Drop one above, or copy it into the folder.")));
}

function jobLinks(ids) {
  const shown = ids.slice(0, 6);
  return h("span", { class: "job-links" }, shown.map((id) => h("a", { key: id, href: jobHref(id) }, id)),
    ids.length > shown.length ? h("span", { class: "faint" }, `and ${count(ids.length - shown.length)} more`) : null);
}

/** A place to drop files on, or to choose them; the whole page takes them, too. */
export function dropZone({ small = false }) {
  return h("label", {
    class: `drop-zone ${small ? "drop-zone-small" : ""}`, key: "zone",
    mount: (element) => {
      const input = Object.assign(document.createElement("input"),
        { type: "file", multiple: true, accept: ".job", className: "unseen" });
      input.setAttribute("aria-label", "Choose .job files");
      const text = document.createElement("span");
      const action = Object.assign(document.createElement("span"), { className: "link", textContent: "choose files" });
      text.append("Drop .job files here, or ", action);
      input.addEventListener("change", () => { upload([...input.files]); input.value = ""; });
      element.append(input, text);
      return wholePage(element);
    },
  });
}

function wholePage(element) {
  let depth = 0;
  const has = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  const show = (on) => document.body.classList.toggle("dropping", on);
  const listeners = {
    dragenter: (event) => { if (has(event)) { event.preventDefault(); depth += 1; show(true); } },
    dragover: (event) => { if (has(event)) { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; } },
    dragleave: (event) => { if (has(event)) { depth -= 1; if (depth <= 0) show(false); } },
    drop: (event) => {
      if (!has(event)) return;
      event.preventDefault();
      depth = 0;
      show(false);
      upload([...event.dataTransfer.files]);
    },
  };
  for (const [type, listener] of Object.entries(listeners)) document.addEventListener(type, listener);
  return () => {
    show(false);
    element.replaceChildren();
    for (const [type, listener] of Object.entries(listeners)) document.removeEventListener(type, listener);
  };
}

async function upload(files) {
  for (const file of files) {
    // Each line of another file would be run as a command; the folder itself leaves such files alone, too.
    if (!/\.job$/i.test(file.name)) {
      toast("bad", `${file.name} is no .job file.`,
        "If its lines are commands, or it is TOML or JSON, rename it so that it ends in .job.");
      continue;
    }
    if (file.size > MOST) {
      toast("bad", `${file.name} is larger than 1 MiB.`, "Split it, or put the work into a script and enqueue that.");
      continue;
    }
    try {
      const text = decode(await file.arrayBuffer());
      if (text === null) {
        toast("bad", `${file.name} is no text.`, "A .job file is UTF-8 or UTF-16.");
        continue;
      }
      await send("POST", "/drop", { name: file.name, text });
      toast("good", `${file.name} is in the drop folder.`);
    } catch (problem) {
      report(problem);
    }
  }
}

/** Read a text, or null if it is none; Windows PowerShell 5 writes UTF-16. */
function decode(buffer) {
  const bytes = new Uint8Array(buffer);
  const coding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be"
    : "utf-8";
  try {
    return new TextDecoder(coding, { fatal: true }).decode(buffer);
  } catch {
    return null;
  }
}
