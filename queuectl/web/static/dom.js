// Build the page from descriptions, and move the real DOM towards them without disturbing who reads or types.

const SVG = "http://www.w3.org/2000/svg";
const MADE = Symbol("description");
const HANDLERS = Symbol("handlers");
const CLEANUP = Symbol("cleanup");
const PROPERTIES = new Set(["value", "checked", "open", "indeterminate"]);

/**
 * @typedef {{tag: string, key?: string|number, props: Object, children: Array<Node_|string>}} Node_
 */

/**
 * Describe an element. Children are descriptions, texts, or lists of them; null and false keep their place empty.
 *
 * Keys are for lists, and for what is always there: beside an optional child with a key, others would lose their place.
 *
 * Props are attributes, and besides: key (names it among its siblings), style (an object), onclick and the like,
 * and mount (a function that gets the element once, cares for its inside, and may return what cleans up).
 * @param {string} tag @param {Object|null} props @returns {Node_}
 */
export function h(tag, props, ...children) {
  return { tag, key: props?.key, props: props || {}, children: flatten(children, []) };
}

function flatten(children, into) {
  for (const child of children) {
    if (Array.isArray(child)) flatten(child, into);
    else if (child === null || child === undefined || child === false) into.push("");
    else into.push(typeof child === "object" ? child : String(child));
  }
  return into;
}

/** Make an element's children what is described; what is the same stays, with its focus, selection and scroll position. */
export function patch(parent, ...children) {
  const focused = document.activeElement;
  const inside = focused && focused !== document.body && parent.contains(focused);
  patchChildren(parent, flatten(children, []), parent.namespaceURI === SVG);
  if (inside && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

/** Make a real element from a description. */
export function create(description, svg = false) {
  if (typeof description === "string") return document.createTextNode(description);
  const { tag, props } = description;
  const inSvg = svg || tag === "svg";
  const node = inSvg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  node[MADE] = { tag, key: description.key, props: {}, children: [] };
  update(node, description, inSvg);
  if (props.mount) {
    node.setAttribute("data-mounted", "");
    node[CLEANUP] = props.mount(node);
  }
  return node;
}

function patchChildren(parent, wanted, svg) {
  const present = parent.childNodes;
  if (present.length === 0) {
    for (const one of wanted) parent.appendChild(create(one, svg));
    return;
  }
  const old = [...present];
  const keyed = new Map();
  const plain = [];
  for (const node of old) {
    const key = node[MADE]?.key;
    if (key === undefined || key === null) plain.push(node);
    else keyed.set(key, node);
  }
  let place = 0;
  const kept = new Set();
  const nodes = wanted.map((one) => {
    const key = typeof one === "string" ? undefined : one.key;
    const node = key === undefined || key === null ? plain[place++] : keyed.get(key);
    if (!node || !alike(node, one)) return create(one, svg);
    keyed.delete(key); // one that comes twice is made twice
    kept.add(node);
    if (typeof one !== "string") update(node, one, svg || one.tag === "svg");
    else if (node.data !== one) node.data = one;
    return node;
  });
  for (const node of old) if (!kept.has(node)) remove(node);
  let cursor = parent.firstChild;
  for (const node of nodes) {
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  }
}

function alike(node, description) {
  if (typeof description === "string") return node.nodeType === Node.TEXT_NODE;
  return node[MADE]?.tag === description.tag;
}

function remove(node) {
  if (node.nodeType === Node.ELEMENT_NODE) {
    node[CLEANUP]?.();
    for (const inner of node.querySelectorAll("[data-mounted]")) inner[CLEANUP]?.();
  }
  node.remove();
}

function update(node, wanted, svg) {
  const before = node[MADE].props;
  const now = wanted.props;
  for (const name in before) if (!(name in now)) setProp(node, name, before[name], undefined);
  for (const name in now) {
    if (!PROPERTIES.has(name) && before[name] !== now[name]) setProp(node, name, before[name], now[name]);
  }
  node[MADE] = wanted;
  if (!now.mount) patchChildren(node, wanted.children, svg && wanted.tag !== "foreignObject");
  setProperties(node, before, now); // after the children: a select's value is one of them
}

function setProperties(node, before, now) {
  if ("checked" in now && node.checked !== Boolean(now.checked)) node.checked = Boolean(now.checked);
  if ("indeterminate" in now) node.indeterminate = Boolean(now.indeterminate);
  if ("open" in now && now.open !== before.open) node.open = Boolean(now.open);
  // What a person types is theirs until the description itself changes, and while they are at it.
  if ("value" in now && now.value !== before.value && (document.activeElement !== node || now.force)) {
    node.value = now.value ?? "";
  }
}

function setProp(node, name, before, value) {
  if (name === "key" || name === "mount" || name === "force" || PROPERTIES.has(name)) return;
  if (name.startsWith("on")) return setHandler(node, name.slice(2), value);
  if (name === "style") return setStyle(node, before || {}, value || {});
  if (typeof value === "boolean" && name.startsWith("aria-")) value = String(value);
  if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

function setHandler(node, type, handler) {
  const handlers = (node[HANDLERS] ||= {});
  if (!(type in handlers)) node.addEventListener(type, (event) => node[HANDLERS][type]?.(event));
  handlers[type] = handler;
}

function setStyle(node, before, value) {
  for (const name in before) if (!(name in value)) node.style.removeProperty(name);
  for (const name in value) if (before[name] !== value[name]) node.style.setProperty(name, value[name]);
}
