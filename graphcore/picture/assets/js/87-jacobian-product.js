// Below the matrix: upstream times Jacobian is downstream, entry by entry, and one entry written out.
const JacobianProduct = (() => {
  function strip(title, labels, values, hue, decimals, chosen, pick) {
    return Dom.el("div", { class: "cr-jstrip" },
      Dom.el("h4", {}, title),
      Dom.el("div", { class: "cr-jentries" }, values.map((value, k) => {
        const text = Dom.el("span", {}, Dom.el("small", {}, labels[k]), Dom.el("b", {}, Format.number(value, decimals)));
        const attrs = { class: `cr-jentry cr-is-${hue}`, title: Format.copy(value) };
        if (!pick) return Dom.el("span", attrs, text);
        return Ui.button(text, { ...attrs, "aria-pressed": String(k === chosen), "data-key": `entry ${k}`,
          "aria-label": `Write out the entry ${labels[k]}: ${Format.number(value, decimals)}` }, () => pick(k));
      })));
  }

  const bracket = (text) => (text.startsWith("\u2212") ? `(${text})` : text);

  function written(product, decimals) {
    const total = Dom.el("b", { class: "cr-is-gradient" }, Format.number(product.total, decimals));
    const head = [Dom.el("span", { class: "cr-jname" }, product.label), " = "];
    if (product.terms === null) return Dom.el("p", { class: "cr-jdot" }, head, total, " (too many rows on this path to write its products out)");
    if (!product.terms.length) return Dom.el("p", { class: "cr-jdot" }, head, "0: every local gradient in its column is zero");
    const terms = product.terms.flatMap((term, k) => [
      k ? " + " : "",
      Dom.el("span", { class: "cr-jterm", title: `upstream of ${term.label} times its local gradient` },
        Dom.el("span", { class: "cr-is-gradient" }, Format.number(term.upstream, decimals)), " · ",
        Dom.el("span", { class: "cr-jlocal" }, bracket(Format.number(term.local, decimals)))),
    ]);
    const more = product.more ? ` + ${product.more} more` : "";
    return Dom.el("p", { class: "cr-jdot" }, head, terms, more, " = ", total);
  }

  function latex(product, decimals) {
    const number = (x) => Format.number(x, decimals).replace(/\u2212/g, "-");
    const terms = (product.terms || []).map((t) => `${number(t.upstream)} \\cdot ${bracket(Format.number(t.local, decimals)).replace(/\u2212/g, "-")}`);
    return [...terms, ...(product.more ? ["\\dots"] : [])].join(" + ") + ` = ${number(product.total)}`;
  }

  function panel(shown, decimals, pick) {
    const { product, block, asked } = shown;
    if (!product) return Dom.el("p", {}, "No gradient arrives at this target, so there is no product to form.");
    const [up, down] = asked.denominator ? [block.columns, block.rows] : [block.rows, block.columns];
    const start = asked.denominator ? block.row : block.column;
    return Dom.el("section", { class: "cr-jproduct", "aria-label": "Upstream times Jacobian is downstream" },
      Dom.el("h3", {}, asked.denominator ? "Jacobian × upstream = downstream" : "upstream × Jacobian = downstream"),
      strip(`upstream, arrived at ${shown.target.name}`, up, product.upstream, "gradient", decimals),
      strip(`downstream, to ${shown.source.name}: click an entry to see its dot product`, down, product.downstream, "gradient", decimals,
        product.entry - start, (k) => pick(start + k)),
      Dom.el("div", { class: "cr-jwritten", role: "status" }, written(product, decimals),
        Ui.button("LaTeX", { class: "cr-button cr-small", "data-key": "copy dot product", "aria-label": "Copy the dot product as LaTeX" },
          () => Dialogs.copy(latex(product, decimals), "the dot product as LaTeX"))));
  }

  return { panel };
})();
