// Scales and the numbers written beside them, for the small charts of the rail.
const Axis = (() => {
  const UP = { 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹", "-": "⁻" };
  const power = (exponent) => `10${Array.from(String(exponent), (sign) => UP[sign]).join("")}`;
  const FARTHEST = 4000; // px; drawings give up beyond

  // Round numbers between two, about `count` of them, each with its text.
  function ticks(low, high, count) {
    const rough = (high - low) / count;
    const decade = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((rung) => rung * decade).find((rung) => rung >= rough * 0.999) || rough;
    const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const large = Math.max(Math.abs(low), Math.abs(high)) >= 1e5 || places > 6;
    const made = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9 && made.length < 12; k += 1) {
      const at = Number((k * step).toPrecision(12));
      made.push({ at, text: large ? Format.number(at, null) : Format.number(at, places) });
    }
    return made;
  }

  // A straight scale from numbers to pixels; what lies far outside stays at a finite distance.
  function linear([low, high], [from, to]) {
    const scale = (x) => {
      const at = from + ((x - low) / (high - low)) * (to - from);
      return Math.max(-FARTHEST, Math.min(FARTHEST, at));
    };
    scale.per = (to - from) / (high - low);
    return scale;
  }

  // The heights worth showing: all of them, or where a pole would flatten the rest, those of most samples.
  function heights(numbers, must) {
    const sorted = numbers.filter((y) => y !== null && Number.isFinite(y)).sort((a, b) => a - b);
    if (!sorted.length) return [-1, 1];
    const at = (part) => sorted[Math.round(part * (sorted.length - 1))];
    let [low, high] = [sorted[0], sorted[sorted.length - 1]];
    if (high - low > 12 * (at(0.9) - at(0.1)) && at(0.9) > at(0.1)) {
      const room = at(0.9) - at(0.1);
      [low, high] = [Math.max(low, at(0.1) - room), Math.min(high, at(0.9) + room)];
    }
    if (Number.isFinite(must)) [low, high] = [Math.min(low, must), Math.max(high, must)];
    const flat = high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high));
    const room = flat ? Math.abs(low) || 1 : 0.08 * (high - low);
    return [low - room, high + room];
  }

  return { ticks, linear, heights, power };
})();
