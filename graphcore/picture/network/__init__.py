"""The Networks page's session: a network text with its settings, run in the background, shown folded by module."""

from graphcore.picture.network.session import NetworkSession
from graphcore.picture.network.settings import Request, Settings

__all__ = ["NetworkSession", "Request", "Settings"]
