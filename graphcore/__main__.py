"""The command line: ``python -m graphcore trace|compare|check|diff|export``; ``--help`` behind a command says what it takes.

Where a program is wanted, ``--module package.module:factory`` records a torch module: the factory returns it with its inputs.

Exit codes: 0 everything agrees (or what was asked for was made), 1 something is wrong or different, 2 bad input, 3 unproven.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

from graphcore.arguments import InputError
from graphcore.commands import COMMANDS
from graphcore.commands.output import BAD_INPUT, FAULT, MATCH, complain, with_carets
from graphcore.errors import ChainruleError, GraphError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise InputError(f"{message}. Try `python -m graphcore --help`.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code and never raises on bad input."""
    _speak_utf8()
    try:
        options = _parser().parse_args(arguments)
        code: int = options.run(options)
        return code
    except GraphError as error:
        complain(with_carets(error))
    except (ChainruleError, InputError) as error:
        complain(str(error))
    except BrokenPipeError:
        # whoever read our output has closed it; without this Python would complain once more on the way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return MATCH
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        complain(f"the output could not be written: {error.strerror or error}.")
    except Exception as fault:  # a fault of ours must not look like the 1 of a mismatch
        complain(f"Chainrule itself failed ({type(fault).__name__}: {str(fault)[:300]}). Please report it with the program.")
        return FAULT
    return BAD_INPUT


def _speak_utf8() -> None:
    # a C locale has no minus sign or partial derivative
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m graphcore", description="Backpropagation, every number beside torch autograd's.")
    names = "|".join(command.__name__.rpartition(".")[2] for command in COMMANDS)
    commands = parser.add_subparsers(dest="command", required=True, metavar=names)
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
