// The one tooltip of the page: placed above what it speaks of, and within the window.

import { patch } from "./dom.js";
import { announce } from "./toast.js";

const GAP = 8;

/** Show it above a point of the window; ``say`` is told to screen readers, too. */
export function showTip(place, content, say = "") {
  const tip = document.getElementById("tooltip");
  patch(tip, content);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.max(GAP, Math.min(innerWidth - width - GAP, place.x - width / 2));
  const above = place.y - height - GAP;
  tip.style.setProperty("left", `${left}px`);
  tip.style.setProperty("top", `${above > GAP ? above : place.y + (place.height || 24) + GAP}px`);
  if (say) announce(say);
}

/** Take it away. */
export function hideTip() {
  document.getElementById("tooltip").hidden = true;
}

addEventListener("scroll", hideTip, { passive: true, capture: true });
addEventListener("hashchange", hideTip);
