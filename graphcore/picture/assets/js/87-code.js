// The backward pass as NumPy to hand in, and the torch program that checks it.
const Code = (() => {
  const BLOCKS = [
    ["numpy", "The backward pass in NumPy", "the NumPy program"],
    ["torch", "The torch program that checks it", "the torch program"],
  ];
  // Strings are matched so that a # inside one does not start a comment.
  const TOKEN = /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(#.*)|(?<![\w.])(\d+\.?\d*(?:e[-+]?\d+)?)/gi;

  function highlighted(text) {
    const parts = [];
    let last = 0;
    for (const match of text.matchAll(TOKEN)) {
      if (match[1]) continue;
      parts.push(
        text.slice(last, match.index),
        Dom.el("span", { class: match[2] ? "cr-tok-comment" : "cr-tok-value" }, match[0]),
      );
      last = match.index + match[0].length;
    }
    return [...parts, text.slice(last)];
  }

  function block(text, title, what) {
    return Dom.el(
      "section",
      { class: "cr-program" },
      Dom.el(
        "header",
        {},
        Dom.el("h3", {}, title),
        Ui.button("Copy", { class: "cr-button cr-small", "aria-label": `Copy ${what}`, "data-key": what }, () =>
          Dialogs.copy(text, what),
        ),
      ),
      Dom.el("pre", { tabindex: "0" }, Dom.el("code", {}, ...highlighted(text))),
    );
  }

  const blocks = (code) => BLOCKS.map(([key, title, what]) => (code[key] ? block(code[key], title, what) : null));

  function mount(element, store) {
    const box = Dom.el("div", { class: "cr-programs" });
    element.append(box);
    function draw(state, before) {
      const code = state.data?.code;
      const had = before?.data?.code;
      if (before && code?.numpy === had?.numpy && code?.torch === had?.torch) return;
      Ui.keepFocus(box, () =>
        Ui.fill(
          box,
          code
            ? blocks(code)
            : Dom.el("p", { class: "cr-wait", role: "status" }, "…"),
        ),
      );
    }
    draw(store.get(), null);
    return store.subscribe(draw);
  }

  return { mount, blocks };
})();
