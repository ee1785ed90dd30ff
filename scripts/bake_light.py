"""Measure the light of panoramas for `recipe.light.measured`.

    python scripts/bake_light.py --maps FOLDER --out src/landmarks/synthesis/lights.json

The maps of `lights.json` are 18 of Poly Haven (CC0 1.0), as packed in the npm package
@pmndrs/assets, in Radiance's format with 512 x 256 pixels.
"""

import argparse
import json
from pathlib import Path

from landmarks.synthesis.light_maps import measure

NOTICE = (
    "Light measured in panoramas of Poly Haven (polyhaven.com), which are dedicated to the public "
    "domain by CC0 1.0; see scripts/bake_light.py. Numbers: landmarks.synthesis.light_maps.measure."
)


def bake(maps: Path) -> str:
    """The content of `lights.json` for a folder of maps."""
    lights = {
        path.stem: [float(f"{number:.4g}") for number in measure(path)]
        for path in sorted(maps.glob("*.hdr"))
    }
    rows = [f"  {json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in lights.items()]
    listed = ",\n".join(rows)
    return f'{{"notice": {json.dumps(NOTICE)},\n "lights": {{\n{listed}\n}}}}\n'


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maps", type=Path, required=True, help="folder of .hdr files")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    arguments = parser.parse_args()
    arguments.out.write_text(bake(arguments.maps), encoding="utf-8")


if __name__ == "__main__":
    main()
