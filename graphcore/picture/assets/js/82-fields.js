// One editable number: a field, with or without a slider, and the ways to change it (type, drag, arrow keys).
// The owner gives three functions: set(value) while it changes, done() when the gesture is over, home() for
// the value to go back to.
const Fields = (() => {
  const LADDER = [6, 8, 10, 12, 15, 20, 25, 30, 40, 50];
  const PIXELS = 4; // a drag moves by one step for so many pixels

  // The slider's half width: room to both sides of zero, a round number, at least 6.
  function reach(value) {
    const need = Math.max(6, 2 * Math.abs(value));
    for (let scale = 1; scale < 1e300; scale *= 10) {
      const fits = LADDER.find((rung) => rung * scale >= need);
      if (fits) return fits * scale;
    }
    return need;
  }

  const grain = (range) => 10 ** Math.floor(Math.log10(range / 30));
  // Sums of decimal steps would end in ...0001; twelve digits are more than a hand sets.
  const tidy = (value) => Number(value.toPrecision(12));
  const snap = (value, step) => tidy(Math.round(value / step) * step);

  function parse(text) {
    const plain = text.trim().replaceAll("−", "-").replace(",", ".");
    return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : null;
  }

  // At rest a field shows what fits; while it is edited, every digit in plain ASCII.
  function rest(value) {
    const all = Format.copy(value);
    return all.length <= 7 ? all.replace("-", "−") : Format.number(value, null);
  }

  const stepOf = (event, integer) => {
    if (integer) return event.shiftKey ? 10 : 1;
    return event.shiftKey ? 1 : event.altKey ? 0.01 : 0.1;
  };

  function create(spec) {
    const { name, integer, act } = spec;
    const field = Dom.el("input", {
      type: "text",
      inputmode: "decimal",
      class: "cr-num",
      "aria-label": name,
      autocomplete: "off",
      spellcheck: "false",
    });
    const slider = spec.slider
      ? Dom.el("input", {
          type: "range",
          class: "cr-slider",
          step: "any",
          "aria-label": `${name}, slider`,
          title: "Double click: back to the program's value",
        })
      : null;
    const me = { field, slider, value: NaN, range: 6, integer, act, sliding: false, pending: false };
    typing(me);
    scrub(me, field, () => field.getRootNode().activeElement !== field);
    if (spec.handle) scrub(me, spec.handle, () => true);
    if (slider) sliding(me);
    return {
      field,
      slider,
      show: (value) => show(me, value),
      fresh: (value) => {
        me.range = reach(value);
        show(me, value);
      },
    };
  }

  function show(me, value) {
    me.value = value;
    const focused = me.field.getRootNode().activeElement === me.field;
    if (!focused || parse(me.field.value) !== value) me.field.value = focused ? Format.copy(value) : rest(value);
    me.field.title = Format.copy(value);
    me.field.removeAttribute("aria-invalid");
    if (Math.abs(value) > me.range) me.range = reach(value);
    if (!me.slider) return;
    me.slider.min = String(-me.range);
    me.slider.max = String(me.range);
    if (!me.sliding) me.slider.value = String(value);
    me.slider.setAttribute("aria-valuetext", Format.copy(value));
    me.slider.style.setProperty("--cr-part", `${(50 + 50 * Math.max(-1, Math.min(1, value / me.range))).toFixed(1)}%`);
  }

  function change(me, value) {
    const next = me.integer ? Math.round(value) : value;
    if (!Number.isFinite(next) || next === me.value) return;
    me.pending = true;
    if (me.act.set(next)) show(me, next);
  }
  function settle(me) {
    if (!me.pending) return;
    me.pending = false;
    me.act.done();
  }

  // Arrows change the number; letting go of the key ends the gesture. Returns true when the key was one of
  // ours.
  function arrow(me, event, keys) {
    const way = keys[event.key];
    if (!way) return false;
    event.preventDefault();
    change(me, tidy(me.value + way * stepOf(event, me.integer)));
    return true;
  }

  function typing(me) {
    const { field } = me;
    field.addEventListener("focus", () => {
      field.value = Format.copy(me.value);
      field.select();
    });
    field.addEventListener("input", () => {
      const value = parse(field.value);
      if (value === null) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
      if (value !== null) change(me, value);
    });
    field.addEventListener("keydown", (event) => {
      if (arrow(me, event, { ArrowUp: 1, ArrowDown: -1 })) return;
      if (event.key === "Escape") {
        field.value = Format.copy(me.value);
        field.blur();
      }
      if (event.key === "Enter") {
        settle(me);
        field.select();
      }
    });
    field.addEventListener("keyup", (event) => {
      if (event.key.startsWith("Arrow")) settle(me);
    });
    field.addEventListener("blur", () => {
      settle(me);
      show(me, me.value);
    });
  }

  function sliding(me) {
    const { slider } = me;
    slider.addEventListener("input", () => {
      me.sliding = true;
      change(me, snap(Number(slider.value), me.integer ? 1 : grain(me.range)));
    });
    slider.addEventListener("change", () => {
      me.sliding = false;
      settle(me);
    });
    slider.addEventListener("dblclick", () => {
      change(me, me.act.home());
      settle(me);
    });
    slider.addEventListener("keydown", (event) =>
      arrow(me, event, { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }),
    );
    slider.addEventListener("keyup", () => settle(me));
    slider.addEventListener("blur", () => settle(me));
  }

  // Dragging sideways on a name, or on a field that is not being typed in, changes the number; a click
  // without a drag stays a click.
  function scrub(me, handle, allowed) {
    let start = null;
    handle.classList.add("cr-scrub");
    handle.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && allowed()) start = { x: event.clientX, value: me.value, moved: false };
    });
    handle.addEventListener("pointermove", (event) => {
      if (!start || !(event.buttons & 1)) return;
      const steps = Math.round((event.clientX - start.x) / PIXELS);
      if (!start.moved && !steps) return;
      if (!start.moved) {
        start.moved = true;
        handle.setPointerCapture(event.pointerId);
        me.field.blur();
      }
      change(me, tidy(start.value + steps * stepOf(event, me.integer)));
    });
    const end = (event) => {
      if (start?.moved) {
        event.preventDefault();
        settle(me);
        me.field.blur();
      }
      start = null;
    };
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  }

  return { create, parse, reach };
})();
