"""Places of landmarks that are on no line of iBUG's 68: write two of the shipped schemes.

python scripts/place_schemes.py path/to/canonical_face_model.obj

Writes `dense.yaml` and `mediapipe468.yaml` into `src/landmarks/scheme/shipped`, and prints the
places beside the nose that `aflw19.yaml`, `cofw29.yaml` and `lapa106.yaml` have.

dense: vertices of the face chosen one after another, each as far as possible from those before it
and from their mirror images, starting with corners of the eyes and the mouth.

mediapipe468: MediaPipe's canonical face model (Apache-2.0; mediapipe/modules/face_geometry/data in
its repository) is scaled and bent onto our average head by a smooth map through landmarks that both
have (`ANCHORS`), and each of its vertices is moved to the nearest point of the skin; lips to the
same lip. The left side mirrors the right one. Edges of brows and lips are on the lines of ours.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial import KDTree

from landmarks.scheme import IBUG68, OnLine
from landmarks.synthesis.mesh.assets import head_arrays
from landmarks.synthesis.mesh.front import find_front
from landmarks.synthesis.mesh.head import AVERAGE, load_head
from landmarks.synthesis.mesh.labels import face_vertices, find_landmarks
from landmarks.synthesis.mesh.places import LINES, on_line
from landmarks.synthesis.mesh.regions import find_regions
from landmarks.synthesis.mesh.surfaces import VertexNormals
from landmarks.synthesis.scene.expression import Expression

SHIPPED = Path(__file__).parents[1] / "src/landmarks/scheme/shipped"

# x and z of the average head, metres: where the mean faces of COFW, AFLW and LaPa have the widest
# point of the right wing of the nose, and LaPa's two points above it.
BESIDE_NOSE = {"wing": (-0.0185, 0.6895), "above": (-0.0156, 0.7015), "root": (-0.0106, 0.7274)}

DENSE = 400
FIRST = (36, 39, 48, 27, 30, 33, 8, 51, 57)  # of the 68: where the choice of dense points begins
BEHIND, FACING = 0.001, 0.1  # metres behind the visible skin; cosine to the camera
NEAR = 0.012  # metres: a dense point this near to a landmark belongs to its region

# Landmarks of the right side and the middle: of iBUG, and of MediaPipe's mesh.
ANCHORS = {
    0: 127, 1: 234, 2: 93, 3: 132, 4: 58, 6: 150, 8: 152,
    17: 70, 18: 63, 19: 105, 20: 66, 21: 107, 27: 168, 30: 4, 31: 98, 32: 97, 33: 2,
    36: 33, 37: 160, 38: 158, 39: 133, 40: 153, 41: 144,
    48: 61, 49: 39, 50: 37, 51: 0, 57: 17, 58: 84, 60: 78, 61: 82, 62: 13, 66: 14, 67: 87,
}  # fmt: skip
# Both edges of MediaPipe's right brow, outer end first.
BROW, BROW_LOWER = (70, 63, 105, 66, 107), (46, 53, 52, 65, 55)
# Edges of MediaPipe's lips from the right corner to the middle, and where they are on our lines.
LIP_EDGES = (
    ("outer_lip", (0, 3), (61, 185, 40, 39, 37, 0)),
    ("outer_lip", (12, 9), (61, 146, 91, 181, 84, 17)),
    ("inner_lip", (0, 2), (78, 191, 80, 81, 82, 13)),
    ("inner_lip", (8, 6), (78, 95, 88, 178, 87, 14)),
)
# Points this near to where MediaPipe's lips meet, centimetres, stay on their lip.
LIPS_SIDE, LIPS_HEIGHT = 1.7, 0.7
GRID = 12  # points along each edge of a triangle among which the nearest one is chosen

HEAD = load_head()
REGIONS = find_regions(HEAD)
MIRROR = head_arrays()["mirror"]
MARKS = find_landmarks(HEAD, REGIONS).of(HEAD.rest)


def main() -> None:
    """Write both files and print the places beside the nose."""
    canonical = read_vertices(Path(sys.argv[1]))
    (SHIPPED / "dense.yaml").write_text(dense())
    (SHIPPED / "mediapipe468.yaml").write_text(mediapipe(canonical))
    front = find_front(HEAD, REGIONS)
    for name, at in BESIDE_NOSE.items():
        corners, weights = front.find(np.array([at]))
        print(name, place_text(corners[0], weights[0]))
        print("  left", place_text(MIRROR[corners[0]], weights[0]))


# Dense


def dense() -> str:
    """The scheme `dense`: points of the middle first, then of the right side, then of the left."""
    face = open_face()
    middle = face[MIRROR[face] == face]
    right = face[HEAD.rest[face, 0] < -0.002]
    chosen = spread(np.concatenate([middle, right]))
    in_middle = [v for v in chosen if MIRROR[v] == v]
    on_right = [v for v in chosen if MIRROR[v] != v]
    vertices = [*in_middle, *on_right, *MIRROR[on_right].tolist()]
    m, r = len(in_middle), len(on_right)
    corner = m + on_right.index(nearest_vertex(36, face))
    regions = dense_regions(vertices)
    lines = [
        "# Vertices of our own head, spread evenly over the face by scripts/place_schemes.py: the",
        f"# {m} of the middle, {r} of the right side, then the same of the left side.",
        "name: dense",
        f"points: {len(vertices)}",
        f"mirror: {{{m}-{m + r - 1}: {m + r}-{m + 2 * r - 1}}}",
        "normaliser: interocular",
        f"outer_eye_corners: [{corner}, {corner + r}]",
        "regions:",
        *(f"  {name}: {wrapped(rows, 4)}" for name, rows in regions.items()),
        "places:",
        f"  0-{len(vertices) - 1}:",
        f"    vertex: {wrapped(vertices, 6)}",
    ]
    return "\n".join(lines) + "\n"


def open_face() -> NDArray[np.intp]:
    """Vertices of the face that are seen from the front and not below the jaw."""
    face = face_vertices(HEAD, REGIONS)
    at = HEAD.rest[face].astype(np.float64)
    jaw = MARKS[:17]
    face = face[at[:, 2] > np.interp(at[:, 0], jaw[:, 0], jaw[:, 2])]
    at = HEAD.rest[face].astype(np.float64)
    corners, weights = find_front(HEAD, REGIONS).find(at[:, [0, 2]])
    frontmost = np.einsum("nc,nc->n", weights, HEAD.rest[corners][..., 1])
    normals = VertexNormals(HEAD.triangles_of("body"), len(HEAD.rest))(HEAD.rest)
    face = face[(at[:, 1] < frontmost + BEHIND) & (normals[face, 1] < -FACING)]
    face = face[~in_eyes(HEAD.rest[face])]
    return face[np.isin(MIRROR[face], face)]


def in_eyes(points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(N,) which points are between the lids: on the skin behind the eyeballs."""
    eyes = [np.float32(MARKS[list(eye)][:, [0, 2]]) for eye in IBUG68.pupils]
    flat = points[:, [0, 2]].astype(float).tolist()
    tests = [[cv2.pointPolygonTest(eye, point, True) > 0.0005 for eye in eyes] for point in flat]
    return np.array(tests).any(axis=1)


def spread(candidates: NDArray[np.intp]) -> list[int]:
    """Vertices of the middle and the right side, `DENSE` with their mirror images."""
    at = HEAD.rest[candidates].astype(np.float64)
    flipped = at * (-1, 1, 1)
    chosen = [nearest_vertex(k, candidates) for k in FIRST]
    distance = np.full(len(candidates), np.inf)
    for v in chosen:
        distance = np.minimum(distance, closest(at, flipped, HEAD.rest[v]))
    while sum(1 + (MIRROR[v] != v) for v in chosen) < DENSE:
        v = int(candidates[distance.argmax()])
        chosen.append(v)
        distance = np.minimum(distance, closest(at, flipped, HEAD.rest[v]))
    return chosen


def closest(
    at: NDArray[np.float64], flipped: NDArray[np.float64], point: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(N,) distance of each point, or of its mirror image, from `point`."""
    both = [np.linalg.norm(rows - point, axis=1) for rows in (at, flipped)]
    # A point of the right side is also too near to its own mirror image.
    return np.asarray(np.minimum(*both))


def nearest_vertex(k: int, among: NDArray[np.intp]) -> int:
    """The vertex nearest to landmark `k` of the 68; of the middle for one of the middle."""
    allowed = among[(MIRROR[among] == among) == (IBUG68.mirror[k] == k)]
    return int(allowed[np.linalg.norm(HEAD.rest[allowed] - MARKS[k], axis=1).argmin()])


def dense_regions(vertices: list[int]) -> dict[str, list[int]]:
    """Points near the landmarks of a region belong to it, the others to forehead or cheeks."""
    at = HEAD.rest[vertices]
    parts = [name for name in IBUG68.regions if name != "inner51"]
    gaps = np.stack(
        [
            np.linalg.norm(at[:, None] - MARKS[list(IBUG68.regions[name])], axis=2).min(axis=1)
            for name in parts
        ]
    )
    found: dict[str, list[int]] = {name: [] for name in (*parts, "forehead", "cheeks")}
    for row, (point, gap) in enumerate(zip(at, gaps.T, strict=True)):
        above = point[2] > MARKS[17:27, 2].mean()
        name = parts[gap.argmin()] if gap.min() < NEAR else "forehead" if above else "cheeks"
        found[name].append(row)
    return found


# MediaPipe


def read_vertices(path: Path) -> NDArray[np.float64]:
    """(468, 3) vertices of an OBJ file: x to the person's left, y up, z forward, centimetres."""
    rows = [line.split()[1:4] for line in path.read_text().splitlines() if line.startswith("v ")]
    points = np.array(rows[:468], np.float64)
    if points.shape != (468, 3):
        raise SystemExit(f"{path}: {len(points)} vertices; expected MediaPipe's 468")
    return points


def mediapipe(canonical: NDArray[np.float64]) -> str:
    """The scheme `mediapipe468`."""
    pairs = KDTree(canonical).query(canonical * (-1, 1, 1))[1]
    right = np.flatnonzero(canonical[:, 0] <= 0)
    corners, weights = on_skin(bent(canonical)[right], canonical[right])
    places = {}
    for k, triangle, share in zip(right.tolist(), corners, weights, strict=True):
        if pairs[k] == k:
            triangle, share = in_the_middle(triangle, share)
        places[k] = place_text(triangle, share)
        places[int(pairs[k])] = place_text(MIRROR[triangle], share)
    for line, along in (("brow", BROW), ("brow_lower", BROW_LOWER)):
        for at, k in enumerate(along):
            places[k] = f"{{line: right_{line}, at: {at}}}"
            places[int(pairs[k])] = f"{{line: left_{line}, at: {4 - at}}}"
    for line, ends, along in LIP_EDGES:
        for k, at in zip(along, lip_positions(line, ends, canonical[list(along), 0]), strict=True):
            places[k] = f"{{line: {line}, at: {at:g}}}"
            # Counted from the left corner, in the other direction.
            other = (2 * ends[1] - at) % (len(LINES[line]) - 1)
            places[int(pairs[k])] = f"{{line: {line}, at: {other:g}}}"
    template = (SHIPPED / "mediapipe468.yaml").read_text().partition("places:")[0]
    return template + "places:\n" + "".join(f"  {k}: {places[k]}\n" for k in range(468))


def lip_positions(
    line: str, ends: tuple[int, int], sides: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where on a line of ours, from a corner to the middle, points are as far to the side."""
    at = np.linspace(*ends, 201)
    x = [sum(w * MARKS[k, 0] for k, w in on_line(OnLine(line, a)).items()) for a in at]
    shares, ours = sides / sides[0], np.minimum.accumulate(np.array(x) / x[0])
    found = np.interp(-shares, -ours, at).round(2)
    found[0] = ends[0]
    return found


def bent(canonical: NDArray[np.float64]) -> NDArray[np.float64]:
    """The canonical face in the axes of our head, with the anchors on our landmarks."""
    turned = canonical[:, [0, 2, 1]] * (0.01, -0.01, 0.01)
    ours = [*ANCHORS, *(IBUG68.mirror[k] for k in ANCHORS if IBUG68.mirror[k] != k)]
    pairs = KDTree(canonical).query(canonical * (-1, 1, 1))[1]
    theirs = [*ANCHORS.values(), *(pairs[ANCHORS[k]] for k in ANCHORS if IBUG68.mirror[k] != k)]
    away = RBFInterpolator(turned[theirs], MARKS[ours], kernel="linear", degree=1, smoothing=1e-5)
    return np.asarray(away(turned))


def on_skin(
    points: NDArray[np.float64], canonical: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The nearest points of the skin: triangles (N, 3) and barycentric weights (N, 3)."""
    triangles = HEAD.triangles_of("body")
    outer = (REGIONS.mouth[triangles] < 0.3).all(1) & (REGIONS.ears[triangles] < 0.5).all(1)
    triangles = triangles[outer]
    i, j = np.meshgrid(np.arange(GRID + 1), np.arange(GRID + 1), indexing="ij")
    inside = i + j <= GRID
    grid = np.stack([i[inside], j[inside], GRID - i[inside] - j[inside]], axis=1) / GRID
    samples = np.einsum("gc,tcd->tgd", grid, HEAD.rest[triangles]).reshape(-1, 3)
    lower = np.repeat(is_lower(triangles), len(grid))
    # The line where MediaPipe's closed lips meet, from its corner to the middle.
    parting = np.interp(np.abs(canonical[:, 0]), (0, 2.118), (-4.268, -4.137))
    lip = np.abs(canonical[:, 1] - parting) < LIPS_HEIGHT
    lip &= np.abs(canonical[:, 0]) < LIPS_SIDE
    found = KDTree(samples).query(points)[1]
    for chosen, among in (
        (lip & (canonical[:, 1] > parting), ~lower),
        (lip & (canonical[:, 1] < parting), lower),
    ):
        rows = np.flatnonzero(among)
        found[chosen] = rows[KDTree(samples[rows]).query(points[chosen])[1]]
    return triangles[found // len(grid)], grid[found % len(grid)]


def is_lower(triangles: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(T,) whether a triangle moves with the jaw, as the lower lip does."""
    opened, _ = HEAD.shape(AVERAGE, Expression({"jawOpen": 1.0}))
    closed, _ = HEAD.shape(AVERAGE, Expression({}))
    sunk = (closed - opened)[:, 2]
    return np.asarray((sunk[triangles] > sunk.max() / 2).all(axis=1))


def in_the_middle(
    triangle: NDArray[np.intp], weights: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The same point moved to the plane of symmetry."""
    here = weights @ HEAD.rest[triangle]
    middle = np.flatnonzero(np.arange(len(MIRROR)) == MIRROR)
    middle = middle[np.isin(middle, HEAD.skin)]
    order = np.linalg.norm(HEAD.rest[middle] - here, axis=1).argsort()
    first, second = middle[order[:2]]
    along = HEAD.rest[second] - HEAD.rest[first]
    share = float(np.clip((here - HEAD.rest[first]) @ along / (along @ along), 0, 1))
    return np.array([first, second, second]), np.array([1 - share, share, 0.0])


# YAML


def place_text(corners: Iterable[int], weights: Iterable[float]) -> str:
    """A place as a scheme's file has it; the weights sum to 1."""
    a, b, c = (int(v) for v in corners)
    u, v = (round(float(w), 4) for w in list(weights)[:2])
    return f"{{corners: [{a}, {b}, {c}], weights: [{u}, {v}, {round(1 - u - v, 4)}]}}"


def wrapped(numbers: Iterable[int], indent: int) -> str:
    """A list in YAML, in lines of up to 99 characters, the first of them after its key."""
    lines = ["["]
    for number in numbers:
        word = f"{number}, "
        if len(lines[-1]) + len(word) > 84 - indent:
            lines.append("")
        lines[-1] += word
    rows = [line.rstrip() for line in lines]
    return ("\n" + " " * indent).join(rows).rstrip(",") + "]"


if __name__ == "__main__":
    main()
