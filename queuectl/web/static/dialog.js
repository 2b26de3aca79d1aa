// Dialogs: a <dialog> that traps the focus, closes by Escape, and gives the focus back.

import { create, h, patch } from "./dom.js";
import { button } from "./parts.js";
import { icon } from "./icons.js";
import { keepToasts } from "./toast.js";

let number = 0;

/**
 * Open a dialog. ``content`` is called with ``close`` and ``redraw``, again at each redraw.
 * @param {{title: string, content: (tools: {close: (result?: any) => void, redraw: () => void}) => any, wide?: boolean, guard?: () => boolean}} options
 * @returns {Promise<any>} what it was closed with; undefined when a person left it
 */
export function open({ title, content, wide = false, guard = null }) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const id = `dialog-${(number += 1)}`;
    let result;
    const close = (value) => { result = value; dialog.close(); };
    const leave = () => { if (!guard || guard()) close(undefined); };
    const inside = create(h("div", { class: "dialog-inside" }));
    const draw = () => patch(inside,
      h("div", { class: "dialog-head" }, h("h2", { id }, title),
        h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: leave }, icon("close"))),
      h("div", { class: "dialog-content" }, content({ close, redraw: draw })));
    const dialog = create(h("dialog", {
      class: `dialog ${wide ? "dialog-wide" : ""}`, "aria-labelledby": id,
      oncancel: (event) => { if (event.target === dialog && guard && !guard()) event.preventDefault(); },
      onclose: () => {
        keepToasts();
        dialog.remove();
        if (before?.isConnected) before.focus({ preventScroll: true });
        resolve(result);
      },
    }));
    dialog.append(inside);
    draw();
    // A press that began inside, such as selecting a text, is no wish to leave.
    dialog.addEventListener("mousedown", (event) => { if (event.target === dialog) leave(); });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") || dialog.querySelector(".dialog-content :is(input, textarea, select, button)"))?.focus();
  });
}

/** Ask whether to go on. @param {{title: string, text: any, action: string, danger?: boolean}} options @returns {Promise<boolean>} */
export async function confirm({ title, text, action, danger = false }) {
  const answer = await open({
    title,
    content: ({ close }) => [
      h("div", { class: "dialog-text" }, text),
      h("div", { class: "dialog-actions" },
        button({ label: "Keep things as they are", onclick: () => close(false) }),
        button({ label: action, kind: danger ? "danger-solid" : "primary", onclick: () => close(true), autofocus: !danger })),
    ],
  });
  return answer === true;
}

/**
 * Ask for one line of text.
 * @param {{title: string, label: string, value?: string, hint?: any, action?: string, submit: (text: string) => Promise<any>}} options
 */
export function ask({ title, label, value = "", hint = null, action = "Save", submit, placeholder = "" }) {
  return open({
    title,
    content: ({ close }) => h("form", {
      class: "form",
      onsubmit: async (event) => {
        event.preventDefault();
        const answer = await submit(event.target.elements.text.value);
        if (answer !== undefined) close(answer);
      },
    },
    h("label", { class: "field" }, h("span", { class: "field-label" }, label),
      h("input", { name: "text", class: "input", value, placeholder, autocomplete: "off", autofocus: true }),
      hint && h("span", { class: "field-hint" }, hint)),
    h("div", { class: "dialog-actions" }, button({ label: "Cancel", onclick: () => close() }),
      button({ label: action, kind: "primary", type: "submit" }))),
  });
}
