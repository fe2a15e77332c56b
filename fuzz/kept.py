"""Keeps inputs of the fuzzer in the repository: a line each, as fuzz/kept.rs reads them.

    python3 fuzz/kept.py pack   FOLDER FILE    writes the files of a folder as lines, sorted
    python3 fuzz/kept.py unpack FILE FOLDER    writes the lines as files
"""

import pathlib
import re
import sys

NAMED = {b"\\": "\\\\", b"\n": "\\n", b"\r": "\\r", b"\t": "\\t"}
BYTES = {name[1]: byte for byte, name in NAMED.items()}


def escaped(content: bytes) -> str:
    def one(found: re.Match) -> str:
        run = found[0].encode("latin-1")
        return NAMED.get(run) or "\\x" + (run.hex() if len(run) == 1 else "{" + run.hex() + "}")

    return re.sub(r"[\\\n\r\t]|[^ -~\n\r\t]+", one, content.decode("latin-1"))


def unescaped(line: str) -> bytes:
    def one(found: re.Match) -> str:
        run, byte, name = found.groups()
        return (bytes.fromhex(run or byte) if run or byte else BYTES[name]).decode("latin-1")

    return re.sub(r"\\(?:x\{([0-9a-f]*)\}|x([0-9a-f]{2})|(.))", one, line).encode("latin-1")


def pack(folder: pathlib.Path, file: pathlib.Path) -> None:
    lines = {escaped(entry.read_bytes()) for entry in folder.iterdir() if entry.is_file()}
    # The shortest first: what is new stands among what it resembles.
    ordered = sorted(lines, key=lambda line: (len(line), line))
    file.write_text("".join(line + "\n" for line in ordered), encoding="ascii")


def unpack(file: pathlib.Path, folder: pathlib.Path) -> None:
    for number, line in enumerate(file.read_text(encoding="ascii").splitlines(), start=1):
        (folder / f"kept-{number:05}").write_bytes(unescaped(line))


match sys.argv[1:]:
    case ["pack", folder, file]:
        pack(pathlib.Path(folder), pathlib.Path(file))
    case ["unpack", file, folder]:
        unpack(pathlib.Path(file), pathlib.Path(folder))
    case _:
        sys.exit(__doc__)
