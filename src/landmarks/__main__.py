"""`python -m landmarks`, which is `landmarks`."""

import sys

from landmarks.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
