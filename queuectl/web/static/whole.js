// Load the page anew when a part of it did not come, as when its host is stopped or this machine's network changes just
// then. The server puts this into the page itself.
(() => {
  const AGAIN = 1000; // ms
  let planned = false;

  async function again() {
    try {
      await fetch("/healthz"); // whatever it answers: somebody is there
      location.reload();
    } catch {
      setTimeout(again, AGAIN);
    }
  }

  addEventListener("error", ({ target }) => {
    if (planned || !(target instanceof HTMLScriptElement || target instanceof HTMLLinkElement)) return;
    planned = true;
    const note = document.createElement("p");
    note.role = "alert";
    note.className = "noscript";
    note.textContent = "A part of this page did not come. It is loaded anew as soon as queuectl answers.";
    document.addEventListener("DOMContentLoaded", () => document.getElementById("main").append(note));
    document.getElementById("main")?.append(note);
    setTimeout(again, AGAIN);
  }, true); // such an event is not told to those above
})();
