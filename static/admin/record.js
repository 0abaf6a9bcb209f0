// Records: what a script adds to their forms. Each control works without it.
"use strict";
const form = () => document.querySelector("form#record");
const near = (event, selector) => event.target.closest?.(selector);

// Not saved yet: ask before it is lost.
let dirty = false;
const lost = () => dirty && form() && !confirm(form().dataset.lose);
addEventListener("beforeunload", event => { if (dirty && form()) event.preventDefault(); });
document.addEventListener("htmx:beforeRequest", event => {
  if (event.target.closest("form#record") || event.detail.target?.role === "listbox") return;
  if (event.detail.boosted && lost()) event.preventDefault();
});
document.addEventListener("input", event => {
  if (near(event, "form#record")) dirty = true;
  const { target } = event;
  if (target.dataset.for) document.getElementById(target.dataset.for).value = target.value;
  if (target.dataset.json !== undefined) {
    let fault = "";
    try { if (target.value.trim()) JSON.parse(target.value); } catch (error) { fault = `${target.dataset.json} ${error.message}`; }
    target.setCustomValidity(fault);
  }
  if (target.role === "combobox" && near(event, ".picker")) ask(target);
});
document.addEventListener("submit", event => { if (near(event, "form#record")) dirty = false; });

// A file as base64.
document.addEventListener("change", async event => {
  const { files, dataset } = event.target;
  if (!dataset.into || !files[0]) return;
  const reader = new FileReader();
  reader.onload = () => { document.getElementById(dataset.into).value = reader.result.split(",")[1] ?? ""; dirty = true; };
  reader.readAsDataURL(files[0]);
});

// The picker: the search becomes a combobox (WAI-ARIA, editable with list autocomplete), the key is hidden.
const parts = combo => {
  const picker = combo.closest(".picker");
  return { picker, key: picker.querySelector(".key"), list: picker.querySelector("[role=listbox]") };
};
function enhance() {
  dirty = form()?.dataset.dirty === "true";
  document.querySelectorAll(".picker[data-options]:not(.live)").forEach(picker => {
    const key = picker.querySelector(".key"), combo = picker.querySelector(".find input");
    const list = document.createElement("ul");
    list.role = "listbox"; list.id = `o-${key.name}`; list.hidden = true; list.ariaLabel = combo.placeholder;
    combo.after(list);
    const id = key.id;
    key.type = "hidden"; key.id = `k-${key.name}`;
    if (key.required) { key.required = false; combo.required = true; }
    for (const name of ["aria-invalid", "aria-describedby"]) if (key.hasAttribute(name)) combo.setAttribute(name, key.getAttribute(name));
    combo.id = id; combo.removeAttribute("name"); combo.role = "combobox";
    if (!key.hasAttribute("aria-label")) combo.removeAttribute("aria-label");
    combo.setAttribute("aria-autocomplete", "list"); combo.setAttribute("aria-expanded", "false"); combo.setAttribute("aria-controls", list.id);
    combo.value = picker.dataset.title || key.value;
    picker.classList.add("live");
  });
}
let timer;
const ask = combo => { clearTimeout(timer); timer = setTimeout(() => open(combo, combo.value), 150); };
async function open(combo, words) {
  const { picker, list } = parts(combo);
  await htmx.ajax("GET", `${picker.dataset.options}&q=${encodeURIComponent(words)}`, { target: list, swap: "innerHTML" });
  [...list.querySelectorAll("[role=option]")].forEach((option, i) => { option.id = `${list.id}-${i}`; });
  list.hidden = document.activeElement !== combo;
  combo.setAttribute("aria-expanded", String(!list.hidden));
  combo.removeAttribute("aria-activedescendant");
}
function shut(combo) {
  const { list } = parts(combo);
  clearTimeout(timer);
  list.hidden = true;
  combo.setAttribute("aria-expanded", "false"); combo.removeAttribute("aria-activedescendant");
}
function choose(combo, value, title) {
  const { picker, key } = parts(combo);
  key.value = value; combo.value = picker.dataset.title = title; dirty = true;
  picker.querySelector(".target")?.remove();
  shut(combo);
}
document.addEventListener("keydown", event => {
  const combo = near(event, ".picker [role=combobox]");
  if (!combo) return;
  const { list } = parts(combo);
  const options = [...list.querySelectorAll("[role=option]")];
  const at = options.findIndex(o => o.ariaSelected === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) return void open(combo, "");
    const next = options[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + options.length) % options.length];
    options.forEach(o => { o.ariaSelected = String(o === next); });
    if (next) { combo.setAttribute("aria-activedescendant", next.id); next.scrollIntoView({ block: "nearest" }); }
  } else if (event.key === "Enter" && !list.hidden) {
    event.preventDefault();
    const option = options[at] ?? (options.length === 1 ? options[0] : null);
    if (option) choose(combo, option.dataset.value, option.dataset.title);
  } else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); shut(combo); }
});
document.addEventListener("pointerdown", event => {
  const option = near(event, ".picker [role=option]");
  if (!option) return;
  event.preventDefault();
  choose(option.closest(".picker").querySelector("[role=combobox]"), option.dataset.value, option.dataset.title);
});
document.addEventListener("focusin", event => {
  const combo = near(event, ".picker [role=combobox]");
  if (combo) combo.select();
});
// Left with other words than the record's: nothing is chosen, or what was chosen before.
document.addEventListener("focusout", event => {
  const combo = near(event, ".picker [role=combobox]");
  if (!combo) return;
  const { picker, key } = parts(combo);
  shut(combo);
  if (!combo.value.trim()) { if (key.value) choose(combo, "", ""); } else combo.value = picker.dataset.title || key.value;
});

// A new record in place: its own page's form in a dialog.
document.addEventListener("click", async event => {
  const button = near(event, "[data-create]");
  if (!button) return;
  event.preventDefault();
  const combo = button.closest(".picker").querySelector("[role=combobox]");
  const dialog = document.createElement("dialog");
  dialog.className = "create";
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  const show = async response => {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const made = new URL(response.url).searchParams.get("saved") && page.querySelector("h1");
    const gives = made && page.querySelector(`[data-value-of="${button.dataset.gives}"]`);
    if (gives) { choose(combo, gives.dataset.value, made.textContent); return dialog.close(); }
    const inner = page.querySelector("form#record");
    if (!inner) { location = response.url; return; }
    inner.removeAttribute("id");
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: inner.dataset.close, onclick: () => dialog.close() });
    inner.querySelector(".save").replaceChildren(inner.querySelector(".save .button"), close);
    dialog.replaceChildren(...["h1", ".faults"].map(s => page.querySelector(`main ${s}`)).filter(Boolean), inner);
    inner.setAttribute("hx-boost", "false");
    inner.querySelectorAll("[id]").forEach(e => { e.id = `n-${e.id}`; });
    inner.querySelectorAll("[for]").forEach(e => { e.htmlFor = `n-${e.htmlFor}`; });
    enhance();
    inner.addEventListener("submit", async submitted => {
      submitted.preventDefault();
      show(await fetch(inner.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(inner)) }));
    });
    inner.querySelector(".value input, .value textarea, .value select")?.focus();
  };
  await show(await fetch(button.dataset.create));
  if (dialog.isConnected && !dialog.open) dialog.showModal();
});
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", enhance); else enhance();
document.addEventListener("htmx:afterSettle", event => { if (event.detail.target?.role !== "listbox") enhance(); });
