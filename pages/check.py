"""Check my gradients: hand in what you computed, see which node is wrong and why."""

from pages.ui.check import check
from pages.ui.frame import configure

configure("Check my gradients · Chainrule")
check()
