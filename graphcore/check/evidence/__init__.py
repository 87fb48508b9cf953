"""How sure a match is: a third witness, warnings where it proves little, and a stronger point."""

from graphcore.check.evidence.found import Evidence
from graphcore.check.evidence.rows import evidence_rows, evidence_text
from graphcore.check.evidence.stronger import NotCaught, StrongerPoint, stronger
from graphcore.check.evidence.warn import warnings
from graphcore.check.evidence.witness import Witness, witness

__all__ = [
    "Evidence",
    "NotCaught",
    "StrongerPoint",
    "Witness",
    "evidence_rows",
    "evidence_text",
    "stronger",
    "warnings",
    "witness",
]
