"""The command `landmarks`: list the commands, or run the one that the first argument names."""

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from landmarks import __version__
from landmarks.cli.environment import prepare

# In the order in which one needs them.
COMMANDS = (
    "train",
    "evaluate",
    "predict",
    "export",
    "score",
    "scheme",
    "synthesize",
    "audit",
    "report",
    "plan",
    "verify",
)
# Those whose arguments are Hydra's `option=value`, which a shell can complete.
HYDRA_COMMANDS = ("train", "evaluate", "synthesize", "audit")


def main() -> int:
    """Run the command named by the first argument; without one, list the commands.

    Returns:
        The exit code: 2 for an unknown command.
    """
    try:
        code = _run()
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of the output has closed it, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run() -> int:
    name, arguments = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("--help", [])
    if name in ("-h", "--help"):
        print(_listing())
        return 0
    if name == "--version":
        print(f"landmarks {__version__}")
        return 0
    if name in ("-sc", "--shell-completion"):
        return _complete()
    if name not in COMMANDS:
        close = get_close_matches(name, COMMANDS, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        print(
            f"error: unknown command {name!r}; use one of {', '.join(COMMANDS)}{hint}",
            file=sys.stderr,
        )
        return 2
    prepare()
    sys.argv = [f"landmarks {name}", *arguments]
    return import_module(f"landmarks.cli.{name}").main() or 0


def _complete() -> int:
    """Print completions for the line in COMP_LINE, or with `install=bash` what sets them up.

    Hydra expects a program without commands: it gets the line without the command's name.
    """
    program, *words = os.environ.get("COMP_LINE", "landmarks train ").split(" ")
    name = words[0] if words else ""
    if len(words) < 2:
        print(" ".join(COMMANDS))
    elif name in HYDRA_COMMANDS:
        os.environ["COMP_LINE"] = " ".join([program, *words[1:]])
        import_module(f"landmarks.cli.{name}").main()
    return 0


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
            "Help on a command: landmarks train --help. Version: landmarks --version.",
            'Completion in bash: eval "$(landmarks --shell-completion install=bash)"',
        )
    )


def _purpose(name: str) -> str:
    """Read from the file, because importing some commands takes seconds."""
    first = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8").partition("\n")[0]
    return first.partition(": ")[2].removesuffix(".")
