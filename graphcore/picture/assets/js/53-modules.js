// Modules of a recorded network: folded they are one node each. Here they are opened and folded, and the picture finds
// its place again afterwards: Python sends other nodes for the same run.

const Modules = (() => {
  const keys = new WeakMap();
  let asked = null; // the state asked for last, until the answer is there

  const fold = (data) => (data && data.structure && data.structure.fold) || null;
  const recording = (data) => (fold(data) ? fold(data).recording : null);
  const same = (a, b) => recording(a) !== null && recording(a) === recording(b);

  // Tells one state of folding from another; "" where nothing can be folded.
  function key(data) {
    const state = fold(data);
    if (!state) return "";
    if (!keys.has(state)) keys.set(state, `${state.plumbing} ${state.open.join(" ")}`);
    return keys.get(state);
  }

  const able = (host, data) => Boolean(fold(data) && (host.send || host.fold));

  // What the next change starts from: clicks may come faster than answers.
  function current(data) {
    if (asked && asked.recording === recording(data) && data.answers < asked.id) return asked;
    return fold(data);
  }

  function ask(host, data, open, plumbing) {
    const action = { kind: "fold", open: [...open].sort(), plumbing };
    if (host.send) {
      const id = host.send(action);
      asked = { ...action, recording: recording(data), id };
    } else if (host.fold) host.fold(action);
  }

  function set(host, data, path, opened) {
    const now = current(data);
    const open = new Set(now.open);
    if (opened) open.add(path);
    else open.delete(path);
    ask(host, data, open, now.plumbing);
  }

  // Opens a folded module, folds the one that a node stands in. Returns whether there was anything to do.
  function toggle(g, node) {
    const { data } = g.store.get();
    if (!able(g.host, data) || node === null || node === undefined) return false;
    const { module, within } = data.structure.nodes[node];
    if (!module && !within) return false;
    g.anchor = node;
    set(g.host, data, module ? module.path : within, Boolean(module));
    return true;
  }

  function foldIn(g, node) {
    const { data } = g.store.get();
    const { within } = data.structure.nodes[node];
    if (!able(g.host, data) || !within) return false;
    g.anchor = node;
    set(g.host, data, within, false);
    return true;
  }

  const foldAll = (host, data) => ask(host, data, [], current(data).plumbing);

  function openLevel(host, data) {
    const now = current(data);
    const shown = data.structure.nodes.filter((node) => node.module).map((node) => node.module.path);
    ask(host, data, new Set([...now.open, ...shown]), now.plumbing);
  }

  function bookkeeping(host, data) {
    const now = current(data);
    ask(host, data, now.open, !now.plumbing);
  }

  // Modules that are inside folded ones, for the search: as nodes to be found by name.
  function inside(data) {
    const state = fold(data);
    if (!state) return [];
    const open = new Set(state.open);
    const shown = new Set(data.structure.nodes.map((node) => (node.module ? node.module.path : "")));
    return state.paths.filter((path) => !open.has(path) && !shown.has(path)).map((path) => ({ name: path, head: `${path}  (folded)` }));
  }

  // Opens what is around a module, then shows it.
  function reach(g, path) {
    const { data } = g.store.get();
    if (!able(g.host, data)) return;
    const now = current(data);
    const around = fold(data).paths.filter((other) => path.startsWith(`${other}.`));
    g.wanted = path;
    ask(g.host, data, new Set([...now.open, ...around]), now.plumbing);
  }

  function arrive(g, data) {
    const path = g.wanted;
    const i = path ? data.structure.nodes.findIndex((found) => found.module && found.module.path === path) : -1;
    g.wanted = null;
    const near = i >= 0 || !path ? i : data.structure.nodes.findIndex((found) => found.scope === path || (found.scope || "").startsWith(`${path}.`));
    if (near >= 0) Graph.reveal(near, g);
  }

  // The node of the picture that a node of the recording is in; null where there is none.
  function at(data, real) {
    const found = fold(data) ? data.structure.shown[real] : real;
    return found >= 0 ? found : null;
  }

  // ---- the same place in another state of folding -----------------------------------------------------------

  // The node that stands for node i of the picture before.
  function node(before, data, i) {
    if (i === null || i === undefined || !same(before, data)) return null;
    const { nodes } = before.structure.nodes[i] || {};
    if (!nodes || !nodes.length) return null;
    const found = data.structure.shown[nodes[nodes.length - 1]];
    return found >= 0 ? found : null;
  }

  // The step of the same real edge, or the next one that is shown.
  function step(before, data, k) {
    if (!same(before, data)) return null;
    const old = before.structure.steps[k - 1];
    if (!old || k === Steps.opening(before)) return Steps.opening(data);
    let best = null;
    data.structure.steps.forEach((candidate, i) => {
      if (candidate.moment < old.moment) return;
      if (best === null || candidate.moment < data.structure.steps[best - 1].moment) best = i + 1;
    });
    return best === null ? Steps.count(data) : best;
  }

  // Where on the screen the node is that the change is about: there it shall stay.
  function anchor(g, state, previous) {
    const [before, data] = [previous.data, state.data];
    const chosen = g.anchor ?? previous.selected ?? (Steps.count(before) && before ? Steps.at(before, previous.step).node : null);
    const keyboard = g.anchorKey;
    g.anchor = null;
    g.anchorKey = false;
    const i = node(before, data, chosen);
    const pane = g.panes.find((p) => p.scene && p.view.width);
    if (i === null || !pane || key(before) === key(data)) return null;
    const { view, scene } = pane;
    const [cx, cy] = scene.geometry.nodes[chosen];
    return { node: i, x: view.x + cx * view.scale, y: view.y + cy * view.scale, keyboard };
  }

  function restore(g, held, data) {
    if (g.wanted) return void arrive(g, data);
    if (!held) return;
    for (const { scene, view } of g.panes) {
      if (!scene || !view.width) continue;
      const [cx, cy, w, h] = scene.geometry.nodes[held.node];
      View.move(view, held.x - cx * view.scale, held.y - cy * view.scale, false, true);
      View.follow(view, [[cx, cy, w, h]], false, false);
    }
    Graph.rove(g, held.node);
    const part = g.panes[0].scene && g.panes[0].scene.nodes[held.node];
    if (held.keyboard && part) part.g.focus({ preventScroll: true });
  }

  // ---- how they look ---------------------------------------------------------------------------------------

  // The numbers of a module are sizes: an array is told by its norm.
  function told(v, decimals) {
    if (v === null || v === undefined || typeof v !== "object") return [v, null];
    if (v.entries && v.entries.length === 0) return [v, null];
    return [0, `norm ${Format.number(Format.norm(v), decimals)}`];
  }

  // The button that opens a module, or folds the one around a node; the latter shows where one points.
  function control(box, node) {
    const opens = Boolean(node.module);
    if (!opens && !node.within) return null;
    const [x, y] = [box.l + box.w - 21, box.t + 3];
    const words = opens ? `Open ${node.module.path} (o)` : `Fold ${node.within} (o)`;
    return Dom.svg("g", { class: `cr-fold ${opens ? "cr-fold-open" : "cr-fold-close"}`, "data-fold": opens ? "open" : "close" },
      Dom.svg("title", { text: words }),
      Dom.svg("rect", { x: x - 3, y: y - 3, width: 24, height: 22, class: "cr-fold-reach" }),
      Dom.svg("rect", { x: x + 1, y: y + 1, width: 15, height: 15, rx: 4 }),
      Dom.svg("path", { d: `M${x + 4.5} ${y + 8.5}h8${opens ? `m-4 -4v8` : ""}` }));
  }

  // The second border at the left.
  const border = (box) => Dom.svg("path", { class: "cr-module-border", d: `M${box.l + 4.5} ${box.t + 1}V${box.t + box.h - 1}` });

  // A bar across the way of the gradient: it stops here.
  const stop = (box) => Dom.svg("path", { class: "cr-stop", d: `M${box.cx - 16} ${box.t + box.h + 5}h32` });

  // ---- the menu in the pane's head ---------------------------------------------------------------------------

  function menu(store, host) {
    const change = (run) => () => run(host, store.get().data);
    const { element: details, buttons: [level, all, views] } = Dom.menu("Modules", { title: "Open and fold modules" }, [
      ["Open one level", change(openLevel)],
      ["Fold all", change(foldAll)],
      ["Bookkeeping nodes", change(bookkeeping), {
        ...Words.attributes("bookkeeping-nodes", true),
        role: "switch", "aria-checked": "false", title: "Views, transposes, copies and parts of results",
      }],
    ]);
    details.classList.add("cr-modules");
    details.hidden = true;
    return {
      element: details,
      show({ data }) {
        const state = fold(data);
        details.hidden = !able(host, data) || !(state.paths.length || state.bookkeeping);
        if (details.hidden) return;
        level.disabled = !data.structure.nodes.some((node) => node.module);
        all.disabled = state.open.length === 0;
        views.disabled = !state.bookkeeping;
        views.setAttribute("aria-checked", String(state.plumbing));
      },
    };
  }

  // What stands beside the pane's title.
  function note(data) {
    const state = fold(data);
    if (!state) return null;
    const shown = data.structure.nodes.length;
    return shown === state.nodes ? `${shown} nodes` : `${shown} of ${state.nodes.toLocaleString("en")} nodes`;
  }

  return { key, same, able, at, inside, reach, toggle, foldIn, node, step, anchor, restore, told, control, border, stop, menu, note };
})();
