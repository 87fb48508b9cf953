"""What stands behind page Check: the problem, the hand-in, the verdict, and everything shown of them."""

from graphcore.picture.check.session import CheckSession

__all__ = ["CheckSession"]
