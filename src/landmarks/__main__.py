"""The commands, for whoever types `python -m landmarks`."""

import sys
from pathlib import Path

# In the order in which one comes to need them.
COMMANDS = ("train", "evaluate", "predict", "synthesize", "report", "plan", "verify")


def listed() -> str:
    """A line for each command, with what its module says of itself, and how to get help."""
    width = max(map(len, COMMANDS))
    lines = [f"  python -m landmarks.{name:{width}}  {_purpose(name)}" for name in COMMANDS]
    return "\n".join(
        (
            "What synthetic faces are worth for landmark detection. Commands:",
            "",
            *lines,
            "",
            "--help after a command says what can be given to it; README.md has examples.",
        )
    )


def _purpose(name: str) -> str:
    """Read, not imported: some commands take seconds to import."""
    first = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8").partition("\n")[0]
    return first.partition(": ")[2].removesuffix(".")


def main(arguments: list[str]) -> int:
    """Print the list; 2 if something was given that belongs to a command."""
    if set(arguments) - {"-h", "--help"}:
        print(
            f"error: landmarks is given {arguments[0]!r}, and takes nothing; a command is called "
            f"as python -m landmarks.{COMMANDS[0]}; without words, the commands are listed",
            file=sys.stderr,
        )
        return 2
    print(listed())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
