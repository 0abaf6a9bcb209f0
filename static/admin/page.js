// Every page: what a script adds to the frame. All listeners are on the document, because htmx replaces what is in it.
"use strict";
const root = document.documentElement;
root.classList.add("scripted");

// Before htmx begins, which waits for the page: nothing that the content policy forbids, faults are shown, and no copy of a page stays in the browser's storage.
Object.assign(htmx.config, {
  includeIndicatorStyles: false, allowEval: false, selfRequestsOnly: true, historyCacheSize: 0, refreshOnHistoryMiss: true,
  scrollIntoViewOnBoost: true, responseHandling: [{ code: "204", swap: false }, { code: "...", swap: true }],
});

// The zone of the browser, told once; the server shows times in it from then on.
if (!document.cookie.includes("quarterdeck_zone=")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `quarterdeck_zone=${zone.replaceAll("/", ".")}; SameSite=Lax; Path=/; Max-Age=31536000`;
}

// One open panel at a time; Escape and a click elsewhere close it.
const close = except => document.querySelectorAll("details.pop[open]").forEach(d => { if (d !== except) d.open = false; });
document.addEventListener("click", event => {
  close(event.target.closest("details.pop"));
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(document.getElementById(copy.dataset.copy).textContent).then(() => say(copy.dataset.done));
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
});

// A sentence for people and for screen readers.
function say(text) {
  const place = document.getElementById("say");
  if (place) place.textContent = text ?? "";
}

const typing = target => target.closest("input, textarea, select, [contenteditable]");
document.addEventListener("keydown", event => {
  if (event.key === "Escape") {
    const open = document.querySelector("details.pop[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  }
  if (event.ctrlKey || event.metaKey) {
    if (event.key === "s") {
      const save = document.querySelector("form.fields button[type=submit]");
      if (save) { event.preventDefault(); save.click(); }
    }
    return;
  }
  if (event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  const go = selector => { const found = document.querySelector(selector); if (found) { event.preventDefault(); found.focus(); if (found.matches("a, button")) found.click(); } };
  switch (event.key) {
    case "?": document.getElementById("keys")?.showModal(); break;
    case "/": go("#q"); break;
    case "n": go("a[data-key=n]"); break;
    case "f": go("details.filter > summary"); break;
    case "j": go("a[rel=next]"); break;
    case "k": go("a[rel=prev]"); break;
  }
});

// After a page came in place of another: its beginning has the focus, as after a full load.
document.addEventListener("htmx:pushedIntoHistory", () => document.getElementById("main")?.focus({ preventScroll: true }));
