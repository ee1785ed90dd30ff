"""The command `landmarks`: it lists the commands, and runs the one that is named."""

import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

# In the order in which one comes to need them.
COMMANDS = ("train", "evaluate", "predict", "synthesize", "report", "plan", "verify")


def main() -> int:
    """Run the command named by the first argument; without one, list the commands.

    Returns:
        The exit code: 2 for an unknown command.
    """
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print(_listing())
        return 0
    if name not in COMMANDS:
        close = get_close_matches(name, COMMANDS, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        print(
            f"error: unknown command {name!r}; use one of {', '.join(COMMANDS)}{hint}",
            file=sys.stderr,
        )
        return 2
    sys.argv = [f"landmarks {name}", *sys.argv[2:]]
    return import_module(f"landmarks.cli.{name}").main() or 0


def _listing() -> str:
    """A line for each command, with the first line of its module, and how to get help."""
    width = max(map(len, COMMANDS))
    lines = [f"  landmarks {name:{width}}  {_purpose(name)}" for name in COMMANDS]
    return "\n".join(
        (
            "What synthetic faces are worth for landmark detection. Commands:",
            "",
            *lines,
            "",
            "Add --help after a command for its arguments; README.md has examples.",
        )
    )


def _purpose(name: str) -> str:
    """Read, not imported: some commands take seconds to import."""
    first = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8").partition("\n")[0]
    return first.partition(": ")[2].removesuffix(".")
