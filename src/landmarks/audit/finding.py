"""What a check of an audit finds."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from landmarks.audit.material import Material


@dataclass(frozen=True, kw_only=True)
class Price:
    """The inter-ocular NME that a fault costs, as fractions: 0.005 is half a per cent.

    Attributes:
        nme: The increase of the NME.
        low: Lower end of its 95 % interval.
        high: Upper end.
        how: What the number was computed from, for people.
    """

    nme: float
    low: float
    high: float
    how: str = ""

    def __post_init__(self) -> None:
        """Refuse an interval that does not contain the number."""
        if not self.low <= self.nme <= self.high or not math.isfinite(self.high - self.low):
            raise ValueError(f"price {self.nme} outside its interval, {self.low} to {self.high}")

    def __str__(self) -> str:
        """In per cent, with the interval in brackets."""
        return f"{100 * self.nme:+z.2f} % [{100 * self.low:+z.2f}, {100 * self.high:+z.2f}]"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fault that a check has found.

    Attributes:
        check: Name of the check: "mirror", "pixel origin".
        data: What it is about: "real", "synthetic", "test", "real and test", "runs".
        fault: Short name of the fault: "left and right exchanged", "1-based coordinates".
        text: One or two sentences with the numbers.
        fix: What to do: the option or the command.
        faces: Positions in the dataset that `data` names first, the worst first; shown as pictures.
        beside: For each of `faces`, a position in the dataset that `data` names last, to show with
            it, such as the copy of a photo; or empty.
        price: The NME that it costs, if it was computed.
        files: Paths below the folder of the report and texts of files that `fix` needs.
    """

    check: str
    data: str
    fault: str
    text: str
    fix: str
    faces: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    price: Price | None = None
    files: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse faces of which only some have one beside them."""
        if self.beside and len(self.beside) != len(self.faces):
            raise ValueError(f"{len(self.beside)} faces beside {len(self.faces)}")

    @property
    def role(self) -> str:
        """The dataset that `faces` are positions in."""
        return self.data.split(" ")[0]

    @property
    def other_role(self) -> str:
        """The dataset that `beside` are positions in."""
        return self.data.split(" ")[-1]


class Check(Protocol):
    """A method that finds one kind of fault.

    Checks are frozen dataclasses whose fields are their thresholds. The class's docstring states
    the method, the thresholds and the rate of false alarms on clean data.
    """

    @property
    def name(self) -> str:
        """A short name: "mirror", "pixel origin"."""
        ...

    @property
    def method(self) -> str:
        """One sentence: what is computed, and when it is a finding."""
        ...

    def looked_at(self, material: "Material") -> str:
        """The data that the check looks at, "870 real and 337 test faces"; empty: none of them.

        It is printed, so that "nothing found" says how much was looked at.
        """
        ...

    def __call__(self, material: "Material") -> list[Finding]:
        """The faults that are found; none if the data that the check needs are absent."""
        ...
