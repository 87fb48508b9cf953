// The small graph around one scalar: what it comes from at the left, what it goes into at the right, in three columns;
// where there is no room for them, above and below it. Every number stands on its edge.
const ScalarGraph = (() => {
  const CARD = { w: 168, h: 44, head: 21 };
  const PITCH = 54;
  const LINE = 172; // of an edge, the part that holds its numbers
  const CHAR = 7.9;

  const shorten = (text, room) => (text.length <= room ? text : `…${text.slice(text.length - room + 1)}`);
  const number = (me, x, hidden) => (hidden || x === null ? "?" : Format.number(x, me.decimals));

  function half(role, x, y, w, right) {
    const edge = right
      ? `M${x} ${y}H${x + w - 1}V${y + CARD.h - CARD.head - 7}a6 6 0 0 1-6 6H${x}z`
      : `M${x + 1} ${y}H${x + w}V${y + CARD.h - CARD.head - 1}H${x + 7}a6 6 0 0 1-6-6z`;
    return Dom.svg("path", { class: `cr-tint-${role}`, d: edge });
  }

  const words = (text, x, y, cls, more = {}) => Dom.svg("text", { class: cls, x, y, "text-anchor": "middle", ...more, text });

  // A scalar as a node: its name, its value at the left, its gradient at the right.
  function card(me, one, x, y, w, attributes) {
    const hidden = me.hidden(one.node);
    const gradient = one.gradient === null && !hidden ? "none" : number(me, one.gradient, hidden);
    const low = y + CARD.head;
    const known = gradient !== "?" && gradient !== "none";
    return Dom.svg("g", attributes,
      Dom.svg("title", { text: `${one.label}\nvalue ${Format.copy(one.value)}${known ? `\ngradient ${Format.copy(one.gradient)}` : ""}` }),
      Dom.svg("rect", { class: "cr-box", x, y, width: w, height: CARD.h, rx: 7 }),
      half("value", x, low, w / 2, false),
      half("gradient", x + w / 2, low, w / 2, true),
      words(shorten(one.label, Math.floor((w - 12) / CHAR)), x + w / 2, y + 15, "cr-h"),
      words(Format.number(one.value, me.decimals), x + w / 4, low + 16, "cr-x cr-value"),
      words(gradient, x + (w * 3) / 4, low + 16, `cr-x ${known ? "cr-gradient" : "cr-unknown"}`),
      Dom.svg("rect", { class: "cr-frame", x, y, width: w, height: CARD.h, rx: 7 }));
  }

  function spoken(me, link, side) {
    const hidden = me.hidden(me.scalar.node);
    const carried = hidden || link.downstream === null ? "" : `, downstream ${Format.number(link.downstream, me.decimals)}`;
    const how = side === "came" ? "comes from" : "goes into";
    const local = hidden ? "" : `, local gradient ${Format.number(link.local, me.decimals)}`;
    return Format.spoken(`${how} ${link.label}, value ${Format.number(link.value, me.decimals)}${local}${carried}. Open it.`);
  }

  // What an edge carries: the local gradient in a box near its target, the downstream gradient near its source.
  function carries(me, link, x, y, side, room) {
    const hidden = me.hidden(side === "came" ? link.node : me.scalar.node);
    const local = hidden ? "?" : `× ${Format.number(link.local, me.decimals)}`;
    const w = Math.max(38, local.length * CHAR + 12);
    const down = hidden ? "?" : link.downstream === null ? "none" : Format.number(link.downstream, me.decimals);
    const pill = x + room - w - 4;
    return [
      words(down, x + (room - w) / 2, y - 6, `cr-x ${link.downstream === null || hidden ? "cr-unknown" : "cr-gradient"}`),
      Dom.svg("g", { class: "cr-pill" }, Dom.svg("rect", { x: pill, y: y - 11, width: w, height: 22, rx: 5 }), words(local, pill + w / 2, y + 4.6, "")),
    ];
  }

  const line = (d, carried) => Dom.svg("path", { class: `cr-scalar-edge ${carried ? "cr-edge-gradient" : ""}`, d });

  // The head of a downstream gradient: at the source, against the forward direction.
  const head = (x, y) => Dom.svg("path", { class: "cr-head-gradient", d: `M${x} ${y}l9-4.5v9z` });

  function button(me, link, side, x, y) {
    return card(me, link, x, y, CARD.w, {
      class: "cr-scalar", role: "button", tabindex: "0", "data-key": `${side} ${link.label}`, "data-side": side,
      "data-inner": link.inner, "data-entry": link.entry.join(), "aria-label": spoken(me, link, side),
    });
  }

  const carried = (me, link) => link.downstream !== null && !me.hidden(me.scalar.node);

  function wide(me, width) {
    const { came, to } = me.scalar;
    const rows = Math.max(came.shown.length, to.shown.length, 1);
    const height = rows * PITCH + 8;
    const top = (count) => (height - count * PITCH) / 2 + (PITCH - CARD.h) / 2;
    const side = CARD.w;
    const middle = { x: width / 2 - 95, y: height / 2 - CARD.h / 2, w: 190 };
    const room = Math.min(LINE, middle.x - side - 24);
    const parts = [];
    came.shown.forEach((link, k) => {
      const y = top(came.shown.length) + k * PITCH;
      const cy = y + CARD.h / 2;
      const [from, end, my] = [side + room, middle.x, height / 2];
      parts.push(line(`M${side} ${cy}H${from}C${(from + end) / 2} ${cy} ${(from + end) / 2} ${my} ${end} ${my}`, carried(me, link)));
      if (carried(me, link)) parts.push(head(side + 1, cy));
      parts.push(...carries(me, link, side + 4, cy, "came", room), button(me, link, "came", 0.5, y));
    });
    to.shown.forEach((link, k) => {
      const y = top(to.shown.length) + k * PITCH;
      const cy = y + CARD.h / 2;
      const [from, end, my] = [middle.x + middle.w, width - side - room, height / 2];
      parts.push(line(`M${from} ${my}C${(from + end) / 2} ${my} ${(from + end) / 2} ${cy} ${end} ${cy}H${width - side}`, carried(me, link)));
      if (carried(me, link) && k === 0) parts.push(head(from + 1, my));
      parts.push(...carries(me, link, end, cy, "to", room), button(me, link, "to", width - side - 0.5, y));
    });
    parts.push(centre(me, middle.x, middle.y, middle.w));
    return { height, parts };
  }

  const centre = (me, x, y, w) =>
    card(me, me.scalar, x, y, w, {
      class: "cr-scalar cr-scalar-here", tabindex: "-1", role: "img", "data-key": "here",
      "aria-label": Format.spoken(`${me.scalar.label}, value ${Format.number(me.scalar.value, me.decimals)}`),
    });

  // One column: a trunk at the right joins what is above and below with the scalar in the middle.
  function narrow(me, width) {
    const { came, to } = me.scalar;
    const trunk = width - 8;
    const room = Math.min(LINE, trunk - CARD.w - 12);
    const middle = came.shown.length * PITCH + 6;
    const parts = [];
    const place = (link, side, y) => {
      const cy = y + CARD.h / 2;
      const towards = middle + CARD.h / 2;
      parts.push(line(`M${CARD.w} ${cy}H${trunk}V${towards}H${190}`, carried(me, link)));
      if (side === "to" && carried(me, link) && link === to.shown[0]) parts.push(head(191, towards));
      if (side === "came" && carried(me, link)) parts.push(head(CARD.w + 1, cy));
      parts.push(...carries(me, link, CARD.w + 4, cy, side, room), button(me, link, side, 0.5, y));
    };
    came.shown.forEach((link, k) => place(link, "came", k * PITCH + 4));
    to.shown.forEach((link, k) => place(link, "to", middle + CARD.h + 12 + k * PITCH));
    parts.push(centre(me, 0.5, middle, 190));
    return { height: middle + CARD.h + 16 + to.shown.length * PITCH, parts };
  }

  // me: {scalar, decimals, hidden(node)}; returns the drawing for a width.
  function draw(me, width) {
    const { height, parts } = width >= 700 ? wide(me, width) : narrow(me, width);
    return Dom.svg("svg", {
      class: "cr-scalargraph", width, height, viewBox: `0 0 ${width} ${height}`, role: "group",
      "aria-label": `${me.scalar.label} with what it comes from and goes into`,
    }, parts);
  }

  return { draw };
})();
