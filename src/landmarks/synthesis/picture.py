"""The result of rendering a scene: the image with all its ground truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.synthesis.scene import Scene


@dataclass(frozen=True, eq=False, kw_only=True)
class Labels:
    """Landmarks of one picture, (x, y) pixels with (0, 0) at the centre of the top-left pixel.

    Attributes:
        surface: (68, 2) projections of fixed points of the head, as 3D models are labelled.
        contour: (68, 2) as annotators place them: a jaw point hidden by the cheek is on the visible
            outline; each side of the jaw and the bridge of the nose are evenly divided.
        annotated: (68, 2) `contour` as this recipe's annotator would place it: moved by the
            offsets of a convention and by noise; equal to `contour` without either.
        pupils: (2, 2) centres of the person's right and left pupil.
        visible: (68,) whether only hair, lashes or clear glass is between the camera and the
            surface point.
        points: (68, 3) the surface points in metres, in the frame of the world.
        dense: (V, 2) every vertex of the face, in the order of `Studio.face`, if requested.
        dense_visible: (V,) the same as `visible` for them.
        dense_vertices: (V,) their indices in MakeHuman's base mesh.
        dense_places: (V,) their indices on the head, as in places of a scheme.
    """

    surface: NDArray[np.float32]
    contour: NDArray[np.float32]
    annotated: NDArray[np.float32]
    pupils: NDArray[np.float32]
    visible: NDArray[np.bool_]
    points: NDArray[np.float64]
    dense: NDArray[np.float32] | None = None
    dense_visible: NDArray[np.bool_] | None = None
    dense_vertices: NDArray[np.int32] | None = None
    dense_places: NDArray[np.intp] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class SchemeLabels:
    """The K landmarks of a scheme in one picture; the label sets are those of `Labels`.

    Attributes:
        surface: (K, 2) pixels.
        contour: (K, 2) pixels.
        annotated: (K, 2) pixels; the annotator moves places on lines, not points of the skin.
        visible: (K,) whether only hair, lashes or clear glass is before the surface point.
    """

    surface: NDArray[np.float32]
    contour: NDArray[np.float32]
    annotated: NDArray[np.float32]
    visible: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Picture:
    """One rendered face.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        segmentation: (H, W) uint8, class numbers of Microsoft FaceSynthetics.
        depth: (H, W) float32 metres along the viewing direction; infinite in the background.
        labels: Its landmarks.
        intrinsics: (3, 3) camera matrix K; pixel = K @ (camera coordinates / depth), in pixels
            whose (0, 0) is the centre of the top-left pixel.
        extrinsics: (3, 4) [R | t], from the world's metres to camera coordinates (x right, y
            down, z forward).
        head_pose: Yaw, pitch and roll of the face relative to the camera, degrees.
        scene: The scene that was rendered.
        normals: (H, W, 3) float32 unit vectors of the surface in camera coordinates, if requested;
            zero in the background.
    """

    image: NDArray[np.uint8]
    segmentation: NDArray[np.uint8]
    depth: NDArray[np.float32]
    labels: Labels
    intrinsics: NDArray[np.float64]
    extrinsics: NDArray[np.float64]
    head_pose: tuple[float, float, float]
    scene: Scene
    normals: NDArray[np.float32] | None = None
