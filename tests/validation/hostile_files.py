"""Thousands of damaged files per format: is any of them a crash, a hang, code that runs, or more than a gigabyte?

    PYTHONPATH=tests/support python tests/validation/hostile_files.py 10000 > hostile.txt

Each file is a valid one with bytes changed, cut off, repeated, or numbers made huge. A child process reads them one
after another; where it dies or stands still, that file is counted, and the next child goes on after it.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lab_files
import numpy as np

import bayes_irl as bi
from bayes_irl.recordings.formats import load_recording

PATIENCE = 30  # seconds for one file
FEW = {unit: times[:20] for unit, times in lab_files.spikes().items()}
FORMATS = {
    "nwb": ("a.nwb", lab_files.write_plain_nwb),
    "mat 5": ("a.mat", lab_files.write_mat),
    "mat 7.3": ("a.mat", lab_files.write_mat73),
    "phy": ("a", lab_files.write_phy),
    "npz": ("a.npz", lambda path, times: bi.save_recording(bi.Recording.from_arrays(np.eye(9), np.arange(9)), path)),
}


def mutated(valid: bytes, rng: np.random.Generator) -> bytes:
    """Change a file in one of four ways."""
    changed = bytearray(valid)
    kind = rng.integers(4)
    if kind == 0:
        del changed[rng.integers(len(changed)) :]
    elif kind == 1:
        for place in rng.integers(0, len(changed), rng.integers(1, 9)):
            changed[place] = rng.integers(256)
    elif kind == 2:
        huge = int(rng.choice([2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1, 0])).to_bytes(8, "little")
        place = int(rng.integers(max(1, len(changed) - 8)))
        changed[place : place + 8] = huge[: rng.choice([4, 8])]
    else:
        place, size = int(rng.integers(len(changed))), int(rng.integers(1, 64))
        changed[place:place] = changed[place : place + size] * int(rng.integers(1, 50))
    return bytes(changed)


def read_from(name: str, first: int, last: int, status: Path) -> None:
    """Read mutated files, and write down which one is next."""
    path_name, write = FORMATS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / path_name
        write(path, FEW)
        parts = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        valid = {part: part.read_bytes() for part in parts}
        refused = 0
        for number in range(first, last):
            status.write_text(str(number))
            rng = np.random.default_rng(number)
            part = parts[rng.integers(len(parts))]
            part.write_bytes(mutated(valid[part], rng))
            try:
                options = {} if name == "npz" else {"bin_width": 0.01, "stimulus": "contrast"}
                load_recording(path, **options)
            except bi.InputError:
                refused += 1
            part.write_bytes(valid[part])
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        status.write_text(f"done {refused} {megabytes:.0f}")


def survey(name: str, number: int) -> None:
    """Read `number` files of one format in children, and print what became of them."""
    status, first, bad, refused, most = Path(tempfile.mkdtemp()) / "status", 0, [], 0, 0.0
    while first < number:
        last = min(first + 500, number)
        child = subprocess.Popen([sys.executable, "-W", "ignore", __file__, name, str(first), str(last), str(status)])
        seen, since = "", time.monotonic()
        while child.poll() is None:
            time.sleep(0.2)
            now = status.read_text() if status.exists() else ""
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                child.kill()
        said = status.read_text().split()
        if said[:1] == ["done"]:
            first, refused, most = last, refused + int(said[1]), max(most, float(said[2]))
        else:
            bad.append(f"{said[0]} (exit {child.returncode})")
            first = int(said[0]) + 1
    print(f"{name}: {number} files, {refused} refused, at most {most:.0f} MB, bad: {bad or 'none'}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        for each in FORMATS:
            survey(each, int(sys.argv[1]))
    else:
        read_from(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
