// "/" opens a small box over the picture: type a part of a name, choose, jump.

const Search = (() => {
  const MOST = 8; // names offered at a time
  let current = null;

  // Names that begin with the text first, then those that contain it, then heads that do.
  function find(data, text) {
    const wanted = text.trim().toLowerCase();
    const rank = (node) => {
      const name = node.name.toLowerCase();
      if (name === wanted) return 0;
      if (name.startsWith(wanted)) return 1;
      if (name.includes(wanted)) return 2;
      return node.head.toLowerCase().includes(wanted) ? 3 : 9;
    };
    return [...data.structure.nodes.map((node, i) => ({ node, i, rank: rank(node) })), ...Modules.inside(data).map((node) => ({ node, i: -1, rank: rank(node) }))]
      .filter((hit) => hit.rank < 9)
      .sort((a, b) => a.rank - b.rank || a.i - b.i)
      .slice(0, MOST);
  }

  function close(box) {
    box.element.hidden = true;
    if (box.before && box.before.isConnected) box.before.focus({ preventScroll: true });
  }

  function list(box) {
    const { data } = box.store.get();
    box.hits = find(data, box.input.value);
    box.at = Math.min(box.at, Math.max(0, box.hits.length - 1));
    Dom.replace(box.list, box.hits.length ? box.hits.map((hit, k) =>
      Dom.el("li", { role: "option", id: `cr-hit-${k}`, "aria-selected": String(k === box.at), on: { mousedown: (event) => { event.preventDefault(); choose(box, k); } } },
        Dom.el("span", { text: hit.node.head }))) : Dom.el("li", { class: "cr-none", text: "No node has this name." }));
    box.input.setAttribute("aria-activedescendant", box.hits.length ? `cr-hit-${box.at}` : "");
  }

  function choose(box, k) {
    const hit = box.hits[k];
    close(box);
    if (hit && hit.i < 0) Graph.reach(hit.node.name);
    else if (hit) Graph.reveal(hit.i);
  }

  function keydown(box, event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Escape") close(box);
    else if (event.key === "Enter") choose(box, box.at);
    else if (moves[event.key]) {
      box.at = Math.max(0, Math.min(box.hits.length - 1, box.at + moves[event.key]));
      list(box);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function open() {
    if (!current) return;
    const box = current;
    box.before = document.activeElement;
    box.element.hidden = false;
    box.input.value = "";
    box.at = 0;
    list(box);
    box.input.focus();
  }

  function mount(element, store) {
    const box = { store, at: 0, hits: [] };
    box.list = Dom.el("ul", { role: "listbox", id: "cr-hits", "aria-label": "Nodes" });
    box.input = Dom.el("input", {
      type: "text", placeholder: "Go to a node", "aria-label": "Go to a node", role: "combobox", "aria-controls": "cr-hits",
      "aria-expanded": "true", autocomplete: "off", spellcheck: "false",
      on: { input: () => { box.at = 0; list(box); }, keydown: (event) => keydown(box, event), blur: () => { box.element.hidden = true; } },
    });
    box.element = Dom.el("div", { class: "cr-search", hidden: true }, box.input, box.list);
    element.append(box.element);
    current = box;
    return () => {
      box.element.remove();
      if (current === box) current = null;
    };
  }

  return { mount, open };
})();
