// The rail: example, program, values (of a network: its fields), the card of one node, legend; and the three starts
// the empty picture offers.
const Rail = (() => {
  function legend(checks) {
    const swatch = (role, text) =>
      Dom.el("span", { class: "cr-legend-item" }, Dom.el("i", { class: `cr-swatch cr-swatch-${role}` }), Words.caption("span", {}, text));
    return Dom.el(
      "div",
      { class: "cr-legend", "aria-label": "Legend" },
      swatch("value", "value"),
      swatch("gradient", "gradient"),
      Dom.el(
        "span",
        { class: "cr-legend-item" },
        Dom.el("b", { class: "cr-tone-right", "aria-hidden": "true" }, "="),
        Words.caption("span", {}, checks ? "right" : "same in torch"),
      ),
      ...(checks ? [swatch("origin", "wrong here"), swatch("inherited", "inherited")] : []),
    );
  }

  function mount(element, store, host) {
    const block = (name) => Dom.el("div", { class: `cr-block cr-block-${name}` });
    const examples = block("examples");
    const editor = block("editor");
    const values = block("values");
    const checks = Check.here(host);
    const inputs = checks ? CheckHand : Network.here(host) ? NetFields : Values;
    const card = block("card");
    const fields = checks ? block("fields") : null;
    element.replaceChildren(...[examples, editor, fields, values, card, legend(checks)].filter(Boolean));
    const undo = [
      host?.send ? Examples.mount(examples, store, host) : null,
      Editor.mount(editor, store, host),
      fields && host?.send ? NetFields.mount(fields, store, host) : null,
      host?.send ? inputs.mount(values, store, host) : null,
      Card.mount(card, store, host),
    ];
    return () => undo.forEach((stop) => stop?.());
  }

  // Three programs to begin with, for the stage to show where there is nothing to draw.
  function starts(element, store, host) {
    if (!host?.send) return element;
    const program = Program.of(store, host);
    const { data } = store.get();
    const chosen = (data?.starts || [])
      .map((key) => data.examples.find((example) => example.key === key))
      .filter(Boolean);
    const card = (example) =>
      Dom.el(
        "button",
        { type: "button", class: "cr-begin", on: { click: () => Examples.choose(program, example.text) } },
        Dom.el("b", {}, example.title),
        Dom.el("span", {}, ...Dom.ticked(example.sentence)),
        Dom.el("pre", {}, opening(example.text)),
      );
    return Ui.fill(element, Dom.el("div", { class: "cr-starts" }, ...chosen.map(card)));
  }

  // The end of a program says what it is about; its numbers come first and do not.
  function opening(text) {
    const lines = text.split("\n").filter((line) => line.trim() && !line.trim().startsWith("#"));
    return lines.slice(-3).join("\n");
  }

  return { mount, starts };
})();
