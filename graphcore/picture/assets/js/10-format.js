// Numbers and shapes as people read them. Nothing here touches the page.

const Format = (() => {
  const MINUS = "\u2212";
  const NAMED = { nan: NaN, inf: Infinity, "-inf": -Infinity };

  // JSON has no nan and no infinity; the payload writes them as words.
  function value(x) {
    return typeof x === "string" ? NAMED[x] : x;
  }

  function exponential(size, digits) {
    const [mantissa, exponent] = size.toExponential(digits).split("e");
    return `${mantissa}e${exponent.replace("-", MINUS).replace("+", "")}`;
  }

  // Four significant digits from 1 on, four decimals below it; beyond that the exponent carries the size.
  function house(size) {
    if (size === 0) return "0";
    if (size < 1e-3 || size >= 9999.5) {
      return Number.isInteger(size) && size < 1e4 ? String(size) : exponential(size, 2);
    }
    if (Number.isInteger(size)) return String(size);
    return size < 1 ? size.toFixed(4) : size.toPrecision(4);
  }

  // A size that would print as 0 keeps an exponent instead: only an exact zero may look like one.
  function fixed(size, decimals) {
    if (size === 0) return "0";
    if (size >= 1e9 || size < 0.5 * 10 ** -decimals) return exponential(size, Math.min(decimals, 6));
    return size.toFixed(decimals);
  }

  function number(raw, decimals = null) {
    const x = value(raw);
    if (x === null || x === undefined) return "?";
    if (Number.isNaN(x)) return "nan";
    const sign = x < 0 ? MINUS : "";
    const size = Math.abs(x);
    if (size === Infinity) return `${sign}∞`;
    return sign + (decimals === null ? house(size) : fixed(size, decimals));
  }

  // The longest form of a number that still fits a cell of `room` characters; cells never grow.
  function fit(raw, decimals, room) {
    let text = number(raw, decimals);
    for (let d = Math.min(decimals ?? 4, 8) - 1; text.length > room && d >= 0; d -= 1) {
      text = number(raw, d);
    }
    if (text.length <= room) return text;
    const x = value(raw);
    return (x < 0 ? MINUS : "") + exponential(Math.abs(x), 0);
  }

  // An entry of a small array: few decimals, and no 0 before the point where room is short.
  function entry(raw, decimals, whole, bare) {
    const x = value(raw);
    if (!Number.isFinite(x)) return number(x);
    if (whole && Math.abs(x) < 1e4) return number(x);
    const size = Math.abs(x);
    const sign = x < 0 ? MINUS : "";
    if (size === 0) return "0";
    const places = size < 0.5 * 10 ** -decimals ? 3 : decimals; // 0.001 among numbers of two decimals
    if (size < 0.5 * 10 ** -places || size >= 999.5) return sign + exponential(size, 0);
    const text = size.toFixed(size >= 10 ? 1 : places);
    return sign + (bare ? text.replace(/^0\./, ".") : text);
  }

  // All digits that read back as the same float; plain ASCII, for pasting into code.
  function copy(raw) {
    if (typeof raw === "string") return raw;
    const x = value(raw);
    if (Number.isNaN(x)) return "nan";
    if (!Number.isFinite(x)) return x < 0 ? "-inf" : "inf";
    return String(x);
  }

  function shape(dimensions) {
    if (!dimensions || dimensions.length === 0) return "scalar";
    return dimensions.join("×");
  }

  function norm(tensor) {
    if (tensor.norm !== undefined) return tensor.norm;
    return Math.sqrt(tensor.entries.reduce((sum, x) => sum + value(x) ** 2, 0));
  }

  // A tensor in one line: the number, a few entries, or shape and norm.
  function tensor(v, decimals = null) {
    if (v === null || v === undefined) return "none";
    if (typeof v !== "object") return number(v, decimals);
    if (v.entries && v.entries.length <= 4) {
      return `[${v.entries.map((x) => number(x, decimals)).join(", ")}]`;
    }
    return `${shape(v.shape)}, norm ${number(norm(v), decimals)}`;
  }

  // One term of a sum being written, without its sign: two decimals are enough to follow it.
  function term(raw, decimals = null) {
    const size = Math.abs(value(raw));
    return number(size, decimals ?? (size < 0.005 || size >= 1000 || Number.isInteger(size) ? null : 2));
  }

  // As a voice should say it: "minus 0.1126", "2 s", never a bare dash.
  function spoken(text) {
    return text
      .replace(/[\u2212-](?=[\d.a-zA-Z(∞])/g, "minus ")
      .replace(/(\d)([a-zA-Z])(?!\u2212|\d)/g, "$1 $2")
      .replace(/²/g, " squared")
      .replace(/·/g, " times ")
      .replace(/\s+/g, " ");
  }

  return { number, fit, entry, copy, shape, norm, tensor, term, value, spoken };
})();
