// Talk to the HTTP API: JSON both ways, the session's CSRF token on what changes something, failures as problems.

import { sentence, setClock } from "./format.js";
import { toast } from "./toast.js";

export const BASE = "/api/v1";

/** What a request failed with: the API's problem, or that nobody answered. */
export class Problem extends Error {
  /** @param {{status?: number, detail?: string, title?: string, hint?: string}} values */
  constructor(values) {
    super(values.detail || values.title || "it failed");
    this.status = values.status || 0;
    this.hint = values.hint || "";
  }
}

/** @type {{csrf?: string, version?: string, machine?: string, database?: string, may_enqueue?: boolean, shared?: boolean}} */
export let session = {};

/** Learn who answers, and get a CSRF token. */
export async function openSession() {
  session = await request("GET", `${BASE}/session`);
  setClock(session.now);
  return session;
}

/** GET a path below the API's base. */
export function get(path) {
  return request("GET", BASE + path);
}

/** Send a change; once more with a new token, where the session is another than before. */
export async function send(method, path, body, headers = {}) {
  try {
    return await request(method, BASE + path, body, headers);
  } catch (problem) {
    if (problem.status !== 403 || !/csrf/i.test(problem.message)) throw problem;
    await openSession();
    return request(method, BASE + path, body, headers);
  }
}

async function request(method, path, body, headers = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
  if (method !== "GET") options.headers["X-CSRF-Token"] = session.csrf || "";
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem({ detail: "queuectl does not answer", hint: "Start it anew: queuectl serve, or the tray." });
  }
  if (response.status === 204) return null;
  let value = null;
  try {
    value = await response.json();
  } catch {
    if (response.ok) throw new Problem({ status: response.status, detail: "the answer was cut off" });
  }
  if (!response.ok) throw new Problem({ ...value, status: response.status });
  return value;
}

/**
 * Do something for a person: say what came of it, and return what it returned, or undefined when it failed.
 * @param {() => Promise<any>} what @param {string|((result: any) => string|null)} [done]
 */
export async function attempt(what, done) {
  try {
    const result = await what();
    const text = typeof done === "function" ? done(result) : done;
    if (text) toast("good", text);
    return result ?? null;
  } catch (problem) {
    report(problem);
    return undefined;
  }
}

/** Show a problem as a message. */
export function report(problem) {
  if (!(problem instanceof Problem)) throw problem;
  toast("bad", sentence(problem.message), problem.hint);
}

/** A key under which a repeated request is recognized. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
