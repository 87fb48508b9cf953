// The page that stands alone: it carries its data in an element of its own, and there is no Python to ask.

const Standalone = (() => {
  function start() {
    const holder = document.getElementById("chainrule-data");
    const root = document.querySelector(".cr-root");
    if (!holder || !root || root.dataset.mounted !== undefined) return null;
    root.dataset.standalone = ""; // no header of a page above: the style sheet leaves room for our buttons
    const data = JSON.parse(holder.textContent);
    return Mount.mount(root, { send: null, data: Payload.complete(data) });
  }

  return { start, picture: start() };
})();
