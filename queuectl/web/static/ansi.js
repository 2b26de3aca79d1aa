// A line of a log as spans: colours kept as classes, every other escape dropped, what cannot be seen made visible.

const ESCAPES = /\x1b(?:\[([0-9;:]*)m|\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-Z\\^-~])/g;
const HIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** @typedef {{fg: string, bg: string, bold: boolean, dim: boolean, italic: boolean, under: boolean, invert: boolean}} Style */

/** How text looks at the beginning. @returns {Style} */
export function plainStyle() {
  return { fg: "", bg: "", bold: false, dim: false, italic: false, under: false, invert: false };
}

/**
 * Split a line into pieces of one look each; ``style`` is carried on from line to line, and is changed.
 * @param {string} line @param {Style} style @returns {Array<{text: string, classes: string}>}
 */
export function pieces(line, style) {
  const found = [];
  const text = lastState(line);
  let begin = 0;
  const add = (end) => {
    if (end > begin) found.push({ text: visible(text.slice(begin, end)), classes: classes(style) });
  };
  if (text.includes("\x1b")) {
    for (const match of text.matchAll(ESCAPES)) {
      add(match.index);
      begin = match.index + match[0].length;
      if (match[1] !== undefined) apply(match[1], style);
    }
  }
  add(text.length);
  return found;
}

/** What a terminal would show of a line that was written over itself with carriage returns. */
function lastState(line) {
  if (!line.includes("\r")) return line;
  const states = line.replace(/\r+$/, "").split("\r");
  const colours = states.slice(0, -1).join("").match(/\x1b\[[0-9;:]*m/g);
  return (colours ? colours.join("") : "") + states[states.length - 1];
}

/** Replace what has no shape, or would turn the line's direction, by something that can be seen. */
export function visible(text) {
  return text.replace(HIDDEN, (char) => {
    const code = char.charCodeAt(0);
    if (code < 0x20 || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`; // as cat -v has it
    return `\u27e8${code.toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
  });
}

function classes(style) {
  const names = [];
  if (style.invert) {
    names.push(`ansi-solid-${style.fg || "text"}`);
  } else {
    if (style.fg) names.push(`ansi-fg-${style.fg}`);
    if (style.bg) names.push(`ansi-bg-${style.bg}`);
  }
  for (const name of ["bold", "dim", "italic", "under"]) if (style[name]) names.push(`ansi-${name}`);
  return names.join(" ");
}

function apply(codes, style) {
  const numbers = codes === "" ? [0] : codes.split(/[;:]/).map((code) => Number(code || 0));
  for (let place = 0; place < numbers.length; place += 1) {
    const code = numbers[place];
    if (code === 38 || code === 48) {
      const layer = code === 38 ? "fg" : "bg";
      if (numbers[place + 1] === 5) {
        style[layer] = nearest256(numbers[place + 2] || 0);
        place += 2;
      } else if (numbers[place + 1] === 2) {
        style[layer] = nearest(numbers.slice(place + 2, place + 5));
        place += 4;
      }
    } else {
      applyOne(code, style);
    }
  }
}

function applyOne(code, style) {
  if (code === 0) Object.assign(style, plainStyle());
  else if (code === 1) style.bold = true;
  else if (code === 2) style.dim = true;
  else if (code === 3) style.italic = true;
  else if (code === 4) style.under = true;
  else if (code === 7) style.invert = true;
  else if (code === 22) style.bold = style.dim = false;
  else if (code === 23) style.italic = false;
  else if (code === 24) style.under = false;
  else if (code === 27) style.invert = false;
  else if (code >= 30 && code <= 37) style.fg = String(code - 30);
  else if (code === 39) style.fg = "";
  else if (code >= 40 && code <= 47) style.bg = String(code - 40);
  else if (code === 49) style.bg = "";
  else if (code >= 90 && code <= 97) style.fg = String(code - 82);
  else if (code >= 100 && code <= 107) style.bg = String(code - 92);
}

/** One of the 16 colours that themes define, for one of 256. */
function nearest256(code) {
  if (code < 16) return String(code);
  if (code >= 232) {
    const grey = 8 + (code - 232) * 10;
    return nearest([grey, grey, grey]);
  }
  const steps = [0, 95, 135, 175, 215, 255];
  const cube = code - 16;
  return nearest([steps[Math.floor(cube / 36) % 6], steps[Math.floor(cube / 6) % 6], steps[cube % 6]]);
}

/** One of the 16 colours for an exact one: by which of red, green and blue prevail. */
function nearest([red = 0, green = 0, blue = 0]) {
  const high = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  if (high - low < 40) return high < 64 ? "0" : high < 128 ? "8" : high < 208 ? "7" : "15";
  const limit = (high + low) / 2;
  const hue = (red > limit ? 1 : 0) + (green > limit ? 2 : 0) + (blue > limit ? 4 : 0);
  return String(hue + (high > 180 ? 8 : 0));
}
