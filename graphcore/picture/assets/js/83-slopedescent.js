// Steps of gradient descent on the leaves: x <- x - rate * dL/dx, the loss drawn step by step, and the way back.
const Descent = (() => {
  const PATIENCE = 4000; // ms after which an unanswered step counts as lost
  const HEIGHT = 84;
  const [SMALLEST, GREATEST] = [-5, 2]; // the slider's ends, powers of ten
  const parse = (text) => {
    const value = Fields.parse(text);
    return value !== null && value > 0 ? value : null;
  };

  function send(me, action) {
    const state = me.store.get();
    if (me.flying !== null && state.data.answers < me.flying && performance.now() - me.sentAt < PATIENCE) return;
    me.flying = me.view.program.post({ kind: "descend", text: Program.text(state), ...action });
    me.sentAt = performance.now();
  }

  const step = (me, steps) => send(me, { rate: me.rate, steps, leaves: me.only ? [me.leaf] : null });

  // The editor's own history takes the step back, so that Ctrl+Z and the button agree; Python does it where the
  // program was not changed.
  function undo(me) {
    const { data } = me.store.get();
    const last = me.view.program.last();
    if (!data.descent?.note && last?.kind === "python" && last.text !== data.program.text) me.view.program.undo();
    else send(me, { to: "undo" });
  }

  function rates(me) {
    const field = Dom.el("input", { type: "text", inputmode: "decimal", class: "cr-num", "aria-label": "Rate", value: String(me.rate), autocomplete: "off" });
    const slider = Dom.el("input", { type: "range", class: "cr-slider", min: SMALLEST, max: GREATEST, step: 0.05, "aria-label": "Rate, slider" });
    const fill = () => {
      const part = (Math.log10(me.rate) - SMALLEST) / (GREATEST - SMALLEST);
      slider.value = String(Math.log10(me.rate));
      slider.style.setProperty("--cr-part", `${(100 * Math.max(0, Math.min(1, part))).toFixed(1)}%`);
      slider.setAttribute("aria-valuetext", String(me.rate));
    };
    field.addEventListener("input", () => {
      const rate = parse(field.value);
      field.toggleAttribute("aria-invalid", false);
      if (rate === null) return field.setAttribute("aria-invalid", "true");
      me.rate = rate;
      fill();
    });
    field.addEventListener("keydown", (event) => event.key === "Enter" && parse(field.value) !== null && step(me, 1));
    slider.addEventListener("input", () => {
      me.rate = Number((10 ** Number(slider.value)).toPrecision(2));
      field.value = String(me.rate);
      field.removeAttribute("aria-invalid");
      fill();
    });
    fill();
    return Dom.el("div", { class: "cr-descent-rate" }, Dom.el("span", {}, "Rate"), field, slider);
  }

  function buttons(me) {
    // aria-disabled, not disabled: a button that is out of use keeps the keyboard's place
    const make = (label, title, act) =>
      Ui.button(label, { class: "cr-button cr-small", title }, ({ currentTarget }) => currentTarget.getAttribute("aria-disabled") !== "true" && act());
    me.undo = make("Undo", "Back to before the last step or steps", () => undo(me));
    me.reset = make("Reset", "Reset to start: back to the values of before the first step", () => send(me, { to: "start" }));
    return Dom.el("div", { class: "cr-descent-steps" },
      make("Step", "One step against the gradient", () => step(me, 1)),
      make("10 steps", "Ten steps against the gradient", () => step(me, 10)),
      me.undo, me.reset);
  }

  function scale(losses, floor) {
    const finite = losses.filter(Number.isFinite);
    const positive = finite.filter((loss) => loss > 0);
    const logs = positive.map(Math.log10);
    const spread = logs.length ? Math.max(...logs) - Math.min(...logs) : 0;
    if (spread < 2 || finite.some((loss) => loss < 0)) {
      const tall = Axis.heights(finite);
      return { y: Axis.linear(tall, [floor, 8]), ticks: Axis.ticks(...tall, 3).filter(({ at }) => at >= tall[0] && at <= tall[1]), log: false };
    }
    const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
    const every = Math.ceil((high - low) / 3);
    const y = Axis.linear([low, high], [floor, 8]);
    const ticks = [];
    for (let k = high; k >= low; k -= every) ticks.push({ at: 10 ** k, text: Axis.power(k) });
    return { y: (loss) => (loss > 0 ? y(Math.log10(loss)) : floor), ticks, log: true };
  }

  const stroke = (spots, kind) => (spots.length > 1
    ? Dom.svg("path", { class: `cr-slope-curve ${kind}`, d: spots.map(({ x, y }, k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("") })
    : null);

  function chart(me, { losses: given, first, at }, names) {
    const losses = given.map(Format.value);
    const { width } = me;
    const floor = HEIGHT - 20;
    const { y, ticks, log } = scale(losses, floor);
    const left = Math.max(26, 8 + 7.3 * Math.max(...ticks.map(({ text }) => text.length), 0));
    const x = Axis.linear([first, first + Math.max(1, losses.length - 1)], [left + 4, width - 8]);
    const spots = losses.map((loss, k) => ({ x: x(first + k), y: y(loss), step: first + k })).filter((spot) => Number.isFinite(spot.y));
    const now = spots.find((spot) => spot.step === at);
    const end = first + losses.length - 1;
    const says = `${names.output} over ${end} steps${log ? ", on a log scale" : ""}: from ${Format.number(losses[0])} to ${Format.number(losses[at - first])} at step ${at}`;
    return Dom.svg("svg", { class: "cr-slope-svg", role: "img", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-label": Format.spoken(says) },
      Dom.svg("title", { text: says }),
      Dom.svg("path", { class: "cr-slope-axis", d: `M${left} 6V${floor}H${width - 4}` }),
      ...ticks.map(({ at: height, text }) => Dom.svg("text", { class: "cr-slope-side", x: left - 6, y: y(height) + 4, text })),
      Dom.svg("text", { class: "cr-slope-foot", x: left + 6, y: HEIGHT - 5, text: String(first) }),
      Dom.svg("text", { class: "cr-slope-foot", x: (left + width) / 2, y: HEIGHT - 5, text: log ? "steps, log scale" : "steps" }),
      Dom.svg("text", { class: "cr-slope-side", x: width - 4, y: HEIGHT - 5, text: String(end) }),
      stroke(spots.filter((spot) => spot.step >= at), "cr-descent-undone"),
      stroke(spots.filter((spot) => spot.step <= at), ""),
      ...(spots.length <= 40 ? spots.map((spot) => Dom.svg("circle", { class: spot.step > at ? "cr-descent-spot cr-descent-undone" : "cr-descent-spot", cx: spot.x, cy: spot.y, r: 2.2 })) : []),
      now ? Dom.svg("circle", { class: "cr-slope-dot", cx: now.x, cy: now.y, r: 4.5 }) : null);
  }

  function status(way, names) {
    if (!way || way.at === null) return way?.says || `A step goes against the gradient, to make ${names.output} smaller: x ← x − rate · ∂${names.output}/∂x for every value x.`;
    const loss = (k) => Format.number(way.losses[k - way.first]);
    const steps = `${way.at} step${way.at === 1 ? "" : "s"}`;
    const from = way.first ? "" : `, from ${loss(0)}`;
    return `${way.at ? `After ${steps}: ${names.output} = ${loss(way.at)}${from}.` : `At the start: ${names.output} = ${loss(0)}.`} ${way.says}`;
  }

  function which(me, names) {
    const choose = (key) => {
      me.only = key === "one";
      which(me, names);
    };
    Ui.keepFocus(me.which, () => Ui.fill(me.which,
      Ui.segments("What moves", [["all", "all values"], ["one", `${me.leaf} only`]], me.only ? "one" : "all", choose)));
  }

  function show(me, state, leaf, names) {
    const way = state.data.descent;
    if (me.leaf !== leaf.name) {
      me.leaf = leaf.name;
      if (!leaf.wants) me.only = false;
      which(me, names);
    }
    me.which.hidden = !leaf.wants;
    if (me.shown === way && me.named === names.output) return;
    [me.shown, me.named] = [way, names.output];
    Ui.fill(me.says, Dom.ticked(status(way, names)));
    const there = way && way.at !== null && way.losses.length > 1;
    Ui.fill(me.chart, there ? chart(me, way, names) : null);
    for (const button of [me.undo, me.reset]) button.setAttribute("aria-disabled", String(!(way && way.at > 0)));
    Ui.fill(me.note, way?.note ? Dom.ticked(way.note) : null);
    if (me.element.open && me.element.matches(":focus-within")) me.element.scrollIntoView({ block: "nearest" });
  }

  function create(view) {
    const me = {
      view, store: view.store, rate: 0.1, only: false, leaf: "", flying: null, sentAt: 0, shown: undefined, named: "", width: 218,
      element: Dom.el("details", { class: "cr-descent" }, Dom.el("summary", {}, "Gradient descent")),
      which: Dom.el("div", { class: "cr-descent-which" }),
      says: Dom.el("p", { class: "cr-descent-says", role: "status" }),
      chart: Dom.el("div", { class: "cr-descent-chart" }),
      note: Dom.el("p", { class: "cr-slope-says" }),
    };
    me.element.append(rates(me), me.which, buttons(me), me.says, me.chart, me.note);
    me.element.addEventListener("toggle", () => me.element.open && me.element.scrollIntoView({ block: "nearest" }));
    return {
      element: me.element,
      show: (state, leaf, names) => show(me, state, leaf, names),
      widen: (width) => {
        me.shown = undefined;
        me.width = Math.max(180, Math.floor(width));
      },
    };
  }

  return { create };
})();
