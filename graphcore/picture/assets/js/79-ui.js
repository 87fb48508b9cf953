// Small pieces of interface that several parts of the rail and the tabs share. They hold no state.
const Ui = (() => {
  function button(label, attrs, act) {
    const made = Dom.el("button", { type: "button", ...attrs }, label);
    if (act) made.addEventListener("click", act);
    return made;
  }

  const fill = (host, ...children) => {
    host.replaceChildren(
      ...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false),
    );
    return host;
  };

  // A part that redraws itself would drop the keyboard's place; elements with the same data-key count as
  // the same place.
  function keepFocus(host, redraw) {
    const active = host.getRootNode().activeElement;
    const key = active && host.contains(active) ? active.dataset.key : null;
    redraw();
    if (key) host.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  }

  // A number one can read in full (title) and take away (click). `what` says in the toast what was copied;
  // `shown` replaces the usual format where room is short.
  function number(value, decimals, what, attrs = {}) {
    const shown = attrs.shown ?? Format.number(value, decimals);
    const all = Format.copy(value);
    const label = `${what}: ${shown}. Copy all digits.`;
    const options = {
      class: `cr-digits ${attrs.class || ""}`,
      title: `${all}\nClick to copy`,
      "aria-label": label,
      "data-key": what,
    };
    return button(attrs.sign ? `${attrs.sign} ${shown}` : shown, options, (event) => {
      event.stopPropagation();
      Dialogs.copy(all, what);
    });
  }

  // One of a few: a row of buttons that says which one is pressed.
  function segments(label, options, chosen, act) {
    return Dom.el(
      "div",
      { class: "cr-choice", role: "group", "aria-label": label },
      ...options.map(([key, text]) =>
        button(text, { "aria-pressed": String(key === chosen), "data-key": `${label} ${key}` }, () => act(key)),
      ),
    );
  }

  const SIGNS = { match: ["=", "right"], mismatch: ["≠", "wrong"], inherited: ["≠", "wrong"], zero: ["0", "weak"], "non-finite": ["∞", "off"] };
  const sign = (state) => SIGNS[state] || ["", "off"];

  // An error in eps: a tenth matters near 1, not at 12,345.
  const eps = (error) => Format.number(error, error < 100 ? 1 : null);

  const chevron = () =>
    Dom.svg(
      "svg",
      { width: 10, height: 6, viewBox: "0 0 10 6", "aria-hidden": "true" },
      Dom.svg("path", { d: "M0 0l5 6 5-6z", fill: "currentColor" }),
    );

  return { button, fill, keepFocus, number, segments, sign, eps, chevron };
})();
