// Entries of arrays in the gradient table: one or two stand there and open in the tab Scalars each, of more the array opens.
const TableEntries = (() => {
  const WHERE = { value: "node", upstream: "from", downstream: "node" }; // the node whose array a column shows

  function opener(label, words, key, act) {
    return Ui.button(label, { class: "cr-entryopen", title: words, "aria-label": words, "data-key": key }, (event) => {
      event.stopPropagation();
      act();
    });
  }

  // What stands in a cell, null where it is no array, or where the tab Scalars is not there.
  function shown(view, row, key, decimals) {
    const [tensor, node] = [row[key], row[WHERE[key]]];
    if (node === undefined || !Arrays.isArray(tensor) || !Scalars.able(view.host)) return null;
    const { name, shape } = view.store.get().data.structure.nodes[node];
    if (tensor.shape.join() !== shape.join() || tensor.entries?.length === 0) return null;
    const place = `${key} ${row.step} ${row.node}`;
    if (!tensor.entries || tensor.entries.length > 2)
      return [opener(Arrays.brief(tensor, decimals), `Open the numbers of ${name}`, place, () => Dialogs.array(node))];
    const one = (entry, flat) => opener(Format.number(entry, decimals), `Open ${name}${Arrays.position(flat, shape)} in Scalars`,
      `${place} ${flat}`, () => Scalars.open(view.store, view.host, node, Scalars.unflat(flat, shape)));
    const last = tensor.entries.length - 1;
    return tensor.entries.flatMap((entry, flat) => [
      flat ? " " : "", Dom.el("span", { class: "cr-entrypart" }, flat ? "" : "(", one(entry, flat), flat === last ? ")" : ","),
    ]);
  }

  return { shown };
})();
