// Search, filters, sorting and the choice of colours. The page is complete
// without this script; it only hides, orders and opens what is there.
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  // --- colours ---

  const schemes = ["system", "light", "dark"];
  const theme = byId("theme");

  // A page without an origin of its own may have no storage.
  const remembered = () => {
    try { return localStorage.getItem("nosplit-colours"); } catch { return null; }
  };
  const remember = (scheme) => {
    try { localStorage.setItem("nosplit-colours", scheme); } catch { /* for this visit only */ }
  };
  const paint = (scheme) => {
    if (scheme === "system") delete root.dataset.theme;
    else root.dataset.theme = scheme;
    theme.textContent = "Colours: " + scheme;
  };
  let scheme = schemes.includes(remembered()) ? remembered() : "system";
  paint(scheme);
  theme.hidden = false;
  theme.addEventListener("click", () => {
    scheme = schemes[(schemes.indexOf(scheme) + 1) % schemes.length];
    paint(scheme);
    remember(scheme);
  });

  // --- the objects ---

  const controls = byId("controls");
  if (!controls) return;
  controls.hidden = false;

  const table = document.querySelector("table.objects");
  const search = byId("q");
  const idSelect = byId("id");
  const shown = byId("shown");
  const none = byId("none");
  const choices = Array.from(controls.querySelectorAll("[data-status]"));
  const headers = Array.from(table.tHead.querySelectorAll("th"));
  const listedText = shown.textContent;

  const rows = Array.from(table.tBodies, (body, order) => ({
    body, order,
    status: body.dataset.status,
    ids: Array.from(body.rows[0].querySelectorAll(".id"), (e) => e.textContent),
    text: null,
  }));

  // The texts are gathered with the first search: they are most of the page.
  const textOf = (row) => {
    if (row.text === null) {
      const parts = [row.body.textContent];
      for (const cell of row.body.querySelectorAll("td[title]")) parts.push(cell.title);
      row.text = parts.join("\n").toLowerCase();
    }
    return row.text;
  };

  const order = { violation: 0, unauditable: 1, allowed: 2, clean: 3 };
  const collator = new Intl.Collator("en", { numeric: true });
  const cellText = (column) => (row) => row.body.rows[0].cells[column].textContent;
  const keys = {};
  headers.forEach((th, column) => { keys[th.dataset.key] = cellText(column); });
  keys.verdict = (row) => order[row.status];

  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

  // state is what the address keeps: words, a finding, verdicts, and a column
  // with "-" before it for the reverse order.
  const state = { q: "", id: "", verdicts: new Set(), sort: "" };

  const readAddress = () => {
    const hash = location.hash.slice(1);
    if (hash !== "" && !hash.includes("=")) return false; // an anchor
    const params = new URLSearchParams(hash);
    const known = (list, value) => (list.includes(value) ? value : "");
    state.q = params.get("q") ?? "";
    state.id = known(Array.from(idSelect.options, (o) => o.value), params.get("id") ?? "");
    state.verdicts = new Set((params.get("verdict") ?? "").split(",").filter((v) => choices.some((c) => c.dataset.status === v)));
    const sort = params.get("sort") ?? "";
    state.sort = Object.hasOwn(keys, sort.replace(/^-/, "")) ? sort : "";
    return true;
  };

  const writeAddress = () => {
    const params = new URLSearchParams();
    if (state.q.trim() !== "") params.set("q", state.q);
    if (state.id !== "") params.set("id", state.id);
    if (state.verdicts.size > 0) params.set("verdict", Array.from(state.verdicts).join(","));
    if (state.sort !== "") params.set("sort", state.sort);
    const query = params.toString();
    // A document without an address of its own cannot have one written.
    try { history.replaceState(null, "", query === "" ? location.pathname + location.search : "#" + query); } catch { /* not kept */ }
  };

  const filter = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter((w) => w !== "");
    let count = 0;
    for (const row of rows) {
      const match = (state.verdicts.size === 0 || state.verdicts.has(row.status)) &&
        (state.id === "" || row.ids.includes(state.id)) &&
        (words.length === 0 || words.every((w) => textOf(row).includes(w)));
      row.body.hidden = !match;
      if (match) count++;
    }
    const all = count === rows.length;
    shown.textContent = all ? listedText : count.toLocaleString("en") + " shown, " + listedText;
    none.hidden = count > 0;
  };

  let sorted = "";
  const sort = () => {
    if (sorted === state.sort) return;
    sorted = state.sort;
    const key = sorted.replace(/^-/, "");
    const sign = sorted.startsWith("-") ? -1 : 1;
    const list = rows.map((row) => ({ row, value: key === "" ? 0 : keys[key](row) }));
    list.sort((a, b) => sign * compare(a.value, b.value) || a.row.order - b.row.order);
    table.append(...list.map((entry) => entry.row.body));
    for (const th of headers) {
      if (th.dataset.key !== key) th.removeAttribute("aria-sort");
      else th.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
    }
  };

  const show = () => {
    if (search.value !== state.q) search.value = state.q;
    idSelect.value = state.id;
    for (const c of choices) c.setAttribute("aria-pressed", String(state.verdicts.has(c.dataset.status)));
    sort();
    filter();
  };
  const change = (values) => {
    Object.assign(state, values);
    writeAddress();
    show();
  };

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => change({ q: search.value }), 120);
  });
  controls.addEventListener("submit", (event) => {
    event.preventDefault();
    change({ q: search.value });
  });
  idSelect.addEventListener("change", () => change({ id: idSelect.value }));
  for (const c of choices) {
    c.addEventListener("click", () => {
      const verdicts = new Set(state.verdicts);
      if (!verdicts.delete(c.dataset.status)) verdicts.add(c.dataset.status);
      change({ verdicts });
    });
  }
  byId("reset").addEventListener("click", () => change({ q: "", id: "", verdicts: new Set(), sort: "" }));

  // Only what is shown is opened, as opening thousands of rows takes its time.
  const open = (value) => {
    for (const row of rows) {
      if (row.body.hidden) continue;
      for (const d of row.body.querySelectorAll("details")) d.open = value;
    }
  };
  byId("expand").addEventListener("click", () => open(true));
  byId("collapse").addEventListener("click", () => open(false));

  for (const th of headers) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = th.textContent;
    button.addEventListener("click", () => {
      const key = th.dataset.key;
      change({ sort: state.sort === key ? "-" + key : state.sort === "-" + key ? "" : key });
    });
    th.replaceChildren(button);
  }

  // A row opens wherever it is clicked; the keyboard has the summary.
  table.addEventListener("click", (event) => {
    const head = event.target.closest("tr.head");
    if (!head || String(getSelection()) !== "") return;
    const details = head.parentElement.querySelector("details");
    if (details) details.open = !details.open;
  });

  // Links to the objects of a file or with a finding.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-q], a[data-id]");
    if (!link) return;
    event.preventDefault();
    change({ q: link.dataset.q ?? "", id: link.dataset.id ?? "", verdicts: new Set() });
    byId("objects").scrollIntoView();
    search.focus({ preventScroll: true });
  });

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName ?? "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });

  addEventListener("hashchange", () => { if (readAddress()) show(); });
  if (readAddress()) show();
})();
