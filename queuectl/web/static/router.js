// The address behind the #: which page, of what, with which filters.

/** @typedef {{name: string, id: string|null, query: URLSearchParams, hash: string}} Route */

/** Read an address such as ``#/jobs/7?run=2``. @returns {Route} */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [name = "", ...rest] = path.split("/").filter(Boolean);
  let id = null;
  try {
    id = rest.length ? decodeURIComponent(rest.join("/")) : null;
  } catch { /* a broken % in the address names nothing */ }
  return { name: name || "overview", id, query: new URLSearchParams(query), hash };
}

/** Write an address; filters that are empty are left out, lists repeat their name. */
export function href(path, query = {}) {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") parts.append(name, one);
    }
  }
  const text = parts.toString();
  return `#/${path}${text ? `?${text}` : ""}`;
}

/** Where a job is shown. */
export function jobHref(id) {
  return `#/jobs/${id}`;
}

/** Go to an address; ``replace`` leaves no trace in the history. */
export function go(hash, { replace = false } = {}) {
  if (replace) {
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = hash;
  }
}
