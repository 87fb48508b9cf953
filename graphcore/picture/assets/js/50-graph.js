// The two panes: builds their scenes, steps them together, and keeps the current node in view.

const Graph = (() => {
  const GLIDES = 150; // nodes up to which following glides
  let current = null; // the instance select() and reveal() speak to: the last one mounted

  function paneElement(name, parts) {
    const svg = Dom.svg("svg", { class: "cr-graph", role: "group", "aria-label": name === "manual" ? "Manual graph" : "torch's autograd graph" });
    const view = Dom.el("div", { class: "cr-view" }, svg);
    const element = Dom.el("div", { class: "cr-pane", "data-pane": name }, parts.head, view);
    return { name, element, svg, view: View.create(view, svg), show: parts.show, scene: null, viz: null };
  }

  const phone = () => window.matchMedia("(max-width: 760px)").matches;

  function build(g, state) {
    const { data } = state;
    for (const pane of g.panes) {
      const torch = pane.name === "torch";
      pane.viz = torch && !Layouts.aligned(state) ? Torchviz.build(pane.svg, data) : null;
      pane.scene = pane.viz ? null : Scene.build(pane.svg, data, Layouts.direction(state), torch, Modules.able(g.host, data));
      const size = pane.viz ? pane.viz.drawn : pane.scene.geometry;
      View.setDrawing(pane.view, size.width, size.height);
    }
    g.everything = [data.structure.nodes.map((_, i) => i), data.structure.edges.map((_, e) => e)];
    g.roving = null;
    drawAll(g, state);
    look(g, state);
    place(g, state, true);
  }

  function drawAll(g, state) {
    const changed = [];
    for (const pane of g.panes) {
      if (pane.viz) Torchviz.draw(pane.viz, state.data, state.moment);
      else {
        Scene.settle(pane.scene);
        changed.push(...Scene.draw(pane.scene, state.data, state.moment, state.decimals, ...g.everything));
      }
    }
    return changed;
  }

  function stepTo(g, state, previous) {
    const { nodes, edges } = Steps.between(state.data, previous.moment, state.moment);
    const single = Math.abs(previous.moment - state.moment) <= 1 && state.moment === state.step && !state.quick;
    for (const pane of g.panes) {
      if (pane.viz) Torchviz.draw(pane.viz, state.data, state.moment);
      else {
        Scene.settle(pane.scene);
        Scene.draw(pane.scene, state.data, state.moment, state.decimals, nodes, edges);
        if (single) Scene.arrive(pane.scene, state.data, state.step);
      }
    }
    prepare(g, state);
    rove(g, Steps.at(state.data, state.step).node);
    // A gliding drawing is a layer of its own, which a large one makes dear: above this it jumps.
    followStep(g, state, !state.quick && state.data.structure.nodes.length <= GLIDES);
  }

  function prepare(g, { data, step, decimals }) {
    const { scene } = g.panes[0];
    clearTimeout(g.preparing);
    if (scene) g.preparing = setTimeout(() => { if (scene === g.panes[0].scene) Scene.ahead(scene, data, step, decimals); }, 60);
  }

  // New numbers in the same graph: replaced in place, those that changed underlined for a second.
  function renumber(g, state) {
    const changed = drawAll(g, state);
    const now = performance.now();
    const fast = state.quick || now - (g.renumbered || 0) < 300;
    g.renumbered = now;
    if (fast || changed.length > 400) return;
    const elements = changed.map((cell) => (cell.shown ? cell.array : cell.text));
    for (const element of elements) element.setAttribute("data-changed", "");
    setTimeout(() => {
      for (const element of elements) element.removeAttribute("data-changed");
    }, 1000);
  }

  // Scale for the room there is, then position. The two panes move as one while they are aligned.
  function place(g, state, centre) {
    for (const pane of g.panes) {
      if (!pane.view.width || !pane.view.height) continue;
      pane.view.scale = View.scaleFor(pane.view, state.zoom, phone());
      View.move(pane.view, pane.view.x, pane.view.y, false, false);
      const { scene, view } = pane;
      if (!scene || scene.torch) continue;
      Overlay.bound(scene.overlay, view.drawing, view.width / view.scale, view.height / view.scale);
      Scene.draw(scene, state.data, state.moment, state.decimals, [], []);
    }
    followStep(g, state, false, centre);
  }

  function followStep(g, state, smooth, centre = false) {
    const step = Steps.at(state.data, state.step);
    for (const pane of g.panes) {
      if (!pane.view.width) continue;
      if (pane.viz) {
        const boxes = Torchviz.boxes(pane.viz, state.data, state.step);
        if (boxes.length) View.follow(pane.view, boxes, smooth, centre);
        continue;
      }
      const boxes = [step.node, step.from].filter((i) => i !== null).map((i) => pane.scene.geometry.nodes[i]);
      const { pillAt } = g.panes[0].scene || {};
      if (pillAt) boxes.push([pillAt.x, pillAt.y, pillAt.w, 20]);
      View.follow(pane.view, boxes, smooth, centre);
    }
  }

  function syncFrom(g, view) {
    for (const pane of g.panes) {
      if (pane.view === view || pane.viz || g.panes.some((p) => p.viz)) continue;
      Object.assign(pane.view, { scale: view.scale, x: view.x, y: view.y });
      View.apply(pane.view, false);
    }
  }

  // Rings around what is selected, marked and focused.
  function look(g, state) {
    for (const { scene } of g.panes) {
      if (!scene) continue;
      const box = (i) => (i === null || i === undefined ? null : scene.geometry.nodes[i]);
      Overlay.ring(scene.overlay.selected, scene.nodes[state.selected] ? box(state.selected) : null, 3.5);
      Overlay.marks(scene.overlay, state.marked.map(box).filter(Boolean));
    }
  }

  // One node of each pane is in the tab order; the arrows up and down walk through the others.
  function rove(g, i) {
    for (const { scene } of g.panes) {
      if (!scene) continue;
      const before = scene.nodes[g.roving];
      if (before) before.g.setAttribute("tabindex", "-1");
      const part = scene.nodes[i];
      if (part) part.g.setAttribute("tabindex", "0");
    }
    g.roving = i;
  }

  function reveal(node, instance = current) {
    if (!instance || node === null || node === undefined) return;
    const state = instance.store.get();
    if (!state.data || !state.data.structure) return;
    for (const pane of instance.panes) {
      if (!pane.view.width) continue;
      const boxes = pane.viz
        ? pane.viz.drawn.nodes.filter((given) => given.node === node).map((given) => given.box)
        : [pane.scene.geometry.nodes[node]];
      if (boxes.length) View.follow(pane.view, boxes, !state.quick, false);
    }
    select(node, instance);
  }

  function select(node, instance = current) {
    if (instance) instance.store.set({ selected: node, marked: [] });
  }

  function refresh(g, state, previous) {
    for (const pane of g.panes) pane.show(state);
    g.element.dataset.shown = state.phonePane;
    if (!state.data || !state.data.structure) return GraphEmpty.show(g, state);
    GraphEmpty.hide(g);
    Layouts.follow(g, state, previous);
    const key = [state.data.topology, Modules.key(state.data), Layouts.direction(state), Layouts.aligned(state)].join("|");
    if (key !== g.key) {
      g.key = key;
      const held = Modules.anchor(g, state, previous);
      build(g, state);
      return Modules.restore(g, held, state.data);
    }
    const numbers = state.data !== previous.data || state.decimals !== previous.decimals;
    if (numbers && state.data.numbers) renumber(g, state);
    if (state.moment !== previous.moment) stepTo(g, state, previous);
    if (state.selected !== previous.selected || state.marked !== previous.marked) look(g, state);
    if (state.zoom !== previous.zoom && state.zoom !== g.ownZoom) place(g, state, true);
    return undefined;
  }

  function mount(element, store, host) {
    const g = { element, store, host, key: null, roving: null, asked: {} };
    g.panes = [paneElement("manual", PaneHead.manual(store, host)), paneElement("torch", PaneHead.torch(store, host))];
    element.replaceChildren(...g.panes.map((pane) => pane.element));
    current = g;
    for (const pane of g.panes) {
      View.listen(pane.view, (view, scale) => {
        syncFrom(g, view);
        g.ownZoom = scale;
        if (scale) store.set({ zoom: scale });
      });
      GraphInput.listen(g, pane);
    }
    const observer = new ResizeObserver((entries) => {
      for (const entry of entries) {
        const pane = g.panes.find((p) => p.view.element === entry.target);
        Object.assign(pane.view, { width: entry.contentRect.width, height: entry.contentRect.height });
      }
      if (g.key) place(g, store.get(), false);
    });
    for (const pane of g.panes) {
      observer.observe(pane.view.element);
      pane.view.onMove = (rect) => { if (pane.scene) Tiles.show(pane.scene.tiles, rect); };
    }
    const stop = store.subscribe((state, previous) => refresh(g, state, previous));
    refresh(g, store.get(), store.get());
    return () => {
      stop();
      observer.disconnect();
      if (current === g) current = null;
    };
  }

  // Runs something that needs the whole drawing in the page, not only the part in sight.
  async function whole(run) {
    const scenes = current.panes.map((pane) => pane.scene).filter(Boolean);
    const seen = scenes.map((scene) => scene.tiles.seen);
    scenes.forEach((scene) => { Scene.settle(scene); Tiles.show(scene.tiles, null); });
    try {
      return await run();
    } finally {
      scenes.forEach((scene, k) => Tiles.show(scene.tiles, seen[k]));
    }
  }

  const pane = (name) => current.panes.find((one) => one.name === name);
  const toggle = (node) => Boolean(current) && Modules.toggle(current, node);
  const reach = (path) => current && Modules.reach(current, path);

  return { mount, select, reveal, rove, whole, pane, toggle, reach };
})();
