// The Ops page: a list drawn once, shown and hidden by the search box and the kind buttons.

const Ops = (() => {
  function ruleRows(op) {
    if (!op.rules.length) return [Dom.el("p", { class: "cr-ops-none", text: "No gradient flows through it." })];
    return op.rules.map(({ operand, rule }) =>
      Dom.el("p", { class: "cr-ops-rule" },
        Dom.el("span", { class: "cr-ops-to" }, "to ", Dom.symbol(operand)),
        Dom.el("span", { class: "cr-ops-math", tabindex: "-1" }, Dom.math(rule)),
        Dom.button("LaTeX", (event) => copy(event.currentTarget, op.latex[operand]),
          { class: "cr-ops-copy", title: "Copy this rule as LaTeX", label: `Copy the rule of ${op.name} to ${operand} as LaTeX` })));
  }

  // The button itself says that it worked.
  async function copy(button, text) {
    const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
    button.textContent = done ? "Copied" : "Not allowed";
    setTimeout(() => { button.textContent = "LaTeX"; }, 1600);
  }

  const codes = (texts) => texts.flatMap((text, k) => [k ? " or " : "", Dom.el("code", { class: "cr-code", text })]);

  function card(op) {
    const open = op.link && Dom.el("a", { class: "cr-ops-open", href: op.link, target: "_self" }, "Open in Explore");
    return Dom.el("article", { class: "cr-ops-card", id: `op-${op.name}`, tabindex: "-1" },
      Dom.el("header", {},
        Dom.el("h3", { text: op.name }),
        Dom.el("span", { class: "cr-ops-spoken", text: op.spoken }),
        Dom.el("code", { class: "cr-code", text: op.written })),
      Dom.el("div", { class: "cr-ops-forward" }, Dom.symbol("y"), " = ", Dom.math(op.forward)),
      Dom.el("div", { class: "cr-ops-rules" }, ...ruleRows(op)),
      op.kink && Dom.el("p", { class: "cr-ops-kink" }, "Not differentiable where ", ...Dom.ticked(op.kink)),
      Dom.el("footer", {},
        Dom.el("span", {}, "torch ", ...codes(op.torch)),
        op.aliases.length ? Dom.el("span", {}, "also ", ...codes(op.aliases)) : null,
        open));
  }

  function section(title, ops) {
    return Dom.el("section", { "data-group": title }, Dom.el("h2", { text: title }), Dom.el("div", { class: "cr-ops-grid" }, ...ops.map(card)));
  }

  function words(op) {
    return [op.name, op.spoken, op.group, op.written, ...op.torch, ...op.aliases].join(" ").toLowerCase();
  }

  const NARROW = 290; // px that a formula has on paper where two cards stand side by side

  // A formula is never broken: on paper a card with a long one takes the whole width.
  function widen(root) {
    for (const one of root.querySelectorAll(".cr-ops-card"))
      one.classList.toggle("cr-ops-wide", [...one.querySelectorAll("math")].some((math) => math.getBoundingClientRect().width > NARROW));
  }

  function listen(root, part) {
    root.ownerDocument.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input, textarea, select") || !root.isConnected) return;
      event.preventDefault();
      part("search").focus();
    });
    root.ownerDocument.defaultView.addEventListener("beforeprint", () => root.isConnected && widen(root));
    part("bar").replaceChildren(Dom.button("Light or dark", () => {
      const theme = Theme.other(root.dataset.theme);
      Theme.remember(theme);
      Theme.apply(root, theme);
    }, { icon: "theme", title: "Light or dark" }));
    Theme.apply(root, Theme.initial(root));
  }

  function mount(root, data) {
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const groups = [...new Set(data.ops.map((op) => op.group))];
    part("list").replaceChildren(
      ...groups.map((group) => section(group, data.ops.filter((op) => op.group === group))),
      Dom.el("section", { "data-group": "composites" }, Dom.el("h2", { text: "composites" }),
        Dom.el("p", { class: "cr-lead", text: "Short names for several ops; a program that uses one is drawn with the ops it stands for." }),
        Dom.el("dl", { class: "cr-ops-composites" }, ...data.composites.flatMap((row) =>
          [Dom.el("dt", {}, Dom.el("code", { class: "cr-code", text: row.name })), Dom.el("dd", {}, ...Dom.ticked(row.sentence))]))));
    const known = data.ops.map((op) => ({ op, words: words(op), element: root.querySelector(`#op-${CSS.escape(op.name)}`) }));
    let chosen = null;
    const show = () => {
      const asked = part("search").value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const { op, words: text, element } of known) {
        const fits = (!chosen || op.group === chosen) && asked.every((word) => text.includes(word));
        element.hidden = !fits;
        count += fits;
      }
      for (const box of root.querySelectorAll("section[data-group]")) {
        const cards = [...box.querySelectorAll(".cr-ops-card")];
        box.hidden = cards.length ? cards.every((c) => c.hidden) : Boolean(chosen || asked.length);
      }
      part("count").textContent = count ? `${count} of ${known.length} ops` : "No op fits.";
      part("none").hidden = count > 0;
      for (const button of part("groups").children) button.setAttribute("aria-pressed", String(button.dataset.group === (chosen || "")));
    };
    part("groups").replaceChildren(...["", ...groups].map((group) =>
      Dom.el("button", { type: "button", "data-group": group, text: group || "all", on: { click: () => { chosen = group || null; show(); } } })));
    part("search").addEventListener("input", show);
    part("none").append(Dom.el("p", { text: "No op fits this search." }), Dom.button("Show all ops", () => {
      part("search").value = "";
      chosen = null;
      show();
      part("search").focus();
    }));
    listen(root, part);
    Words.mount(root, null, { send: true });
    show();
  }

  return { mount };
})();

const mounted = new WeakSet();

export default function (component) {
  const root = component.parentElement.querySelector(".cr-ops");
  if (mounted.has(root)) return;
  mounted.add(root);
  Ops.mount(root, component.data);
}
