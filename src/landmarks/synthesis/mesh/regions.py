"""Regions of the head: smooth masks and angles for each vertex of the average face.

Positions are in metres from the height of the eyes, so that they are easy to read: cheeks are 4 cm
to the side and 3 cm down. Masks belong to vertices and therefore follow any face shape.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.mesh.head import Head
from landmarks.synthesis.scene.hair import Hair

Array = NDArray[np.float32]

# Middle of the skull: (y, height over the eyes); angles of hair are seen from here.
SKULL = (-0.055, 0.025)

# Hairline: azimuth from the front (radians), elevation there, and how far it follows the front's
# shifts and baldness.
HAIRLINE = (
    (0.0, 0.62, 1.0, 0.70),
    (0.6, 0.58, 1.0, 0.85),
    (1.02, 0.30, 0.6, 0.50),
    (1.32, -0.34, 0.0, 0.0),
    (1.6, -0.05, 0.0, 0.0),
    (2.1, -0.5, 0.0, 0.0),
    (3.1416, -0.72, 0.0, 0.0),
)
FRINGE_ENDS = (0.75, 1.05)  # azimuths between which a fringe fades out

# Upper edge of a beard on the cheek: distance from the middle, height.
CHEEK_LINE = (
    (0, -0.052), (0.012, -0.053), (0.024, -0.058), (0.03, -0.066), (0.045, -0.056),
    (0.06, -0.042), (0.072, -0.02),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Regions:
    """Masks in [0, 1] and coordinates of each vertex, (V,) float32.

    Attributes:
        side: Distance from the middle plane, metres.
        height: Over the eyes, metres.
        depth: y, metres; the face is at the front, which is negative.
        lips: Red of the lips.
        mouth: Inside of the mouth.
        nostrils: Inside of the nose, which is modelled as shallow dents.
        ears: Ears.
        cheeks: Parts that blush: cheeks, nose, chin, ears.
        under_eyes: Where dark rings are.
        shine: Forehead, nose and chin, which are oily.
        beard: Where a beard grows.
        scalp: 1 where hair may grow, hairline aside.
        azimuth: Seen from the skull's middle, 0 front to pi back, radians.
        elevation: Seen from the skull's middle, angle above the horizon, radians.
        eye_height: z of the eyes, metres, of the average face.
    """

    side: Array
    height: Array
    depth: Array
    lips: Array
    mouth: Array
    nostrils: Array
    ears: Array
    cheeks: Array
    under_eyes: Array
    shine: Array
    beard: Array
    scalp: Array
    azimuth: Array
    elevation: Array
    eye_height: float

    def over_hairline(self, hair: Hair) -> Array:
        """(V,) radians over the hairline; negative where no hair grows."""
        at, line, follows, recedes = np.array(HAIRLINE).T
        edge = line + follows * hair.hairline + recedes * hair.baldness
        low = np.interp(self.azimuth, FRINGE_ENDS, (hair.fringe, 0.0))
        over = self.elevation - np.interp(self.azimuth, at, edge) + low
        return np.where(self.scalp > 0, over, -1.0).astype(np.float32)


def find_regions(head: Head) -> Regions:
    """The regions of the average face."""
    rest = head.rest
    eye_height = float(rest[head.eyes[0], 2].mean())
    side, depth, height = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2] - eye_height
    lips, mouth, ears = (head.masks[name] for name in ("lips", "mouth", "ears"))

    def spot(at: tuple[float, float], width: float, tall: float) -> Array:
        return np.exp(-(((side - at[0]) / width) ** 2) - ((height - at[1]) / tall) ** 2)

    front = np.clip((-depth - 0.06) / 0.03, 0, 1)
    cheeks = spot((0.042, -0.032), 0.020, 0.020) + 0.8 * spot((0, -0.040), 0.014, 0.012)
    cheeks = cheeks + 0.35 * spot((0, -0.10), 0.02, 0.012)
    rings = spot((0.032, -0.010), 0.016, 0.007) + 0.8 * spot((0.033, 0.006), 0.018, 0.006)
    rings = rings + 0.5 * spot((0.016, -0.002), 0.006, 0.008)
    shine = spot((0, -0.02), 0.014, 0.04) + spot((0, 0.045), 0.045, 0.022)
    shine = shine + 0.6 * spot((0, -0.1), 0.015, 0.012) + 0.5 * spot((0.04, -0.02), 0.02, 0.012)
    up, forward = height - SKULL[1], -(depth - SKULL[0])
    on_skin = np.zeros(len(rest), bool)
    on_skin[head.skin] = True
    scalp = on_skin & (ears < 0.1) & (height > -0.075) & (mouth < 0.3)
    values = {
        "side": side, "height": height, "depth": depth, "lips": lips, "mouth": mouth, "ears": ears,
        "nostrils": _dent(side, depth, height),
        "cheeks": np.clip(cheeks, 0, 1) * front + 0.9 * (ears > 0.3),
        "under_eyes": np.clip(rings, 0, 1) * front,
        "shine": np.clip(shine, 0, 1) * front,
        "beard": on_skin * _beard(side, depth, height) * _hairless(lips, mouth, ears),
        "scalp": scalp,
        "azimuth": np.arctan2(side, forward),
        "elevation": np.arctan2(up, np.hypot(side, forward)),
    }  # fmt: skip
    return Regions(
        **{name: np.asarray(value, np.float32) for name, value in values.items()},
        eye_height=eye_height,
    )


def _beard(side: Array, depth: Array, height: Array) -> Array:
    """Below the cheek line, above the throat, thinner beside the lower lip."""
    cheek_line = np.interp(side, *np.array(CHEEK_LINE).T)
    throat = -0.124 - 0.35 * np.clip(depth + 0.135, 0, 0.06)
    below = _step((cheek_line - height) / 0.0025) * _step((height - throat) / 0.004)
    bare = np.exp(-(((side - 0.012) / 0.006) ** 2) - ((height + 0.092) / 0.006) ** 2)
    return np.asarray(below * np.clip((-depth - 0.03) / 0.03, 0, 1) * (1 - 0.75 * bare))


def _dent(side: Array, depth: Array, height: Array) -> Array:
    """The roof of the nostrils, 1 cm from the middle and 4.4 cm below the eyes."""
    near = ((side - 0.0100) / 0.0026) ** 2 + ((height + 0.0441) / 0.0014) ** 2
    near += ((depth + 0.1588) / 0.0026) ** 2
    return np.asarray(np.exp(-(near**2)))


def _step(x: Array) -> Array:
    """A smooth step from 0 to 1 about 0."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)


def _hairless(lips: Array, mouth: Array, ears: Array) -> Array:
    """1 where the skin is not lip, mouth or ear."""
    return np.asarray(
        (1 - np.clip(lips * 2.5, 0, 1)) * (1 - np.clip(mouth * 3, 0, 1)) * (ears < 0.2)
    )
