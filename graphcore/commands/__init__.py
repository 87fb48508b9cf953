"""The commands of ``python -m graphcore``, a module each.

A command's ``add(commands)`` adds its subparser and names its ``run(options)``, which prints the answer and returns the exit
code. What cannot be used is raised, as a ChainruleError or an InputError; the command line says it.
"""

from graphcore.commands import check, compare, diff, export, trace

# in the order in which the help lists them
COMMANDS = (trace, compare, check, diff, export)

__all__ = ["COMMANDS"]
