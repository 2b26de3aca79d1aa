// The log of one run: opens at its end, follows it while it grows, loads earlier parts as one scrolls up.

import { BASE, get, report } from "./api.js";
import { create, h, patch } from "./dom.js";
import { plural, sentence, size } from "./format.js";
import { icon } from "./icons.js";
import { whileSeen } from "./live.js";
import { LogLines } from "./loglines.js";
import { button, toggle } from "./parts.js";

const PART = 128 * 1024;
const NEAR = 400; // px from the top at which earlier parts are asked for
const AGAIN = 2000; // ms after which a stream that broke off is asked for again
const AT_END = 24; // px from the end that still count as being there

let wrapped = false;

/** A log in an element of its own; ``close`` ends what it listens to. */
export class LogView {
  /** @param {HTMLElement} root @param {number} job @param {number} run */
  constructor(root, job, run) {
    this.path = `/jobs/${job}/runs/${run}/log`;
    this.root = root;
    this.follow = true;
    this.closed = false;
    this.loading = false;
    this.missed = 0; // looks at a log that another machine has, or that has yet to begin
    this.detached = false; // the newest parts were let go
    this.source = null;
    this.info = { size: 0, whole: true, running: false };
    this.build();
    this.forget = whileSeen(() => { if (this.info.running && this.info.whole) this.listen(); }, () => this.source?.close());
    this.load();
  }

  build() {
    this.scroller = create(h("div", {
      class: "log-scroll", tabindex: "0", role: "log", "aria-label": "Output", "aria-live": "off", onscroll: () => this.onScroll(),
    }));
    this.head = create(h("div", { class: "log-note" }));
    this.body = create(h("div", { class: "log-lines" }));
    this.foot = create(h("div", { class: "log-note" }));
    this.tools = create(h("div", { class: "log-tools" }));
    this.scroller.append(this.head, this.body, this.foot);
    this.root.append(this.tools, this.scroller);
    this.lines = new LogLines(this.body);
    this.scroller.classList.toggle("log-wrap", wrapped);
  }

  close() {
    this.closed = true;
    this.forget();
    this.source?.close();
  }

  /** Begin anew, at the end. */
  async load() {
    this.source?.close();
    let part;
    try {
      part = await get(`${this.path}?limit=${PART}`);
    } catch (problem) {
      if (this.closed) return;
      this.say(this.head, h("span", null, sentence(problem.message)));
      setTimeout(() => { if (!this.closed) this.load(); }, AGAIN);
      return;
    }
    if (this.closed) return;
    this.lines.clear();
    this.detached = false;
    this.info = part;
    this.missed = part.running && !part.whole ? this.missed + 1 : 0;
    this.lines.append(part);
    if (!part.running) this.lines.finish();
    this.drawNotes();
    this.toEnd();
    if (!part.running) return;
    if (part.whole) this.listen();
    else setTimeout(() => { if (!this.closed) this.load(); }, AGAIN);
  }

  listen() {
    const source = new EventSource(`${BASE}${this.path}/stream?from=${this.lines.end}`);
    this.source = source;
    source.addEventListener("log", (event) => {
      const part = JSON.parse(event.data);
      if (part.dropped) this.lines.clear();
      if (!part.dropped && part.end <= this.lines.end) return; // sent again after a break
      this.info = { ...this.info, size: Math.max(this.info.size, part.end), whole: this.info.whole || part.start === 0 };
      if (this.detached) return this.drawNotes();
      this.lines.append(part);
      if (this.follow) {
        this.lines.dropHead();
        this.toEnd();
      }
      this.drawNotes();
    });
    source.addEventListener("end", () => {
      source.close();
      this.info = { ...this.info, running: false };
      this.lines.finish();
      this.drawNotes();
    });
    source.addEventListener("error", () => {
      const refused = source.readyState === EventSource.CLOSED;
      source.close(); // it would begin where it began before; begin where we are instead
      if (!this.closed && source === this.source) setTimeout(() => this.again(source, refused), AGAIN);
    });
  }

  /** Go on after a break; where the stream was refused, see what there is now. */
  again(source, refused) {
    if (this.closed || source !== this.source || !this.info.running) return;
    if (refused) this.load();
    else this.listen();
  }

  async earlier() {
    if (this.loading || this.lines.start <= 0) return;
    this.loading = true;
    try {
      const part = await get(`${this.path}?before=${this.lines.start}&limit=${PART}`);
      if (this.closed) return;
      const height = this.scroller.scrollHeight;
      const top = this.scroller.scrollTop;
      if (part.end > part.start) this.lines.prepend(part);
      else this.lines.start = 0;
      this.drawNotes();
      this.scroller.scrollTop = top + this.scroller.scrollHeight - height;
      if (this.lines.dropTail()) {
        this.detached = true;
        this.drawNotes();
      }
    } catch (problem) {
      report(problem);
    } finally {
      this.loading = false;
    }
  }

  onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const follow = !this.detached && scrollHeight - scrollTop - clientHeight < AT_END;
    if (follow !== this.follow) {
      this.follow = follow;
      this.drawTools();
    }
    if (scrollTop < NEAR && scrollHeight > clientHeight) this.earlier();
  }

  toEnd() {
    this.follow = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    requestAnimationFrame(() => { if (this.follow) this.scroller.scrollTop = this.scroller.scrollHeight; });
    this.drawTools();
  }

  setFollow(on) {
    if (!on) this.follow = false;
    else if (this.detached) this.load();
    else this.toEnd();
    this.drawTools();
  }

  say(place, ...content) {
    patch(place, content);
  }

  drawNotes() {
    const { whole, size: bytes, running } = this.info;
    const { start } = this.lines;
    const more = button({ label: `Load earlier output, ${size(start)} more`, kind: "quiet", onclick: () => this.earlier() });
    if (this.missed > 1) this.say(this.head,
      h("span", null, "The log is on the machine that runs the job, which does not share it now (share_logs). Its end is here when the run has ended."));
    else if (!whole && bytes > 0) this.say(this.head,
      h("span", null, "This is the end of the log. All of it is on the machine that ran the job, which does not share it now (share_logs)."));
    else this.say(this.head, start > 0 ? more
      : h("span", null, bytes > 0 ? "Beginning of the output"
        : !running ? "It wrote nothing" : whole ? "No output yet" : "Looking for its log"));
    if (this.detached) this.say(this.foot, h("span", null, "Later output was let go, to keep the page fast. "),
      button({ label: "Go to the end", icon: "end", kind: "quiet", onclick: () => this.load() }));
    else if (running && !whole) this.say(this.foot);
    else if (running) this.say(this.foot, h("span", { class: "log-running" }, "running"));
    else this.say(this.foot, bytes > 0 ? h("span", null, "End of the output") : null);
    this.drawTools();
  }

  drawTools() {
    const { size: bytes, running, whole } = this.info;
    this.say(this.tools,
      h("span", { class: "log-size" }, whole ? size(bytes) : running ? "" : `the last ${size(bytes)}`,
        this.lines.count ? ` · ${plural(this.lines.count, "line")} shown` : ""),
      running && whole ? toggle("Follow", this.follow, (on) => this.setFollow(on)) : null,
      toggle("Wrap", wrapped, (on) => {
        wrapped = on;
        this.scroller.classList.toggle("log-wrap", on);
        if (this.follow) this.toEnd();
        this.drawTools();
      }),
      running ? null : button({ label: "Go to the end", icon: "end", only: true, kind: "quiet",
        onclick: () => (this.detached ? this.load() : this.toEnd()) }),
      whole ? h("a", { class: "button button-quiet button-only", href: `${BASE}${this.path}/raw`, download: "",
        "aria-label": "Download the whole log", title: "Download the whole log" }, icon("download")) : null);
  }
}
