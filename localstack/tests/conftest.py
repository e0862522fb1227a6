"""Puts the package and the seed on the path, as LocalStack and the command line do."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
