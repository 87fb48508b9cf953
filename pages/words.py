"""Words: what every word on the screen means, each with a small picture to step through."""

from pages.ui.frame import configure
from pages.ui.words import words

configure("Words · Chainrule")
words()
