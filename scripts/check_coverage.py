"""Hold every module of a coverage report to its share of lines and of branches.

python -m coverage json -o report.json; python scripts/check_coverage.py report.json 95
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def share(covered: int, all: int) -> float:
    return 100.0 if all == 0 else 100.0 * covered / all


def main() -> None:
    report, least = json.loads(Path(sys.argv[1]).read_text()), float(sys.argv[2])
    low = []
    for name, module in sorted(report["files"].items()):
        counts = module["summary"]
        lines = share(counts["covered_lines"], counts["num_statements"])
        branches = share(counts["covered_branches"], counts["num_branches"])
        if min(lines, branches) < least:
            low.append(f"{name}: {lines:.1f} % of lines, {branches:.1f} % of branches")
            low.append(f"    lines {module['missing_lines']}")
            low.append(f"    branches {module['missing_branches']}")
    counts = report["totals"]
    lines = share(counts["covered_lines"], counts["num_statements"])
    branches = share(counts["covered_branches"], counts["num_branches"])
    print(f"{len(report['files'])} modules: {lines:.1f} % of lines, {branches:.1f} %")
    if low:
        raise SystemExit("\n".join([f"below {least:.0f} %:", *low]))


if __name__ == "__main__":
    main()
