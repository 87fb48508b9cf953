// One node in one pane: its box, its equation, value and gradient; in torch's pane its twin.

const NodeBox = (() => {
  const HEAD = 21; // height of the line with the equation

  // The left part of a box below the head, with the lower corners rounded like the box.
  function leftPath(x, y, w, h) {
    return `M${x + 1} ${y}H${x + w}V${y + h - 1}H${x + 7}a6 6 0 0 1-6-6z`;
  }

  function rightPath(x, y, w, h) {
    return `M${x} ${y}H${x + w - 1}V${y + h - 7}a6 6 0 0 1-6 6H${x}z`;
  }

  function wholePath(x, y, w, h) {
    return `M${x + 1} ${y}H${x + w - 1}V${y + h - 7}a6 6 0 0 1-6 6H${x + 7}a6 6 0 0 1-6-6z`;
  }

  function shorten(text, room) {
    return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;
  }

  // Of a dotted name the end tells more.
  const shortenFront = (text, room) => (text.length <= room ? text : `…${text.slice(text.length - Math.max(1, room - 1))}`);

  // Heads shrink a little before they are cut; a box never widens.
  function headText(text, x, y, room, base, cls) {
    const advance = cls ? 0.56 : 0.6; // of a character; quiet heads stand closer (35-drawing.css)
    const size = Math.max(12.6, Math.min(base, room / (text.length * advance)));
    const shown = shorten(text, Math.floor(room / (size * advance) + 0.01));
    return Dom.svg("text", { class: `cr-h ${cls}`, x, y, "text-anchor": "middle", "font-size": size.toFixed(2), text: shown });
  }

  function headOf(node, w) {
    const shape = node.shape.length && node.leaf ? ` ${Format.shape(node.shape)}` : "";
    const used = node.leaf && node.uses > 1 ? ` · used ${node.uses} times` : "";
    const whole = node.head + shape + used;
    return whole.length * Cell.CHAR <= w - 10 ? whole : node.head + shape;
  }

  function frame(box, elements) {
    const rect = (cls, grow) => Dom.svg("rect", {
      class: cls, x: box.l - grow, y: box.t - grow, width: box.w + 2 * grow, height: box.h + 2 * grow, rx: 7 + grow * 0.75,
    });
    return { back: rect("cr-box", 0), front: rect("cr-frame", 0), outer: () => rect("cr-frame-outer", 4), elements };
  }

  // Above the numbers: the line with the equation, under it in a module what it holds.
  const headHeight = (node) => (node.module ? HEAD + 17 : HEAD);

  // A module's head leaves room for the button at its right.
  function titleParts(part, words, under, quiet) {
    const { box, node } = part;
    if (!node.module) return [headText(words, box.cx, box.t + 15.5, box.w - 8, 13.5, quiet)];
    return [
      headText(words, box.cx - 7, box.t + 15.5, box.w - 48, 13.5, quiet),
      headText(shortenFront(under, Math.floor((box.w - 48) / 7.1)), box.cx - 7, box.t + 32, box.w - 48, 12.6, "cr-quiet"),
      Modules.border(box),
    ];
  }

  function manualParts(part) {
    const { box, node } = part;
    const y = box.t + headHeight(node);
    const h = box.h - headHeight(node);
    const wide = node.uses > 1 && node.shape.length === 0 && box.w > 170;
    const vw = node.active ? (wide ? 73 : Math.round(box.w * 0.48)) : box.w;
    part.value = Cell.create("value", { x: box.l, y, w: vw, h });
    const tint = node.active ? leftPath(box.l, y, vw, h) : wholePath(box.l, y, box.w, h);
    const elements = [Dom.svg("path", { class: "cr-tint-value", d: tint })];
    if (node.active) {
      part.gradient = Cell.create("gradient", { x: box.l + vw, y, w: box.w - vw, h });
      elements.push(Dom.svg("path", { class: "cr-tint-gradient", d: rightPath(box.l + vw, y, box.w - vw, h) }));
      elements.push(...part.gradient.elements);
    }
    elements.push(...part.value.elements, ...titleParts(part, headOf(node, box.w), node.module && node.module.words, ""));
    if (node.uses > 1) elements.push(...bars(part));
    if (node.stop) elements.push(Modules.stop(box));
    return elements;
  }

  // A module's twin is all its autograd nodes: their number, the module's path, torch's gradient.
  function moduleTwin(part, twin) {
    const { box, node } = part;
    const y = box.t + headHeight(node);
    const h = box.h - headHeight(node);
    part.gradient = Cell.create("gradient", { x: box.l, y, w: box.w, h }, true);
    part.sign = Dom.svg("text", { class: "cr-sign", x: box.l + box.w - 13, y: y + h / 2 + 5.2, "text-anchor": "middle" });
    return [
      Dom.svg("path", { class: "cr-tint-gradient", d: wholePath(box.l, y, box.w, h) }),
      ...part.gradient.elements,
      ...titleParts(part, twin.fn, node.name, ""),
      part.sign,
    ];
  }

  function twinParts(part, twin) {
    const { box, node } = part;
    if (node.module) return moduleTwin(part, twin);
    const y = box.t + HEAD;
    const h = box.h - HEAD;
    const room = Math.max(2, Math.floor((box.w * 0.42 - 10) / Cell.CHAR));
    const last = node.short ? node.short.slice(node.short.lastIndexOf(".") + 1) : node.name;
    const name = shorten(node.short && node.short.length <= room ? node.short : last, room);
    const nw = Math.max(node.leaf ? 26 : 34, name.length * Cell.CHAR + 10);
    part.gradient = Cell.create("gradient", { x: box.l + nw, y, w: box.w - nw, h }, true);
    part.sign = Dom.svg("text", { class: "cr-sign", x: box.l + box.w - 13, y: y + h / 2 + 5.2, "text-anchor": "middle" });
    return [
      Dom.svg("path", { class: "cr-tint-gradient", d: rightPath(box.l + nw, y, box.w - nw, h) }),
      ...part.gradient.elements,
      headText(twin.fn, box.cx, box.t + 15.5, box.w - 6, 13.3, node.leaf ? "cr-quiet" : ""),
      Dom.svg("text", { class: "cr-h", x: box.l + (node.leaf ? 6 : 8), y: y + h / 2 + 4.6, "font-size": 13.5, text: name }),
      part.sign,
    ];
  }

  // Above a node that several edges feed: one bar per edge, filled as its part arrives.
  function bars(part) {
    part.empty = Dom.svg("path", { class: "cr-bar-empty" });
    part.filled = Dom.svg("path", { class: "cr-bar-filled" });
    return [part.empty, part.filled];
  }

  function drawBars(part, arrived) {
    const { box, node } = part;
    const count = Math.min(node.uses, 24);
    const done = Math.round((arrived / node.uses) * count);
    if (part.bars === done) return;
    part.bars = done;
    const pitch = (box.w - 12) / count;
    const path = (from, to) => {
      let d = "";
      for (let k = from; k < to; k += 1) d += `M${(box.l + 8 + k * pitch).toFixed(1)} ${box.t - 5}h${(pitch - 4).toFixed(1)}`;
      return d;
    };
    part.filled.setAttribute("d", path(0, done));
    part.empty.setAttribute("d", path(done, count));
  }

  // An elbow at the right of the head: this op has no derivative at this point.
  function drawKink(part, kink) {
    if (Boolean(kink) === Boolean(part.kink)) return;
    if (part.kink) part.kink.remove();
    part.kink = null;
    if (!kink) return;
    const { l, t, w } = part.box;
    part.kink = Dom.svg("path", { class: "cr-kink", d: `M${l + w - 17} ${t + 13.5}h6l5-7` });
    part.g.append(part.kink);
  }

  function create(data, i, geometry, torch, folds) {
    const [cx, cy, w, h] = geometry;
    const node = data.structure.nodes[i];
    const twin = data.structure.torch.twins[i];
    const box = { cx, cy, w, h, l: cx - w / 2, t: cy - h / 2 };
    const part = { index: i, node, box, torch, cls: "", label: "" };
    const frames = frame(box);
    part.frames = frames;
    const inner = torch ? twinParts(part, twin) : manualParts(part);
    const control = folds ? Modules.control(box, node) : null;
    part.folds = Boolean(control);
    part.g = Dom.svg("g", { "data-node": i, role: "button", tabindex: "-1" }, frames.back, inner, frames.front, control);
    return part;
  }

  const SIGNS = {
    match: ["=", "right"], mismatch: ["≠", "wrong"], inherited: ["≠", "wrong"], zero: ["0", "weak"], "non-finite": ["∞", "off"], none: ["–", "off"],
  };

  // A mismatch is the origin if no node it got its gradient from is wrong already.
  function wrongness(data, i) {
    if (data.numbers.judged) return { origin: "cr-origin", inherited: "cr-inherited" }[data.numbers.judged.status[i] || data.numbers.judged.valueStatus[i]] || "";
    if (data.numbers.states[i] === "inherited") return "cr-inherited";
    if (data.numbers.states[i] !== "mismatch") return "";
    const inherited = Steps.index(data).out[i].some(
      (e) => data.numbers.states[data.structure.edges[e].target] === "mismatch");
    return inherited ? "cr-inherited" : "cr-origin";
  }

  function setWrong(part, wrong) {
    if (part.wrong === wrong) return;
    part.wrong = wrong;
    if (part.outer) part.outer.remove();
    part.outer = wrong === "cr-origin" ? part.frames.outer() : null;
    if (part.outer) part.g.append(part.outer);
  }

  // The sum being written, in the longest form that fits: all terms, or the sum so far.
  function written(data, part, k, decimals) {
    const sum = Steps.partial(data, part.index, k);
    if (sum.sum === null) return null;
    let text = "";
    sum.terms.map(Format.value).forEach((x, n) => {
      text += (n === 0 ? (x < 0 ? "\u2212" : "") : ` ${x < 0 ? "\u2212" : "+"} `) + Format.term(x);
    });
    text += " + ?";
    if (text.length <= part.gradient.fits) return text;
    return `${Format.fit(sum.sum, decimals, part.gradient.fits - 4)} + ?`;
  }

  function gradientOf(data, part, step, k, decimals) {
    const known = step.known.gradient(part.index);
    const given = part.torch ? null : (data.numbers.judged?.given[part.index] ?? null);
    if (given !== null) return [given, null]; // what was handed in is known at every step
    const tensor = part.torch ? data.numbers.torch[part.index] : data.numbers.gradients[part.index];
    if (known === "all") return [tensor, null];
    if (known === "none" || part.torch) return [undefined, null];
    const text = written(data, part, k, decimals);
    return text === null ? [undefined, null] : [0, text];
  }

  function label(data, part, step) {
    const { node, index } = part;
    const value = step.known.value(index) ? Format.tensor(data.numbers.values[index]) : "not known yet";
    const done = step.known.gradient(index) === "all";
    const gradient = done ? Format.tensor(data.numbers.gradients[index]) : "not known yet";
    const stop = node.stop ? `. ${node.stop}` : "";
    const holds = node.module ? `, ${node.module.words}, folded` : "";
    const words = { match: ", equal to torch", mismatch: ", different from torch", inherited: ", different from torch only because of a later node", zero: ", zero in torch too" };
    const judged = data.numbers.judged?.status[index];
    if (judged && !part.torch) words[data.numbers.states[index]] = `, ${CheckWords.words(judged)}`;
    const torch = done ? words[data.numbers.states[index]] || "" : "";
    const kink = data.numbers.kinks[index] ? ", at a kink" : "";
    return Format.spoken(`${node.name}, ${node.spoken || node.op || "leaf"}${holds}, value ${value}, gradient ${gradient}${torch}${kink}${stop}`);
  }

  const shownValue = ([v, text], decimals) => [v, decimals, text];

  // Brings the drawing of this node to step k. role: "current", "from" or "". Returns the cells whose number changed.
  function draw(part, data, step, k, decimals, role) {
    const { index, torch } = part;
    const valueKnown = step.known.value(index);
    const told = (v) => (part.node.module ? Modules.told(v, decimals) : [v, null]);
    const [arrived, written] = part.gradient ? gradientOf(data, part, step, k, decimals) : [undefined, null];
    const [gradient, text] = written === null ? told(arrived) : [arrived, written];
    const changed = [];
    const handed = data.numbers.judged?.givenValue[index] ?? null;
    if (!torch && Cell.show(part.value, ...shownValue(told(handed ?? (valueKnown ? data.numbers.values[index] : undefined)), decimals))) changed.push(part.value);
    if (part.gradient && Cell.show(part.gradient, gradient, decimals, text)) changed.push(part.gradient);
    const done = gradient !== undefined && written === null;
    const wrong = (done || data.numbers.judged) && !(torch && data.numbers.judged) ? wrongness(data, index) : "";
    if (!torch && (data.numbers.judged || part.judged)) drawJudged(part, data.numbers.judged?.status[index] ?? null);
    if (part.sign) drawSign(part, done ? SIGNS[data.numbers.states[index]] : null);
    if (!torch) drawKink(part, valueKnown && data.numbers.kinks[index]);
    if (part.filled) drawBars(part, Steps.partial(data, index, k).edges.length);
    setWrong(part, wrong);
    const todo = torch ? gradient === undefined && !valueKnown : !valueKnown;
    const cls = `cr-node${part.node.module ? " cr-module" : ""}${part.node.leaf ? " cr-leaf" : ""}${todo ? " cr-todo" : ""}${role ? ` cr-${role}` : ""}${wrong ? ` ${wrong}` : ""}`;
    if (cls !== part.cls) {
      part.cls = cls;
      part.g.setAttribute("class", cls);
    }
    const aria = label(data, part, step);
    if (aria !== part.label) {
      part.label = aria;
      part.g.setAttribute("aria-label", aria);
    }
    return changed;
  }

  // What is thought of the handed-in gradient, at the right of the head.
  function drawJudged(part, status) {
    if (part.judged === status) return;
    part.judged = status;
    part.verdict?.remove();
    const { l, t, w } = part.box;
    part.verdict = status ? Dom.svg("text", { class: `cr-sign cr-tone-${CheckWords.tone(status)}`, x: l + w - (part.folds ? 30 : 10), y: t + 15.5, "text-anchor": "middle", text: CheckWords.sign(status) }) : null;
    if (part.verdict) part.g.append(part.verdict);
  }

  function drawSign(part, sign) {
    const [text, tone] = sign || ["", "off"];
    if (part.sign.textContent === text) return;
    part.sign.textContent = text;
    part.sign.setAttribute("class", `cr-sign cr-tone-${tone}`);
  }

  return { create, draw };
})();
