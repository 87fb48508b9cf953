"""Words for what is said of our gradients beside torch's."""

from __future__ import annotations

from graphcore.words.row import CHAIN, KINK, Word

TORCH = (
    Word(
        "twin",
        "twin",
        ("twins", "torch says", "torch's node"),
        "The autograd node that torch made for a node of ours. It stands at the same height in the right pane and is lit "
        "together with it.",
        "x = 2\ny = exp(x)",
        3,
        "y",
        "`ExpBackward0` is the twin of `y`.",
        ("counterpart", "torch partner", "mirror node"),
    ),
    Word(
        "match",
        "match",
        ("matches", "matches torch", "match torch", "torch says, equal", "torch: equal", "same in torch"),
        "The verdict on one node: the gradient by our rules and the one of torch autograd are equal to rounding, and not "
        "both zero.",
        CHAIN,
        5,
        "x",
        "The sign = in the right pane.",
        ("ground truth", "test passed", "perfect agreement"),
    ),
    Word(
        "equal-to-rounding",
        "equal to rounding",
        ("equal to torch, to rounding", "to rounding"),
        "Equal but for the last digits, where two orders of the same arithmetic round differently: at most 256 eps of the "
        "largest entry.",
        CHAIN,
        5,
        "x",
        "The error in the gradient table, in eps.",
        ("numerically equal", "within tolerance", "approximately equal", "close enough", "allclose", "almost equal"),
    ),
    Word(
        "eps",
        "eps",
        ("error, eps",),
        "The gap between 1 and the next larger number of float64, about 2.2e-16. Differences are counted in eps of a "
        "gradient's largest entry.",
        CHAIN,
        5,
        "x",
        "0 eps means the very same digits.",
        ("machine precision unit", "ULP"),
    ),
    Word(
        "zero",
        "zero on both sides",
        ("zero in torch too", "zero"),
        "Both gradients are exactly 0. A wrong rule may well give 0 too, so this proves nothing and is not counted as a match.",
        "x = 0\ny = x**2",
        3,
        "x",
        "2x is 0 at x = 0.",
        ("dead gradient", "null gradient"),
    ),
    Word(
        "kink",
        "kink",
        ("kinks", "at its kink", "at a kink"),
        "A place where an op has no derivative because its curve bends sharply, as `relu` at 0. torch picks one of the "
        "possible slopes; so do we.",
        KINK,
        1,
        "y",
        "`relu` at 0: the gradient is taken as 0.",
        ("non-differentiable point", "cusp", "sharp corner"),
    ),
    Word(
        "non-finite",
        "non-finite",
        ("not finite on either side", "not a number", "nan"),
        "A value or gradient that is inf or nan: no number to compare. It begins at one op and spreads to all that depend on it.",
        "x = 0\ny = log(x)",
        3,
        "x",
        "The logarithm of 0 is −inf, and its slope there is inf.",
        ("numerical explosion", "blown up"),
    ),
    Word(
        "stronger-point",
        "stronger point",
        ("stronger points", "proves little", "unproven"),
        "Other leaf values, at which a wrong rule would show. At special numbers, such as 0, 1 or equal entries, wrong and "
        "right can agree.",
        "x = 0\ny = x * x",
        4,
        "x",
        "At x = 0 every rule gives 0; at x = 0.7 only the right one agrees.",
        ("better test point", "generic point", "random restart"),
    ),
    Word(
        "random-seed",
        "random seed",
        ("random seeds",),
        "The number that random weights and data are drawn by: the same one draws the same numbers again.",
        "x = rand(2, seed=1)\ny = sum(x**2)",
        1,
        "x",
        "Write another number after `seed=` and the entries of `x` change.",
        ("RNG state", "random state"),
    ),
)
