// Judging typed numbers against ours: to the digits typed, and where they differ, by what. Nothing here touches the page.
//
//   Judge.read(text) -> {value, half, digits, plain, note} or {problem}      half: half a unit of the last digit typed
//   Judge.number(read, entry) -> {right, sign, tone, words}
//   Judge.all(texts, entries, shape) -> the same for one number or a small array, with `marks`, one per entry
//
// An entry is {ours, part, before, upstream, local, value, degrees}: what was asked for, and what a wrong number may be instead
// (undefined where there is no such number). `part` is what the edge adds to a sum, `before` the sum without it.

const Judge = (() => {
  const WANTED = "a number such as -0.1126, 1e-3 or 3/4";
  const NUMBER = /^[+-]?(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i;
  const POWER = /\s*[x×*·]\s*10\s*(?:\^|\*\*)\s*\(?([+-]?\d+)\)?$/;
  const WORDS = { nan: NaN, inf: Infinity, infinity: Infinity, "∞": Infinity };
  const TURN = 180 / Math.PI;
  const LONGEST = 60;

  // ---- reading ---------------------------------------------------------------------------------------------

  const problem = (text, why) => ({ problem: `\`${text.slice(0, LONGEST)}\` ${why}` });

  function decimal(text) {
    const parts = NUMBER.exec(text);
    if (!parts || !(parts[1] || parts[2])) return null;
    const [, whole, fraction = "", exponent = "0"] = parts;
    const digits = (whole + fraction).replace(/^0+/, "").length;
    return { value: Number(text), half: 0.5 * 10 ** (Number(exponent) - fraction.length), digits, plain: text, note: "" };
  }

  function fraction(text, shown) {
    const [top, bottom, ...rest] = text.split("/").map(decimal);
    if (rest.length || !top || !bottom) return problem(shown, `is no fraction of two numbers; expected ${WANTED}.`);
    if (bottom.value === 0) return problem(shown, "divides by 0.");
    const value = top.value / bottom.value;
    return { value, half: Math.abs(value) * 1e-9, digits: 15, plain: String(value), note: "" };
  }

  // One comma and no point is a decimal comma, and is said to be; anything else could be read in two ways.
  function read(given) {
    const shown = String(given).trim();
    if (shown.length > LONGEST) return problem(shown, `… is too long; expected ${WANTED}.`);
    let text = shown.replace(/[\u2212\u2013]/g, "-").replace(/^([+-])\s+/, "$1").replace(/\s*\/\s*/g, "/").replace(POWER, "e$1");
    const comma = /^[^,.]*,[^,.]*$/.test(text);
    if (comma) text = text.replace(",", ".");
    else if (text.includes(",")) return problem(shown, "has more than one comma or point; write 1000.5 for a thousand and a half.");
    const word = /^([+-]?)([a-z∞]+)$/i.exec(text);
    if (word && word[2].toLowerCase() in WORDS) {
      return { value: WORDS[word[2].toLowerCase()] * (word[1] === "-" ? -1 : 1), half: 0, digits: 1, plain: text, note: "" };
    }
    const found = text.includes("/") ? fraction(text, shown) : decimal(text) || problem(shown, `is not a number; expected ${WANTED}.`);
    if (found.value !== undefined && !Number.isFinite(found.value)) return problem(shown, "is larger than any number here.");
    return comma && !found.problem ? { ...found, note: `read as ${found.plain}` } : found;
  }

  // ---- one number ------------------------------------------------------------------------------------------

  const same = (x, y) => Object.is(x, y) || Math.abs(x - y) <= 1e-12 * Math.max(Math.abs(x), Math.abs(y));
  const NOISE = 1e-12; // what is left of a sum that is 0 on paper

  function fits({ value, half }, x) {
    if (!Number.isFinite(value) || !Number.isFinite(x)) return Object.is(value, x);
    if (value === 0) return Math.abs(x) <= NOISE;
    return same(value, x) || Math.abs(value - x) <= half * (1 + 1e-9);
  }

  // So few digits that a number of another size would fit as well.
  const vague = ({ value }, x) => x !== 0 && value !== 0 && !same(value, x) && Math.abs(value - x) > 0.1 * Math.abs(x);

  // A number that a mistake would have made; the last digit may be rounded on the way.
  const near = ({ value, half }, x) =>
    Number.isFinite(x) && x !== 0 && Math.abs(value - x) <= Math.min(3 * half * (1 + 1e-9) + 1e-12 * Math.abs(x), 0.02 * Math.abs(x));

  const SIGN = "right size, wrong sign";
  const REASONS = [
    [({ ours }) => -ours, SIGN],
    [({ ours }) => ours * TURN, "off by 57.3: degrees?"],
    [({ ours }) => ours / TURN, "off by 1/57.3: degrees?"],
    [({ before }) => before, "the sum without this edge's part"],
    [({ before, part }) => before - part, "this edge's part is added, not taken away"],
    [({ upstream }) => upstream, "the upstream alone, without the local gradient"],
    [({ local }) => local, "the local gradient alone, without the upstream"],
    [({ upstream, degrees }) => upstream * degrees, "as a calculator set to degrees has it"],
    [({ ours }) => 2 * ours, "twice as large"],
    [({ ours }) => ours / 2, "half as large"],
    [({ upstream, local }) => upstream / local, "divided by the local gradient instead of multiplied"],
    [({ upstream, local }) => upstream + local, "upstream plus local; they are multiplied"],
    [({ ours }) => 1 / ours, "1 / it"],
    [({ value }) => value, "the forward value, not the gradient"],
    [({ upstream }) => -upstream, "the upstream alone, with the other sign"],
    [({ local }) => -local, "the local gradient alone, with the other sign"],
    ...[10, 100, 1000].flatMap((power) => [
      [({ ours }) => ours * power, `${power} times too large: the point is elsewhere`],
      [({ ours }) => ours / power, `${power} times too small: the point is elsewhere`],
    ]),
  ];

  function ratio(value, ours) {
    const times = value / ours;
    if (Math.abs(times - 1) < 0.05) return `off by ${Format.number(value - ours)}`;
    const size = `${Format.number(Math.abs(times), Math.abs(times) < 100 ? 2 : 0)} times as large`;
    return times < 0 ? `wrong sign, and ${size}` : size;
  }

  // What a wrong number looks like; the first two reasons that fit, for often two of them are one number.
  function reason(read, entry) {
    const { ours } = entry;
    if (!Number.isFinite(ours)) return `ours is ${Format.number(ours)}`;
    if (!Number.isFinite(read.value)) return "ours is a number";
    if (Math.abs(ours) <= NOISE) return "ours is 0";
    if (read.value === 0) return read.half > Math.abs(ours) ? "0 in the digits typed, but ours is not 0" : "0, but a gradient arrives here";
    if (fits(read, ours)) return "too few digits to tell";
    const off = Math.abs(read.value - ours);
    if (read.digits > 1 && off <= 3 * read.half * (1 + 1e-9) && off <= 0.05 * Math.abs(ours)) return "off in the last digit: rounding";
    const found = REASONS.filter(([make]) => near(read, make(entry))).map(([, words]) => words);
    if (!found.length) return ratio(read.value, ours);
    return found[0] === SIGN ? SIGN : found.slice(0, 2).join(", or ");
  }

  const wrong = (words) => ({ right: false, sign: "≠", tone: "wrong", words });

  function exactness({ value, half, digits }, ours) {
    if (same(value, ours) || half === 0 || value === 0 || digits >= 15) return "right";
    return digits === 1 ? "right to the one digit typed" : `right to the ${digits} digits typed`;
  }

  function number(given, entry) {
    const right = (words) => ({ right: true, sign: "=", tone: "right", words: given.note ? `${words}, ${given.note}` : words });
    const { ours, part, before } = entry;
    const other = part === undefined || before === undefined ? undefined : same(part, ours) ? before + part : part;
    if (fits(given, ours) && !vague(given, ours)) return right(exactness(given, ours));
    if (other !== undefined && other !== 0 && fits(given, other) && !vague(given, other)) {
      return right(same(part, ours) ? "right: the sum so far" : "right: this edge's part. The gradient is the sum");
    }
    const found = wrong(reason(given, entry));
    return given.note ? { ...found, words: `${found.words} (${given.note})` } : found;
  }

  // ---- an array --------------------------------------------------------------------------------------------

  const transposed = (list, [rows, columns]) =>
    Array.from({ length: rows * columns }, (_, k) => list[(k % rows) * columns + Math.floor(k / rows)]);

  // The whole array instead of its entries: a transpose makes every entry wrong in a way of its own.
  function whole(reads, entries, shape) {
    const ours = entries.map((entry) => entry.ours);
    const all = (list) => reads.every((one, k) => fits(one, list[k]));
    if (shape.length === 2 && Math.min(...shape) > 1 && all(transposed(ours, shape))) return "the transpose";
    const order = ours.slice().sort((a, b) => a - b);
    const typed = reads.slice().sort((a, b) => a.value - b.value);
    return typed.every((one, k) => fits(one, order[k])) ? "the right numbers at other places" : null;
  }

  function position(flat, shape) {
    const places = [];
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      places.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    return `[${places.join(", ")}]`;
  }

  function all(texts, entries, shape) {
    const reads = texts.map(read);
    const marks = reads.map((one, k) => (one.problem ? wrong(one.problem) : number(one, entries[k])));
    if (marks.length === 1) return { ...marks[0], marks };
    const bad = marks.flatMap((mark, k) => (mark.right ? [] : [k]));
    const good = marks.length - bad.length;
    if (!bad.length) return { ...marks[0], words: `all ${marks.length} right`, marks };
    const words = whole(reads, entries, shape);
    if (words) return { ...wrong(words), marks };
    const shared = bad.length > 1 && bad.every((k) => marks[k].words === marks[bad[0]].words);
    const first = shared ? `the others: ${marks[bad[0]].words}` : `${position(bad[0], shape)}: ${marks[bad[0]].words}`;
    if (shared && !good) return { ...wrong(marks[bad[0]].words), marks };
    return { ...wrong(`${good} of ${marks.length} right; ${first}`), marks };
  }

  return { read, number, all, position };
})();
