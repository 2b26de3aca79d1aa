// Choose the theme before the first paint: the system's, unless a person has chosen here.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("queuectl-theme");
  } catch { /* storage is switched off: the system's theme it is */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
