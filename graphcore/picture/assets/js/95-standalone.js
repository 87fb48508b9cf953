// The page that stands alone: it carries its data in an element of its own, and there is no Python to ask.

const Standalone = (() => {
  function start() {
    const holder = document.getElementById("chainrule-data");
    const root = document.querySelector(".cr-root");
    if (!holder || !root || root.dataset.mounted !== undefined) return null;
    root.dataset.standalone = ""; // no header of a page above: the style sheet leaves room for our buttons
    const data = JSON.parse(holder.textContent);
    if (data.structure && data.structure.fold) root.dataset.recorded = ""; // there is no program to show
    const host = { page: data.page, send: null, data: Payload.complete(data) };
    if ((data.folds || []).length) host.fold = (action) => view.update(chosen(view.store.get().data, action));
    const view = Mount.mount(root, host);
    return view;
  }

  // Of the states of folding that the file holds, the one nearest to what is asked for.
  function chosen(data, action) {
    const now = data.structure.fold;
    const all = [{ topology: data.topology, structure: data.structure, numbers: data.numbers }, ...data.folds];
    const [was, wanted] = [new Set(now.open), new Set(action.open)];
    const opened = action.open.filter((path) => !was.has(path));
    const closed = now.open.filter((path) => !wanted.has(path));
    const wrong = ({ structure: { fold } }) => {
      const open = new Set(fold.open);
      const missed = opened.filter((path) => !open.has(path)).length + closed.filter((path) => open.has(path)).length;
      const other = [...open].filter((path) => !wanted.has(path)).length + action.open.filter((path) => !open.has(path)).length;
      return missed * 1e6 + (fold.plumbing === action.plumbing ? 0 : 1e3) + other;
    };
    const best = all.slice(1).sort((a, b) => wrong(a) - wrong(b))[0];
    return { ...data, ...best, folds: all.filter((state) => state !== best) };
  }

  return { start, chosen, picture: start() };
})();
