// The lines of a log in the DOM: added at both ends by parts, and let go at the other end when they become too many.

import { pieces, plainStyle } from "./ansi.js";

const KEPT = 4 * 1024 * 1024; // bytes of text in the DOM
const PART = 64 * 1024; // bytes after which a new part begins, so that parts can be let go
const CUT = 4000; // characters of a line that are shown at first
const MORE = 100_000; // and how many more at each wish

/** @typedef {{start: number, end: number, element: HTMLElement, lines: number}} Part */

/** What is shown of a log; ``start`` and ``end`` are its bytes. */
export class LogLines {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.clear();
  }

  clear() {
    this.root.replaceChildren();
    /** @type {Part[]} */
    this.parts = [];
    this.start = 0;
    this.end = 0;
    this.style = plainStyle(); // as it is at the end
    this.open = ""; // a last line that is not ended yet
    this.openStyle = plainStyle();
    this.openLine = null;
  }

  get count() {
    return this.parts.reduce((sum, part) => sum + part.lines, 0);
  }

  /** Add what follows. @param {{start: number, end: number, text: string}} part */
  append({ start, end, text }) {
    if (!this.parts.length) this.start = start;
    let part = this.parts.at(-1);
    if (!part || (part.end - part.start > PART && !this.openLine)) {
      part = { start, end: start, element: block(), lines: 0 };
      this.parts.push(part);
      this.root.append(part.element);
    }
    const lines = (this.open + text).split("\n");
    this.open = lines.pop();
    if (this.open.length > CUT) this.open = this.open.replace(/^[^]*\r(?=[^\r])/, ""); // it is written over itself
    const added = document.createDocumentFragment();
    if (this.openLine) {
      this.openLine.remove();
      part.lines -= 1;
      this.style = this.openStyle;
      this.openLine = null;
    }
    for (const line of lines) added.append(lineElement(line, this.style));
    part.lines += lines.length;
    if (this.open) {
      this.openStyle = { ...this.style };
      this.openLine = lineElement(this.open, this.style);
      added.append(this.openLine);
      part.lines += 1;
    }
    part.element.append(added);
    reserve(part);
    part.end = end;
    this.end = end;
  }

  /** The last line will not go on. */
  finish() {
    this.open = "";
    this.openLine = null;
  }

  /** Add what stands before. @param {{start: number, end: number, text: string}} part */
  prepend({ start, end, text }) {
    const element = block();
    const style = plainStyle();
    const lines = text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    for (const line of lines) element.append(lineElement(line, style));
    this.parts.unshift({ start, end, element, lines: lines.length });
    reserve(this.parts[0]);
    this.root.prepend(element);
    this.start = start;
  }

  /** Let the oldest parts go, when there are too many. */
  dropHead() {
    while (this.parts.length > 1 && this.end - this.start > KEPT) {
      this.parts.shift().element.remove();
      this.start = this.parts[0].start;
    }
  }

  /** Let the newest parts go, when there are too many; tell whether some went. */
  dropTail() {
    let gone = false;
    while (this.parts.length > 1 && this.end - this.start > KEPT) {
      this.parts.pop().element.remove();
      this.end = this.parts.at(-1).end;
      this.finish();
      gone = true;
    }
    return gone;
  }
}

/** Say how high a part is that the browser does not draw, so that nothing jumps when it does. */
function reserve(part) {
  part.element.style.setProperty("contain-intrinsic-height", `auto calc(${part.lines} * 1.6em)`);
}

function block() {
  const element = document.createElement("div");
  element.className = "log-part";
  return element;
}

function lineElement(line, style) {
  const element = document.createElement("div");
  element.className = "log-line";
  if (line.length <= CUT) {
    fill(element, line, style);
    return element;
  }
  fill(element, line.slice(0, CUT), style);
  const button = document.createElement("button");
  let shown = CUT;
  button.type = "button";
  button.className = "log-more";
  const label = () => { button.textContent = `${line.length - shown} more characters of this line`; };
  button.addEventListener("click", () => {
    const piece = document.createElement("span");
    fill(piece, line.slice(shown, shown + MORE), plainStyle());
    shown += MORE;
    button.before(piece);
    if (shown >= line.length) button.remove();
    else label();
  });
  label();
  element.append(button);
  return element;
}

function fill(element, line, style) {
  const found = pieces(line, style);
  if (!found.length) element.append(document.createElement("br")); // an empty line has its height, too
  for (const piece of found) {
    if (!piece.classes) {
      element.append(piece.text);
    } else {
      const span = document.createElement("span");
      span.className = piece.classes;
      span.textContent = piece.text;
      element.append(span);
    }
  }
}

/** Show a short text, such as a tail, as lines. @param {HTMLElement} root @param {string} text */
export function showTail(root, text) {
  const style = plainStyle();
  root.replaceChildren(...text.replace(/\n$/, "").split("\n").map((line) => lineElement(line, style)));
}
