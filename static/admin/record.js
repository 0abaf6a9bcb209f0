// Records: what a script adds to their forms. Each control works without it.
{
const on = (name, act) => document.addEventListener(name, act);
const near = (event, selector) => event.target.closest?.(selector);
const get = id => document.getElementById(id);
const set = (element, attributes) => Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
let dirty = false, timer;

// What is not saved is not left without a question.
addEventListener("beforeunload", event => { if (dirty && get("record")) event.preventDefault(); });
on("htmx:beforeRequest", event => {
  const form = dirty && event.detail.boosted && !near(event, "#record") && get("record");
  if (form && !confirm(form.dataset.lose)) event.preventDefault();
});
on("submit", event => { if (near(event, "#record")) dirty = false; });
on("htmx:beforeSwap", event => { if (event.target === document.body) dirty = false; });

on("input", ({ target }) => {
  const { dataset, value } = target;
  dirty ||= !!target.closest("#record");
  if (dataset.for) get(dataset.for).value = value;
  if ("json" in dataset) {
    let fault = "";
    try { JSON.parse(value || null); } catch (error) { fault = `${dataset.json} ${error.message}`; }
    target.setCustomValidity(fault);
  }
  if (target.matches(".live .line")) { clearTimeout(timer); timer = setTimeout(open, 150, target, value); }
});
// The search of a picker becomes a combobox with a list (WAI-ARIA APG); the key is hidden.
const parts = box => ["ul", ".key"].map(part => box.closest(".picker").querySelector(part));
const enhance = () => {
  dirty ||= "dirty" in (get("record")?.dataset ?? {});
  document.querySelectorAll(".picker[data-options]:not(.live)").forEach(picker => {
    const key = picker.querySelector(".key"), box = picker.querySelector(".line"), list = document.createElement("ul");
    set(list, { role: "listbox", id: `o-${key.name}`, hidden: "", "aria-label": box.placeholder });
    set(box, { role: "combobox", id: key.id, "aria-autocomplete": "list", "aria-expanded": false, "aria-controls": list.id });
    for (const { name, value } of key.attributes) if (/^aria-[di]|^required/.test(name)) box.setAttribute(name, value);
    box.removeAttribute("name");
    key.removeAttribute("id");
    key.type = "hidden";
    box.after(list);
    box.value = picker.dataset.title || key.value;
    picker.classList.add("live");
  });
};
const shut = (box, list = parts(box)[0]) => { clearTimeout(timer); list.hidden = true; set(box, { "aria-expanded": false, "aria-activedescendant": "" }); };
async function open(box, words) {
  const [list] = parts(box);
  await htmx.ajax("GET", `${box.closest(".picker").dataset.options}&q=${encodeURIComponent(words)}`, list);
  list.querySelectorAll("[role=option]").forEach((option, i) => { option.id = `${list.id}-${i}`; });
  list.hidden = document.activeElement !== box;
  box.setAttribute("aria-expanded", !list.hidden);
}
function choose(box, { value = "", title = "" } = {}) {
  const [, key] = parts(box), picker = box.closest(".picker");
  key.value = value;
  key.dispatchEvent(new Event("input", { bubbles: true }));
  box.value = picker.dataset.title = title;
  picker.querySelector(".target")?.remove();
  dirty = true;
  shut(box);
}
on("keydown", event => {
  const box = near(event, ".live .line");
  if (!box) return;
  const [list] = parts(box), options = [...list.querySelectorAll("[role=option]")];
  const at = options.findIndex(option => option.ariaSelected === "true"), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && list.hidden) open(box, "");
  else if (step) {
    const next = options[(Math.max(at + step, -1) + options.length) % options.length];
    options.forEach(option => { option.ariaSelected = option === next; });
    box.setAttribute("aria-activedescendant", next?.id ?? "");
    next?.scrollIntoView({ block: "nearest" });
  } else if (list.hidden || !["Enter", "Escape"].includes(event.key)) return;
  else if (event.key === "Escape") shut(box);
  else if (options[at] ?? options[0]) choose(box, (options[at] ?? options[0]).dataset);
  event.preventDefault();
});
on("pointerdown", event => {
  const option = near(event, ".live [role=option]");
  if (option) { event.preventDefault(); choose(option.closest(".picker").querySelector(".line"), option.dataset); }
});
// Left with other words than a record's: none is chosen, or still the one before.
on("focusout", event => {
  const box = near(event, ".live .line");
  if (!box) return;
  const [, key] = parts(box);
  if (box.value.trim() || !key.value) box.value = box.closest(".picker").dataset.title || key.value; else choose(box);
  shut(box);
});

// A new record in place: the form of its page, in a dialog.
on("click", async event => {
  const button = near(event, ".live [data-create]");
  if (!button) return;
  event.preventDefault();
  const dialog = document.createElement("dialog"), { create, gives } = button.dataset;
  dialog.className = "create";
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  const show = async answer => {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = page.querySelector(`[data-value-of="${gives}"]`), form = page.querySelector("#record");
    if (made) { choose(button.closest(".picker").querySelector(".line"), { value: made.dataset.value, title: page.querySelector("h1").textContent }); return dialog.close(); }
    form.querySelectorAll("[id], [for]").forEach(e => ["id", "for"].forEach(name => e.hasAttribute(name) && e.setAttribute(name, `n-${e.getAttribute(name)}`)));
    form.id = "";
    form.querySelector(".save a").onclick = click => { click.preventDefault(); dialog.close(); };
    form.onsubmit = async submit => { submit.preventDefault(); show(await fetch(create, { method: "POST", body: new FormData(form) })); };
    dialog.replaceChildren(page.querySelector("h1"), ...page.querySelectorAll(".faults"), form);
    enhance();
  };
  await show(await fetch(create));
  if (dialog.isConnected) dialog.showModal();
});
enhance();
on("htmx:load", enhance);
}
