// The command palette: Ctrl-K or Cmd-K. It offers what the page links to, and asks the server for records.
const palette = {
  items: [], chosen: 0, asked: 0,
  get dialog() { return document.getElementById("palette"); },
  get box() { return this.dialog.querySelector("input"); },
  get list() { return this.dialog.querySelector("ul"); },

  open() {
    if (!this.dialog || this.dialog.open) return;
    this.dialog.showModal();
    this.box.value = "";
    this.offer();
  },

  // The places of the navigation, and what this page offers.
  places() {
    const links = [...document.querySelectorAll("nav.side a, .head .acts a, .who .panel a")];
    return links.map(a => ({ text: a.textContent.trim(), hint: a.closest("[aria-label]")?.getAttribute("aria-label") ?? "", href: a.href }));
  },

  async offer() {
    const wanted = this.box.value.trim().toLowerCase();
    const seen = new Set();
    const near = this.places().filter(p => p.text.toLowerCase().includes(wanted) && !seen.has(p.href) && seen.add(p.href));
    this.show(near.slice(0, 12));
    const turn = ++this.asked;
    if (wanted.length < 2) return;
    const answer = await fetch(`/admin/_find?q=${encodeURIComponent(this.box.value.trim())}`, { headers: { accept: "application/json" } });
    if (!answer.ok || turn !== this.asked) return;
    const found = await answer.json();
    this.show([...near.slice(0, 6), ...found.data]);
  },

  show(items) {
    this.items = items;
    this.chosen = 0;
    this.list.replaceChildren(...items.map((item, i) => {
      const li = document.createElement("li");
      li.id = `go-${i}`;
      li.setAttribute("role", "option");
      li.append(item.text);
      const hint = document.createElement("span");
      hint.className = "quiet";
      hint.textContent = item.hint;
      li.append(hint);
      li.addEventListener("click", () => this.go(i));
      return li;
    }));
    this.mark(0);
  },

  mark(i) {
    this.chosen = Math.max(0, Math.min(i, this.items.length - 1));
    [...this.list.children].forEach((li, at) => li.setAttribute("aria-selected", at === this.chosen));
    this.list.children[this.chosen]?.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", this.items.length ? `go-${this.chosen}` : "");
  },

  go(i) {
    const item = this.items[i];
    if (item) { this.dialog.close(); location.assign(item.href); }
  },
};

document.addEventListener("keydown", event => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); palette.open(); return; }
  if (!palette.dialog?.open) return;
  if (event.key === "ArrowDown") { event.preventDefault(); palette.mark(palette.chosen + 1); }
  if (event.key === "ArrowUp") { event.preventDefault(); palette.mark(palette.chosen - 1); }
  if (event.key === "Enter") { event.preventDefault(); palette.go(palette.chosen); }
});
document.addEventListener("input", event => { if (event.target.closest("#palette")) palette.offer(); });
document.addEventListener("click", event => { if (event.target.closest("[data-palette]")) palette.open(); });
