"""Explore: type a function, step through its backpropagation beside torch's."""

from pages.ui.explore import explore
from pages.ui.frame import configure

configure("Explore · Chainrule")
explore()
