"""`python -m lms_sync`: the same as `lms-sync`."""

from lms_sync.cli import main

if __name__ == "__main__":
    main()
