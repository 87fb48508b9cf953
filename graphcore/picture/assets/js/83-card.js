// The card of one node: the selected one, or the one the current step writes. Numbers the step has not
// reached are a grey "?".
const Card = (() => {
  const WORDS = {
    match: "equal to torch, to rounding",
    mismatch: "differs from torch",
    inherited: "differs because a later node does",
    zero: "zero on both sides: proves nothing",
    "non-finite": "not finite on either side",
    none: "no gradient flows, in torch neither",
    unpaired: "torch has no node for it",
    seed: "the starting gradient: never counted",
    constant: "wants no gradient",
  };
  const shown = (state) => state.selected ?? Steps.at(state.data, state.step).node;
  const unknown = () => Dom.el("b", { class: "cr-notyet" }, "?");

  const row = (label, value, attrs = {}) =>
    Dom.el("p", { class: `cr-row ${attrs.class || ""}` }, Words.caption("span", { title: attrs.title }, label), value);

  // A number, or for an array its size; the numbers themselves stand below it.
  function amount(tensor, decimals, what, role, mark = null) {
    if (tensor === null || tensor === undefined) return Dom.el("b", { class: "cr-notyet" }, "none");
    if (!Arrays.isArray(tensor)) return Ui.number(tensor, decimals, what, { class: `cr-${role}`, sign: mark });
    return Dom.el(
      "span",
      { class: `cr-${role}` },
      mark ? `${mark} ` : "",
      "norm ",
      Ui.number(Format.norm(tensor), decimals, `norm of ${what}`),
    );
  }

  function head(context) {
    const { node, index, state, expand } = context;
    const tools = Dom.el("small", {}, `node ${index}`);
    if (context.canOpen) {
      const words = { class: "cr-go", "data-key": "open", title: "All numbers of this array" };
      tools.append(Ui.button("Open", words, () => Dialogs.array(index)));
    }
    const edges = "Upstream, local and downstream of each edge";
    const fold = { class: "cr-expand", "aria-expanded": String(expand.on), "aria-label": edges, title: edges };
    tools.append(Ui.button(Ui.chevron(), { ...fold, "data-key": "expand" }, expand.toggle));
    if (state.selected !== null) {
      const label = "Follow the steps again";
      const words = { class: "cr-expand cr-always", "aria-label": label, title: label, "data-key": "follow" };
      tools.append(Ui.button("×", words, () => Graph.select(null)));
    }
    return Dom.el("h4", {}, Dom.el("span", { title: node.head }, node.head), tools);
  }

  function torchRow(context) {
    const { data, index, name, reached, decimals } = context;
    const twin = data.structure.torch?.twins[index];
    const state = data.numbers.states[index];
    const label = twin ? `torch, ${twin.fn}` : "torch";
    if (!reached && state !== "constant" && state !== "none") return row(label, unknown(), { title: label });
    const [mark, tone] = Ui.sign(state);
    const given = data.numbers.torch[index];
    if (given === null)
      return row(label, Dom.el("b", { class: "cr-notyet" }, state === "unpaired" ? "no such node" : "none"), {
        title: label,
      });
    return row(label, amount(given, decimals, `torch's gradient of ${name}`, `tone-${tone}`, mark), { title: label });
  }

  function judgement(context) {
    const { data, index, reached } = context;
    const state = data.numbers.states[index];
    const error = data.numbers.errors[index];
    if (!reached && state !== "constant" && state !== "none") return null;
    const [, tone] = Ui.sign(state);
    const eps =
      error === null || !["match", "mismatch", "zero"].includes(state) ? "" : `, ${Ui.eps(error)} eps`;
    return Dom.el("p", { class: `cr-state cr-more cr-tone-${tone}` }, Words.said(`${WORDS[state] || state}${eps}`));
  }

  function pictures(context) {
    const { data, index, name, reached, decimals } = context;
    const value = data.numbers.values[index];
    const gradient = data.numbers.gradients[index];
    if (!Arrays.isArray(value)) return null;
    const shape = Format.shape(value.shape);
    const open = Scalars.able(context.host) ? (flat) => Scalars.open(context.store, context.host, index, Scalars.unflat(flat, value.shape)) : null;
    return Dom.el(
      "div",
      { class: "cr-pictures cr-more" },
      Dom.el("figure", {}, Dom.el("figcaption", {}, `value ${shape}`), Arrays.picture(value, "value", decimals, name, open)),
      reached && Arrays.isArray(gradient)
        ? Dom.el(
            "figure",
            {},
            Dom.el("figcaption", {}, `gradient ${shape}`),
            Arrays.picture(gradient, "gradient", decimals, `gradient of ${name}`, open),
          )
        : null,
    );
  }

  function localRow(context, edge, edgeIndex) {
    const { data, decimals } = context;
    const numbers = data.numbers.edges[edgeIndex];
    const symbol = edge.symbol && !/^[−-]?[\d.]+$/.test(edge.symbol) ? ` ${edge.symbol}` : "";
    const says = numbers.says || edge.says || "";
    if (context.state.asking && Steps.at(data, context.state.moment).known.edge(edgeIndex) !== "gradient") return row("local", unknown());
    if (numbers.local === null)
      return row("local", Dom.el("span", {}, `${numbers.kind || ""} ${(numbers.jacobian || []).join("×")}`), {
        title: says,
      });
    return row(
      `local${symbol}`,
      Ui.number(numbers.local, decimals, `local gradient ${symbol.trim()}`.trim(), { class: "cr-is-local" }),
      { title: says },
    );
  }

  // Where the gradient comes from: for each op that uses the node, upstream times local is downstream.
  function edgeRows(context, edgeIndex) {
    const { data, state, decimals, name } = context;
    const edge = data.structure.edges[edgeIndex];
    const user = data.structure.nodes[edge.target];
    const known = Steps.at(data, state.moment).known;
    const upstream =
      known.gradient(edge.target) === "all"
        ? amount(data.numbers.gradients[edge.target], decimals, `upstream, arrived at ${user.name}`, "is-gradient")
        : unknown();
    const down =
      known.edge(edgeIndex) === "gradient"
        ? amount(data.numbers.edges[edgeIndex].down, decimals, `downstream, to ${name}`, "is-gradient")
        : unknown();
    return Dom.el(
      "div",
      { class: "cr-cardedge cr-more" },
      row(
        "used by",
        Ui.button(
          user.head,
          { class: "cr-go cr-user", "data-key": `user ${edgeIndex}`, title: `Select ${user.name}` },
          () => Graph.reveal(edge.target),
        ),
      ),
      row("upstream", upstream, { class: "cr-in" }),
      Dom.el("div", { class: "cr-in" }, localRow(context, edge, edgeIndex)),
      row("downstream", down, { class: "cr-in" }),
    );
  }

  // The fan-out sum as it is being written.
  function sum(context) {
    const part = Steps.partial(context.data, context.index, context.state.moment);
    if (part.total < 2) return null;
    if (part.sum === null)
      return Dom.el(
        "p",
        { class: "cr-fansum cr-more" },
        ...Words.said(`${part.edges.length} of ${part.total} edges are in; the gradient is their sum.`),
      );
    const terms = part.terms.map((term, place) => signed(term, place, context.decimals)).join("");
    const total = part.missing ? " + ?" : ` = ${Format.number(part.sum, context.decimals)}`;
    return Dom.el(
      "p",
      { class: "cr-fansum cr-more" },
      Words.caption("span", {}, "sum", "fan-out"), " ",
      Dom.el("b", { class: "cr-is-gradient" }, `${terms}${total}`.trim().replace(/^\+ /, "") || "?"),
    );
  }

  function signed(term, place, decimals) {
    const text = Format.number(term, decimals);
    if (place === 0) return text;
    return text.startsWith("−") ? ` − ${text.slice(1)}` : ` + ${text}`;
  }

  function contextOf(state, store, host, expand) {
    const { data } = state;
    const index = shown(state);
    const node = data.structure.nodes[index];
    const known = Steps.at(data, state.moment).known;
    const array = Arrays.isArray(data.numbers.values[index]);
    return {
      state,
      store,
      host,
      data,
      index,
      node,
      expand,
      name: node.name,
      decimals: state.decimals,
      valued: known.value(index),
      reached: known.gradient(index) === "all",
      canOpen: array && (Boolean(host?.send) || Boolean(data.numbers.values[index].entries)),
    };
  }

  // Of a recorded node: the module it lies in, and the line of the network's own text that made it.
  function origin(node) {
    const where = node.module ? `${node.module.class} · ${node.module.words}` : node.scope;
    return [
      where ? row(node.module ? "module" : "in", Dom.el("span", {}, where), { class: "cr-more" }) : null,
      node.said ? Dom.el("p", { class: "cr-said cr-more" }, Dom.el("code", {}, node.said)) : null,
    ];
  }

  function content(context) {
    const { data, index, node, name, decimals, valued, reached } = context;
    const { numbers } = data;
    const gradient =
      numbers.states[index] === "constant" || numbers.states[index] === "none"
        ? Dom.el("b", { class: "cr-notyet" }, "none")
        : reached
          ? amount(numbers.gradients[index], decimals, `gradient of ${name}`, "is-gradient")
          : unknown();
    return [
      head(context),
      row(
        node.leaf ? "value" : "forward value",
        valued ? amount(numbers.values[index], decimals, `value of ${name}`, "is-value") : unknown(),
      ),
      numbers.judged?.given[index] != null ? row("handed in", amount(numbers.judged.given[index], decimals, `handed-in gradient of ${name}`, `tone-${CheckWords.tone(numbers.judged.status[index])}`, CheckWords.sign(numbers.judged.status[index]))) : null,
      row(numbers.judged ? "right gradient" : "gradient", gradient),
      torchRow(context),
      judgement(context),
      node.stop ? Dom.el("p", { class: "cr-stopline" }, ...Dom.ticked(node.stop)) : null,
      numbers.kinks[index] ? Dom.el("p", { class: "cr-kinkline" }, ...Dom.ticked(numbers.kinks[index])) : null,
      node.leaf
        ? null
        : Dom.el(
            "p",
            { class: "cr-row cr-more" },
            Words.caption("span", {}, "op"),
            Dom.el("span", {}, node.spoken || node.op),
          ),
      ...origin(node),
      pictures(context),
      sum(context),
      ...Steps.index(data).out[index].map((edge) => edgeRows(context, edge)),
    ];
  }

  function mount(element, store, host) {
    const box = Dom.el("section", { class: "cr-card", "aria-label": "The node" });
    const expand = {
      on: false,
      toggle: () => {
        expand.on = !expand.on;
        box.classList.toggle("cr-expanded", expand.on);
        draw(store.get(), null);
        if (expand.on) box.scrollIntoView({ block: "nearest" });
      },
    };
    element.append(box);
    const uses = ["data", "step", "moment", "asking", "selected", "decimals"];

    function draw(state, before) {
      if (before && uses.every((slice) => state[slice] === before[slice])) return;
      const ready = Boolean(state.data?.structure && state.data.numbers);
      element.hidden = !ready;
      if (ready) Ui.keepFocus(box, () => Ui.fill(box, content(contextOf(state, store, host, expand))));
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount, WORDS };
})();
