"""Faces of the report: the sheets of test faces that runs left beside their predictions."""

from dataclasses import dataclass

from landmarks.analysis.exchange import Exchange
from landmarks.analysis.study import BASELINE, Cell, Study, StudyRun
from landmarks.analysis.styles import look
from landmarks.errors import InputError

FACES = "faces.png"  # `landmarks.inference.pictures` draws it at the end of a run
PNG = b"\x89PNG\r\n\x1a\n"  # how such a file begins


@dataclass(frozen=True, kw_only=True)
class FaceSheet:
    """A picture of test faces.

    Attributes:
        caption: What it shows, in a sentence or two.
        png: The file's bytes.
    """

    caption: str
    png: bytes

    def __post_init__(self) -> None:
        """Refuse what a browser would show as a broken picture."""
        if not self.png.startswith(PNG):
            raise InputError(
                f"{self.caption!r} is not a PNG file: it starts with {self.png[:8]!r}; run it again"
            )


def sheets(study: Study, headline: Exchange | None, photos: bool) -> tuple[FaceSheet, ...]:
    """The test faces of the headline's strategy and of real only at its size, first common seed.

    Args:
        study: Finished runs.
        headline: Whose faces to show; None shows those of the study's last run.
        photos: Whether photographs may be shown, which a report does not do unasked: whoever
            passes it on passes on the faces of people.

    Returns:
        Nothing of a study on photographs unless asked. A study that was passed on without its
        pictures has none to show.

    Raises:
        InputError: Photographs are asked for, and a run has no picture; or it is not a PNG file.
    """
    if not study.rendered_test and not photos:
        return ()
    found = []
    for run in _shown(study, headline):
        path = run.directory / FACES
        if path.exists():
            found.append(FaceSheet(caption=_caption(study, run), png=path.read_bytes()))
        elif photos:
            raise InputError(f"{path}: no such file; run it again, or ask for no photos")
    return tuple(found)


def _shown(study: Study, headline: Exchange | None) -> tuple[StudyRun, ...]:
    if headline is None:
        return study.runs[-1:]
    cells: list[Cell] = [(headline.strategy, headline.n_real), (BASELINE, headline.n_real)]
    seeds = study.seeds(cells)
    if not seeds:  # real only was not run with as many
        cells, seeds = cells[:1], study.seeds(cells[:1])
    return tuple(study.by_cell[cell][seeds[0]] for cell in cells)


def _caption(study: Study, run: StudyRun) -> str:
    result = run.result
    kind = "drawn or rendered faces" if study.rendered_test else "photographs"
    label = look(result.strategy).opening
    return (
        f"{label}, {result.n_real:,} real faces, seed {result.seed}: "
        f"predicted and labelled landmarks of test faces, {kind}, from the best to the worst. NME "
        f"of all {len(study.photos):,}: {100 * run.nme:.2f} %."
    )
