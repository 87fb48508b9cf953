// torch's graph with the layout torchviz's make_dot gives it; the step lights the boxes that belong to our nodes.

const Torchviz = (() => {
  function box(given, index) {
    const [cx, cy, w, h] = given.box;
    const line = Math.min(16, (h - 4) / given.lines.length);
    const top = cy - (line * given.lines.length) / 2;
    return Dom.svg("g", { class: `cr-viz cr-viz-${given.kind}`, "data-node": given.node, "data-viz": index },
      Dom.svg("rect", { x: cx - w / 2, y: cy - h / 2, width: w, height: h, rx: 3 }),
      given.lines.map((text, k) => Dom.svg("text", {
        x: cx, y: top + line * (k + 0.74), "text-anchor": "middle",
        "font-size": Math.min(13, w / (Math.max(text.length, 1) * 0.62)).toFixed(2), text,
      })));
  }

  function build(svg, data) {
    const { drawn } = data.structure.torch;
    const id = `cr-viz-${data.topology}`;
    const boxes = drawn.nodes.map(box);
    svg.replaceChildren(
      EdgeLine.markers(id),
      Dom.svg("g", {}, drawn.edges.map((edge) => Dom.svg("path", {
        class: "cr-edge cr-edge-idle", d: EdgeLine.path(edge.points), "marker-end": `url(#${id}-idle)`,
      }))),
      Dom.svg("g", {}, boxes),
    );
    const byNode = new Map();
    drawn.nodes.forEach((given, k) => {
      if (given.node === null || given.node === undefined) return;
      byNode.set(given.node, [...(byNode.get(given.node) || []), boxes[k]]);
    });
    return { drawn, byNode, boxes, lit: [] };
  }

  function draw(scene, data, k) {
    const step = Steps.at(data, k);
    for (const element of scene.lit) element.removeAttribute("data-role");
    scene.lit = [];
    const light = (node, role) => {
      for (const element of scene.byNode.get(node) || []) {
        element.setAttribute("data-role", role);
        scene.lit.push(element);
      }
    };
    if (step.from !== null) light(step.from, "from");
    light(step.node, step.phase === "forward" ? "forward" : "current");
  }

  // Boxes to keep in view for this step.
  function boxes(scene, data, k) {
    const { node } = Steps.at(data, k);
    return scene.drawn.nodes.filter((given) => given.node === node).map((given) => given.box);
  }

  return { build, draw, boxes };
})();
