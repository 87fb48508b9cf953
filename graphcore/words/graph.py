"""Words for what is drawn."""

from __future__ import annotations

from graphcore.words.row import EVERYTHING, FOLDED, LAYER, SIDE, SQUARE, TWICE, Word

GRAPH = (
    Word(
        "node",
        "node",
        ("nodes",),
        "One box of the graph: a leaf, or one op applied to other nodes. It holds a value and, once the backward pass has "
        "come by, a gradient.",
        SQUARE,
        1,
        "y",
        "`x` is a leaf, `y` applies an op: two nodes.",
        ("vertex", "vertices", "graph unit"),
    ),
    Word(
        "leaf",
        "leaf",
        ("leaves", "leaf node", "leaf nodes"),
        "A node that nothing is computed for: an input, a parameter or a constant. Its gradient is what one asks for.",
        SIDE,
        3,
        "x",
        "`x` and `t` are leaves; `y` is none.",
        ("terminal node", "source node", "root variable"),
    ),
    Word(
        "op",
        "op",
        ("ops", "the op"),
        "One primitive computation, such as `sin` or `@`: a rule for its value and, for each operand, a rule for the "
        "gradient it hands back.",
        "x = 0.5\ny = sin(x)",
        1,
        "y",
        "`sin` is the op of the node `y`.",
        ("primitive function", "function node", "operator node"),
    ),
    Word(
        "operand",
        "operand",
        ("operands",),
        "A node that an op is applied to. One node may be two operands of the same op; then it sends its value along two edges.",
        TWICE,
        1,
        "y",
        "`x` is both operands of `y`.",
        ("child node", "parent node", "predecessor"),
    ),
    Word(
        "edge",
        "edge",
        ("edges",),
        "The use of one node as an operand of another. A value goes along it on the way forward, a downstream gradient "
        "comes back along it.",
        SQUARE,
        3,
        "x",
        "The line from `x` to `y` is the one edge.",
        ("arc of the graph", "graph link", "graph connection"),
    ),
    Word(
        "wants-no-gradient",
        "wants no gradient",
        ("want no gradient", "no gradient flows", "no gradient reaches it", "constant"),
        "Nothing asks for the gradient of this node: it is data, or depends on data alone. The backward pass leaves it out.",
        SIDE,
        3,
        "t",
        "`t` is a `const(...)`; only `x` gets a gradient.",
        ("frozen node", "non-trainable"),
    ),
    Word(
        "module",
        "module",
        ("modules",),
        "A part of a network with a name of its own, such as a layer. Folded it is one box for all ops inside; opened it "
        "shows them.",
        LAYER,
        1,
        "0",
        "The box is one `Linear`, the matrix product and its bias in it. Its + opens it.",
        ("sub-network", "supernode", "building block"),
        network=True,
        folding=FOLDED,
    ),
    Word(
        "bookkeeping-nodes",
        "bookkeeping nodes",
        ("bookkeeping node", "bookkeeping"),
        "Ops that only rearrange or pick out numbers and hand the gradient on unchanged. They are left out of the picture "
        "until asked for.",
        LAYER,
        1,
        "0.t",
        "The box `0 T` only transposes the weight.",
        ("plumbing", "helper node", "glue node"),
        network=True,
        folding=EVERYTHING,
    ),
)
