// Every kind of autograd node that occurs in a network: what it does, where it occurs, and what it saved there.
const NetExplained = (() => {
  const FEW = 4; // places of a kind that are listed before someone asks for all

  function place(me, entry) {
    const saved = entry.saved.flatMap(([name, what], k) => [k ? ", " : "", Dom.el("code", {}, name), " = ", ...Dom.ticked(what)]);
    return Dom.el("li", {},
      Ui.button(entry.name, { class: "cr-chip", "data-node": entry.node, "data-key": `kind ${entry.node}`, "aria-label": `Go to ${entry.name}` },
        () => Network.go(me.store, entry.node)),
      saved.length ? Dom.el("small", {}, "saved ", ...saved) : null);
  }

  function places(me, kind) {
    const bare = kind.places.every((entry) => !entry.saved.length);
    const all = me.open.has(kind.fn) || (bare && kind.places.length <= 12);
    const some = all ? kind.places : kind.places.slice(0, FEW);
    const rest = kind.places.length - some.length;
    const beyond = kind.count - kind.places.length;
    return [
      Dom.el("ul", { class: `cr-occurs ${bare ? "cr-bare" : ""}` }, ...some.map((entry) => place(me, entry))),
      rest > 0
        ? Ui.button(`Show all ${kind.places.length} places`, { class: "cr-button cr-small", "data-key": `all ${kind.fn}` }, () => {
            me.open.add(kind.fn);
            fill(me, me.store.get());
          })
        : null,
      all && beyond > 0 ? Dom.el("p", { class: "cr-hint" }, `and ${beyond} more`) : null,
    ];
  }

  const times = (count) => (count === 1 ? "once" : count === 2 ? "twice" : `${count} times`);

  function kindOf(me, kind) {
    return [
      Dom.el("dt", {}, Dom.el("code", {}, kind.fn), Dom.el("small", {}, times(kind.count))),
      Dom.el("dd", {}, Dom.el("p", {}, ...Dom.ticked(kind.sentence)), ...places(me, kind)),
    ];
  }

  // The whole list as plain text: what the homework asks for.
  function asText(kinds) {
    const plain = (text) => text.replaceAll("`", "");
    return kinds.map((kind) => [
      `${kind.fn} (occurs ${times(kind.count)})`,
      `  ${plain(kind.sentence)}`,
      ...kind.places.map(({ name, saved }) =>
        `  at ${name}${saved.length ? `; saved ${saved.map(([key, what]) => `${key} = ${plain(what)}`).join(", ")}` : ""}`),
      ...(kind.count > kind.places.length ? [`  and ${kind.count - kind.places.length} more`] : []),
    ].join("\n")).join("\n\n");
  }

  function fill(me, state) {
    const kinds = state.data.explained;
    if (!kinds) {
      Ui.fill(me.box, Dom.el("p", { class: "cr-wait", role: "status" }, "Asking torch …"));
      return;
    }
    const nodes = kinds.reduce((sum, kind) => sum + kind.count, 0);
    Ui.keepFocus(me.box, () => Ui.fill(me.box,
      Dom.el("div", { class: "cr-tools" },
        Dom.el("span", {}, ...Dom.ticked(`${nodes} autograd nodes of ${kinds.length} kinds. \`g\` is the gradient that reaches a node, \`x\` its input, \`y\` its result.`)),
        Dom.el("span", { class: "cr-copies" },
          Ui.button("Copy as text", { class: "cr-button cr-small", "data-key": "copy text" }, () => Dialogs.copy(asText(kinds), "the explanations")))),
      Dom.el("dl", { class: "cr-explained" }, ...kinds.flatMap((kind) => kindOf(me, kind)))));
  }

  function mount(element, store) {
    const me = { store, open: new Set(), box: Dom.el("div", {}) };
    element.append(me.box);
    function draw(state, before) {
      if (state.data && (!before || state.data.explained !== before.data?.explained)) fill(me, state);
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount };
})();
