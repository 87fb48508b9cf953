// One scalar written out: its value and its gradient, each with names and with numbers. A name is a button to that scalar.
const ScalarWritten = (() => {
  const TERMS = 12;
  const short = (me, x) => Format.number(x, me.decimals);
  const line = (label, ...parts) => Dom.el("p", { class: "cr-scalar-line" }, Dom.el("span", { class: "cr-scalar-lead" }, label), Dom.el("span", {}, ...parts));

  function name(me, one) {
    const label = `Open ${one.symbol}`;
    return Ui.button(one.symbol, { class: "cr-scalar-name", "aria-label": label, title: label, "data-key": `name ${one.symbol}` }, () =>
      me.open({ inner: one.inner, entry: one.entry }));
  }

  const symbols = (me, tokens) =>
    tokens.map((token) => (typeof token === "string" ? token : token.inner === undefined ? token.symbol ?? short(me, token.value) : name(me, token)));

  function amount(me, token) {
    const text = short(me, token.value);
    const shown = text.startsWith("\u2212") && token.brackets ? `(${text})` : text;
    return [Dom.el("span", { class: token.inner === undefined ? "" : "cr-is-value", title: Format.copy(token.value) }, shown), token.note ? ` ${token.note}` : ""];
  }

  const numbers = (me, tokens) => tokens.flatMap((token) => (typeof token === "string" ? [token] : amount(me, token)));

  // The value: of a leaf there is nothing to write out.
  function value(me) {
    const { label, written, value: x } = me.scalar;
    const result = Ui.number(x, me.decimals, `value of ${label}`, { class: "cr-is-value" });
    if (!written.length) return [line("value", `${label} = `, result, "  (a leaf)")];
    return [line("value", `${label} = `, symbols(me, written)), line("", "= ", numbers(me, written), " = ", result)];
  }

  const partial = (loss, label) => `∂${loss}/∂${label}`;
  const bracketed = (text, first) => (text.startsWith("\u2212") && !first ? `(${text})` : text);
  const orange = (text, x) => Dom.el("span", { class: "cr-is-gradient", title: Format.copy(x) }, text);

  function joined(parts) {
    return parts.flatMap((part, k) => (k ? [" + ", part] : [part]));
  }

  // The gradient: what arrives over every edge, and what was put in.
  function gradient(me) {
    const { loss, label, to, seed, gradient: total, node } = me.scalar;
    if (me.hidden(node)) return [line("gradient", "asked for first: it is shown once the steps have reached it")];
    if (total === null) return [];
    const shown = to.shown.filter((link) => link.downstream !== null).slice(0, TERMS);
    const left = to.size + to.unread - shown.length;
    const names = shown.map((link) => [
      partial(loss, ""), name(me, { symbol: link.label, inner: link.inner, entry: link.entry }), `·∂${link.label}/∂${label}`,
    ]);
    const terms = shown.map((link, k) => [
      orange(bracketed(short(me, link.upstream), k === 0), link.upstream), `·${bracketed(short(me, link.local), false)}`,
    ]);
    const whole = shown.reduce((sum, link) => sum + Format.value(link.downstream), 0);
    const rest = Format.value(total) - whole - (seed === null ? 0 : Format.value(seed));
    if (left > 0) {
      names.push(`… (${left.toLocaleString("en")} more)`);
      terms.push([bracketed(short(me, rest), false), ` (${left.toLocaleString("en")} more)`]);
    }
    if (seed !== null) {
      names.unshift("starting gradient");
      terms.unshift(orange(short(me, seed), seed));
    }
    const result = Ui.number(total, me.decimals, `gradient of ${label}`, { class: "cr-is-gradient" });
    const symbol = partial(loss, label);
    if (!names.length) return [line("gradient", `${symbol} = `, result)];
    return [line("gradient", `${symbol} = `, joined(names)), line("", "= ", joined(terms), " = ", result)];
  }

  const sentences = (me) => me.scalar.says.map((text) => Dom.el("p", { class: "cr-scalar-says" }, ...Dom.ticked(text)));

  const draw = (me) => [...value(me), ...gradient(me), ...sentences(me)];

  return { draw };
})();
