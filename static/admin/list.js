// The list page: the selection goes along to its other pages.
const many = target => target.form?.matches(".batch") ? target.form : null;
const boxesOf = form => [...form.elements].filter(box => box.name === "_key");

// The keys that are selected: those that were before, without those of this page, and its ticks.
function selection(form) {
  const of = text => (text ?? "").split(":").filter(Boolean);
  const shown = new Set(of(form.elements._on.value));
  const before = of(new URLSearchParams(form.elements._rest.value).get("_selected")).filter(key => !shown.has(key));
  return [...before, ...boxesOf(form).filter(box => box.checked).map(box => box.value)];
}

document.addEventListener("change", event => {
  const form = many(event.target);
  if (!form) return;
  const boxes = boxesOf(form);
  if (event.target.matches("[data-all]")) boxes.forEach(box => { box.checked = event.target.checked; });
  const all = document.querySelector("[data-all]"), ticked = boxes.filter(box => box.checked).length;
  all.checked = ticked === boxes.length;
  all.indeterminate = ticked > 0 && !all.checked;
  const n = selection(form).length, out = form.querySelector("[data-selected]");
  out.textContent = out.dataset.words.replace("{}", n);
  form.closest(".listing").classList.toggle("some", n > 0);
});

// Shift and a click ticks all rows from the last one.
let last = null;
document.addEventListener("click", event => {
  const box = event.target.closest?.("[name=_key]");
  if (!box) return;
  const boxes = boxesOf(many(box));
  if (event.shiftKey && boxes.includes(last)) {
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    boxes.slice(from, to + 1).forEach(other => { other.checked = box.checked; });
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  last = box;
});

// Shift and a click on a heading sorts by it after what rows are sorted by already.
document.addEventListener("click", event => {
  const link = event.shiftKey && event.target.closest?.("thead th[data-field] a");
  if (!link) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const there = new URL(location.href), field = link.closest("th").dataset.field;
  const keys = (there.searchParams.get("sort") ?? "").split(",").filter(Boolean);
  const at = keys.findIndex(key => key.replace("-", "") === field);
  if (at < 0) keys.push(field); else keys[at] = keys[at].startsWith("-") ? field : `-${field}`;
  there.searchParams.set("sort", keys.join(","));
  there.searchParams.delete("cursor");
  location.assign(there);
}, true);

document.addEventListener("htmx:configRequest", event => {
  const form = document.querySelector("form.batch"), { path, verb } = event.detail;
  if (!form || verb !== "get") return;
  const there = new URL(path, location.href);
  if (there.pathname !== form.dataset.list || event.target.closest(".bar, nav.side, nav.crumbs, .tabs")) return;
  const keys = selection(form);
  if (keys.length) there.searchParams.set("_selected", keys.join(":")); else there.searchParams.delete("_selected");
  event.detail.path = there.pathname + there.search;
});

// Whoever types a value for many records means to change it.
document.addEventListener("input", event => {
  const pick = event.target.closest?.(".pick"), box = pick?.querySelector("[name^='set.']");
  if (box && event.target !== box) box.checked = true;
});

// A cell is changed where it is: by its pen, or a double click.
function edit(td) {
  const th = td.closest("table").tHead.rows[0].cells[td.cellIndex], box = td.parentElement.querySelector("[name=_key]");
  if (!th?.matches("[data-edit]") || !box || td.querySelector("form")) return;
  const was = td.innerHTML, path = `${box.form.dataset.list}/${box.value}/_cell`;
  htmx.ajax("GET", `${path}?field=${th.dataset.field}`, { target: td, swap: "innerHTML" }).then(() => {
    const form = td.querySelector("form");
    if (!form) return;
    form.setAttribute("hx-boost", "false");
    form.setAttribute("hx-post", path);
    form.setAttribute("hx-target", "closest td, closest th");
    htmx.process(form);
    const close = event => { event.preventDefault(); event.stopPropagation(); td.innerHTML = was; td.tabIndex = -1; td.focus(); };
    form.querySelector(".cancel").addEventListener("click", close);
    form.addEventListener("keydown", event => { if (event.key === "Escape" && !form.querySelector("[role=listbox]:not([hidden])")) close(event); });
    form.querySelector(".line, input:not([type=hidden]), select, textarea")?.focus();
  });
}
document.addEventListener("dblclick", event => {
  const td = event.target.closest?.(".listing tbody td, .listing tbody th");
  if (td && !event.target.closest("a, input")) edit(td);
});
document.addEventListener("click", event => {
  const pen = event.target.closest?.("a.pen");
  if (pen && !event.ctrlKey && !event.metaKey) { event.preventDefault(); event.stopImmediatePropagation(); edit(pen.closest("td, th")); }
}, true);
document.addEventListener("mouseover", event => {
  const td = event.target.closest?.(".listing tbody td:not(.selects)");
  if (!td || td.querySelector(".pen, form")) return;
  const th = td.closest("table").tHead.rows[0].cells[td.cellIndex];
  if (!th?.matches("[data-edit]")) return;
  const pen = document.createElement("a");
  pen.className = "pen hover";
  pen.href = "#";
  pen.textContent = "✎";
  pen.setAttribute("aria-hidden", "true");
  pen.tabIndex = -1;
  td.append(pen);
  td.addEventListener("mouseleave", () => pen.remove(), { once: true });
});
