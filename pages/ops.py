"""Ops: the registry as a reference, with an example of every op to open in Explore."""

from pages.ui.frame import configure
from pages.ui.reference import reference

configure("Ops · Chainrule")
reference()
