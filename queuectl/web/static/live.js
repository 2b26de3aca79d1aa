// The page's one stream: views arrive as they change; it mends itself, and says when there is nobody to talk to.

import { BASE, openSession } from "./api.js";

const RETRY = 1500;
const PATIENCE = 1200; // a host that restarts is back by then, and no banner flashes

const REST = 2_000; // ms; a tab that nobody sees gives its connection back: browsers have six for all tabs together

/** Have a stream end a while after its tab was hidden, and begin again when it is seen; return what ends that. */
export function whileSeen(begin, end) {
  let timer = 0;
  let resting = false;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(() => { resting = true; end(); }, REST);
    } else if (resting) {
      resting = false;
      begin();
    }
  };
  document.addEventListener("visibilitychange", look);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

/** @typedef {"connecting"|"live"|"gone"|"unproven"} Connection */

/** Listens to views; what arrives is kept until the views change. */
export class Live {
  /** @param {(view: string, message: {data?: any, problem?: any}) => void} onView @param {(state: Connection) => void} onState */
  constructor(onView, onState) {
    this.onView = onView;
    this.onState = onState;
    /** @type {Connection} */
    this.state = "connecting";
    this.views = [];
    this.source = null;
    this.timer = 0;
    this.worry = 0;
    // Whoever comes back to this tab may have opened the page anew in another one.
    addEventListener("focus", () => { if (!document.hidden && this.state !== "live") this.open(); });
    addEventListener("online", () => this.open());
    whileSeen(() => this.open(), () => this.rest());
  }

  /** Listen to these views, and to no others. */
  watch(views) {
    if (this.source && views.join("\n") === this.views.join("\n")) return;
    this.views = views;
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.source?.close();
    const query = new URLSearchParams(this.views.map((view) => ["view", view]));
    const source = new EventSource(`${BASE}/events?${query}`);
    this.source = source;
    source.addEventListener("open", () => this.settle("live"));
    source.addEventListener("view", (event) => {
      const message = JSON.parse(event.data);
      if (source === this.source) this.onView(message.view, message);
    });
    source.addEventListener("bye", () => this.suspect());
    source.addEventListener("error", () => {
      if (source !== this.source) return;
      if (source.readyState === EventSource.CLOSED) this.ask(source);
      else this.suspect();
    });
  }

  /** Listen to nothing, until somebody looks again. */
  rest() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** The stream has broken off: say so, unless it is back at once. */
  suspect() {
    if (this.worry || this.state === "gone") return;
    this.worry = setTimeout(() => this.settle("gone"), PATIENCE);
  }

  /** The stream was refused: find out whether that is for want of proof. */
  async ask(source) {
    try {
      await openSession();
    } catch (problem) {
      if (source !== this.source) return;
      if (problem.status === 401) this.settle("unproven");
      else this.suspect();
    }
    if (source === this.source) this.timer = setTimeout(() => this.open(), this.state === "unproven" ? 10 * RETRY : RETRY);
  }

  settle(state) {
    clearTimeout(this.worry);
    this.worry = 0;
    if (state === this.state) return;
    const before = this.state;
    this.state = state;
    if (state === "live" && before !== "connecting") openSession().catch(() => {}); // perhaps another host, with other keys
    this.onState(state);
  }
}
