// The fields beside a network's text: loss, input, target, batch size, seed, weights. An empty field means what fits
// the network; what that is stands in it in grey.
const NetFields = (() => {
  const LIMIT = 20 * 2 ** 20; // bytes of a weights file
  const ROWS = [
    ["input", "Input", "The input: a shape such as 1, 10, numbers, or rand(1, 10)"],
    ["target", "Target", "The target: numbers, or an expression of the input x"],
  ];
  const SMALL = [
    ["batch", "Batch", "Rows of the batch"],
    ["seed", "Random seed", "Random seed of weights, input and target"],
  ];

  const run = (me) => me.program.run();

  function keys(me, event) {
    event.stopPropagation();
    if (event.key === "Enter") {
      event.preventDefault();
      run(me);
    } else if (event.key === "Escape") {
      me.store.set({ fields: null });
      event.target.blur();
    }
  }

  const set = (me, name, value) => me.store.set({ fields: { ...me.store.get().fields, [name]: value } });

  function input(me, name, label, title, attrs = {}) {
    const field = Dom.el("input", {
      type: "text", class: "cr-field", "aria-label": label, title, autocomplete: "off", spellcheck: "false",
      autocapitalize: "off", "data-key": `field ${name}`, ...attrs,
    });
    field.addEventListener("input", () => set(me, name, field.value));
    field.addEventListener("keydown", (event) => keys(me, event));
    me.inputs[name] = field;
    return field;
  }

  // A number that is left takes effect at once: there is nothing more to type.
  function whole(me, name, label, title) {
    const field = input(me, name, label, title, { inputmode: "numeric" });
    field.addEventListener("change", () => run(me));
    return field;
  }

  function loss(me) {
    const select = Dom.el("select", { class: "cr-select cr-field", "aria-label": "Loss", "data-key": "field loss" });
    select.addEventListener("change", () => {
      set(me, "loss", select.value);
      run(me);
    });
    select.addEventListener("keydown", (event) => event.stopPropagation());
    me.inputs.loss = select;
    return select;
  }

  // The input is data; whoever wants to see what flows into it asks for it.
  function wants(me) {
    const words = { class: "cr-wants", title: "The gradient of the input too", "aria-label": "The gradient of the input too", "data-key": "field gradient" };
    me.wants = Ui.button("∂", words, () => {
      set(me, "gradient", Network.fields(me.store.get()).gradient ? "" : "input");
      run(me);
    });
    return me.wants;
  }

  // No <label>: a click on its words would press the button that stands beside a field.
  const row = (label, ...controls) =>
    Dom.el("div", { class: "cr-fieldrow" }, Dom.el("span", { "aria-hidden": "true", ...Words.attributes(Words.of(label), true) }, label), ...controls);

  // ---- weights -------------------------------------------------------------------------------------------

  function base64(buffer) {
    const bytes = new Uint8Array(buffer);
    let binary = "";
    for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(binary);
  }

  async function upload(me, file) {
    const text = Program.text(me.store.get());
    const large = file.size > LIMIT;
    const ours = file.name.toLowerCase().endsWith(".safetensors");
    if (ours && large) {
      Dialogs.toast(`${file.name} has ${(file.size / 2 ** 20).toFixed(0)} MB; this page takes up to 20.`);
      return;
    }
    // a file of another kind is not even read: its name is enough for the answer
    const data = ours ? base64(await file.arrayBuffer()) : "";
    me.program.post({ kind: "weights", text, name: file.name, data });
  }

  function refused(problem) {
    if (!problem) return null;
    return Dom.el("div", { class: "cr-message" },
      Dom.el("p", {}, ...Dom.ticked(problem.what)),
      problem.lines ? Dom.el("pre", { tabindex: "0" }, problem.lines) : null,
      problem.lines
        ? Ui.button("Copy", { class: "cr-button cr-fix", "data-key": "convert" }, () =>
            Dialogs.copy(problem.lines, "the two lines"))
        : null);
  }

  const size = (bytes) => (bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 2 ** 20).toFixed(1)} MB`);

  function weights(me, state) {
    const { file, problem } = state.data?.weights || {};
    const choose = () => me.picker.click();
    const text = Program.text(state);
    return [
      Dom.el("div", { class: "cr-fieldrow" },
        Dom.el("span", {}, "Weights"),
        file
          ? Dom.el("span", { class: "cr-fileline" },
              Dom.el("span", { class: "cr-filename", title: file.name }, file.name),
              Dom.el("small", {}, size(file.size)),
              Ui.button("×", { class: "cr-expand cr-always", "aria-label": "Take the weights away", title: "Back to random weights", "data-key": "no weights" },
                () => me.program.post({ kind: "weights", text, name: null })))
          : Dom.el("span", { class: "cr-fileline" },
              Dom.el("small", {}, "by the random seed"),
              Ui.button("Load", { class: "cr-button cr-small", "data-key": "load", title: "Weights from a .safetensors file" }, choose))),
      refused(problem),
    ];
  }

  function picker(me) {
    const made = Dom.el("input", { type: "file", class: "cr-offscreen", tabindex: "-1", "aria-hidden": "true",
      accept: ".safetensors,.pt,.pth,.pkl,.pt2" });
    made.addEventListener("change", () => {
      if (made.files[0]) upload(me, made.files[0]);
      made.value = "";
    });
    return made;
  }

  // ---- drawing -------------------------------------------------------------------------------------------

  function draw(me, state) {
    const shown = Network.fields(state);
    const used = state.data?.settings?.used || {};
    const losses = state.data?.settings?.losses || [];
    const list = losses.join();
    if (list !== me.losses) {
      me.losses = list;
      me.inputs.loss.replaceChildren(Dom.el("option", { value: "" }, ""), ...losses.map(([key, title]) => Dom.el("option", { value: key }, title)));
    }
    const named = losses.find(([key]) => key === used.loss);
    me.inputs.loss.options[0].textContent = named && !shown.loss ? named[1] : "default";
    me.wants.setAttribute("aria-pressed", String(shown.gradient === "input"));
    for (const [name, field] of Object.entries(me.inputs)) {
      const value = shown[name] ?? "";
      if (field.value !== value) field.value = value;
      // before the first run only the wide fields have room for the word
      const unknown = ["batch", "seed"].includes(name) ? "" : "default";
      if (name !== "loss") field.placeholder = shown[name] ? "" : used[name] || unknown;
      if (name !== "loss") field.title = value || used[name] || field.title;
    }
    if (state.data?.weights !== me.weights || state.text !== me.text) {
      me.weights = state.data?.weights;
      me.text = state.text;
      Ui.keepFocus(me.slot, () => Ui.fill(me.slot, weights(me, state)));
    }
  }

  function mount(element, store, host) {
    const me = { store, program: Program.of(store, host), inputs: {}, slot: Dom.el("div", {}), losses: null };
    me.picker = picker(me);
    const pair = SMALL.map(([name, label, title]) => row(label, whole(me, name, label, title)));
    element.append(
      row("Loss", loss(me)),
      ...ROWS.map(([name, label, title]) =>
        row(label, Dom.el("span", { class: "cr-fieldline" }, input(me, name, label, title), name === "input" ? wants(me) : null))),
      Dom.el("div", { class: "cr-fieldpair" }, ...pair),
      me.slot, me.picker,
    );
    const slices = ["data", "fields", "text"];
    draw(me, store.get());
    return store.subscribe((state, before) => {
      if (slices.some((slice) => state[slice] !== before[slice])) draw(me, state);
    });
  }

  return { mount };
})();
