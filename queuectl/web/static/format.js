// Times, durations and sizes as people read them; what elapses is counted on here, second by second.

import { h } from "./dom.js";

let offset = 0; // how far the server's clock is ahead of this one, in ms

/** Learn what time it is over there. */
export function setClock(iso) {
  if (iso) offset = Date.parse(iso) - Date.now();
}

/** The server's time, in ms. */
export function now() {
  return Date.now() + offset;
}

/** Write seconds with at most two units: ``0.42s``, ``3m 12s``, ``2d 4h``. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "";
  if (seconds > 0 && seconds < 0.01) return `${Number((seconds * 1000).toPrecision(3))}ms`;
  if (seconds < 10) return `${Number(seconds.toFixed(2))}s`;
  let whole = Math.round(seconds);
  const parts = [];
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]) {
    const count = Math.floor(whole / size);
    whole -= count * size;
    if (count) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

/** Write how long something runs, to the second. */
function elapsedText(iso) {
  return duration(Math.max(0, Math.floor((now() - Date.parse(iso)) / 1000))) || "0s";
}

/** Write how long ago, or in how long, with one unit. */
function relativeText(iso) {
  const seconds = (now() - Date.parse(iso)) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  const one = duration(Math.max(1, Math.floor(Math.abs(seconds)))).split(" ");
  return seconds > 0 ? `${one[0]} ago` : `in ${one.join(" ")}`;
}

const two = (number) => String(number).padStart(2, "0");

/** Write the day, local. */
export function day(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Write a moment in local time, to the second; today's without the day. */
export function moment(iso, { whole = false } = {}) {
  if (!iso) return "";
  const date = new Date(iso);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return !whole && day(date) === day(new Date(now())) ? clock : `${day(date)} ${clock}`;
}

/** Hours and minutes. */
export function clock(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The name of the zone whose times are shown. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Everything there is to say of a moment, for a title. */
export function exact(iso) {
  return iso ? `${moment(iso, { whole: true })} (${zone}), ${iso}` : "";
}

const TEXTS = { elapsed: elapsedText, relative: relativeText };

/** A time that goes on: ``elapsed`` since then, or ``relative`` to now. */
export function ticking(iso, kind = "relative") {
  return iso ? h("time", { datetime: iso, title: exact(iso), "data-tick": kind }, TEXTS[kind](iso)) : "";
}

/** A moment that stays as it is. */
export function at(iso) {
  return iso ? h("time", { datetime: iso, title: exact(iso) }, moment(iso)) : "";
}

/** Have what is shown of elapsing times go on. */
export function startTicking() {
  setInterval(() => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("time[data-tick]")) {
      const text = TEXTS[element.dataset.tick](element.dateTime);
      if (element.firstChild && element.firstChild.data !== text) element.firstChild.data = text;
    }
  }, 1000);
}

/** Write a number of bytes with one unit. */
export function size(bytes) {
  let value = bytes;
  for (const unit of ["B", "KiB", "MiB"]) {
    if (value < 1024) return `${value.toFixed(1).replace(/\.0$/, "")} ${unit}`;
    value /= 1024;
  }
  return `${value.toFixed(1).replace(/\.0$/, "")} GiB`;
}

const grouped = new Intl.NumberFormat("en");

/** Write a whole number, its thousands apart. */
export function count(number) {
  return grouped.format(number).replaceAll(",", "\u202f");
}

/** ``1 job``, ``2 jobs``. */
export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Between 0 and 1, as a percentage. */
export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/** Seconds between two moments, or null. */
export function between(from, to) {
  return from && to ? Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000) : null;
}

/** Read a duration as a person writes it, ``90``, ``1h30m``; null if it is none. */
export function readDuration(text) {
  const plain = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(plain)) return Number(plain);
  const sizes = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
  let sum = 0;
  const rest = plain.replace(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*/g, (_, number, unit) => {
    sum += Number(number) * sizes[unit];
    return "";
  });
  return plain && !rest ? sum : null;
}

/** Begin with a capital, end with a full stop. */
export function sentence(text) {
  const line = text.trim();
  if (!line) return "";
  const capital = /^\w*(_|:\/\/)/.test(line) ? line[0] : line[0].toUpperCase(); // max_retries is no word, nor is a URL
  return capital + line.slice(1) + (/[.!?]$/.test(line) ? "" : ".");
}
