"""`python -m landmarks.train`, which is `landmarks train`."""

from landmarks.cli.train import main

if __name__ == "__main__":
    main()
