// How page Check writes statuses, formulas and numbers. No state.
const CheckWords = (() => {
  const STATUS = {
    right: ["=", "right", "right"],
    origin: ["≠", "wrong", "wrong here"],
    inherited: ["≠", "wrong", "inherited"],
    missing: ["…", "off", "missing"],
    undecided: ["?", "weak", "undecided"],
  };
  const sign = (status) => STATUS[status]?.[0] || "";
  const tone = (status) => STATUS[status]?.[1] || "off";
  const words = (status) => STATUS[status]?.[2] || status;

  // Of a dotted name the end is enough where a fraction has to stay small.
  const partial = (name) => Dom.el("span", { title: name }, "∂", Dom.symbol(name.length > 12 ? name.slice(name.lastIndexOf(".") + 1) : name));
  const fraction = (top, bottom) => Dom.el("span", { class: "cr-fraction cr-is-gradient", role: "math", "aria-label": `d ${top} by d ${bottom}` },
    partial(top), partial(bottom));

  // ∂L/∂v4 * (pi / 180): derivatives as fractions, the rest as code.
  function formula(text) {
    const parts = digits(text).split(/(∂[\p{L}\p{N}_.]*[\p{L}\p{N}_]\/∂[\p{L}\p{N}_.]*[\p{L}\p{N}_])/u);
    return Dom.el("span", { class: "cr-checkformula" }, ...parts.map((part, k) => {
      if (k % 2 === 0) return part.replaceAll(" * ", " · ").replace(/\bpi\b/g, "π").replace(/(?<![\w)\].] ?)-(?=[∂\w(])/g, "−");
      const [, top, bottom] = /^∂(.*)\/∂(.*)$/u.exec(part);
      return fraction(top, bottom);
    }));
  }

  // As the picture writes them: 7.98e−6, not 7.98e-06.
  const digits = (text) => String(text).replace(/e([-+−])0*(\d)/g, (_, sign, digit) => `e${sign === "+" ? "" : "−"}${digit}`);
  const place = (index) => (index.length ? `[${index.join(", ")}]` : "");
  const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
  const size = (bytes) => (bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 2 ** 20).toFixed(1)} MB`);

  return { digits, sign, tone, words, formula, fraction, place, plural, size };
})();
