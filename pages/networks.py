"""Networks: any PyTorch module, recorded and stepped through beside torch."""

from pages.ui.frame import configure
from pages.ui.networks import networks

configure("Networks · Chainrule")
networks()
