"""What an error message must be: one clear sentence with the place and the way out."""

import re

# What no message to a person holds.
NOISE = re.compile(r"panicked|RUST_BACKTRACE|stack backtrace|Some\(|Err\(|Error \{|\.rs:\d+")


def says(text, *patterns):
    """The first line that holds all the patterns, or None."""
    return next((line for line in text.splitlines() if all(re.search(one, line) for one in patterns)), None)


def refused(scene, what, done, *patterns, codes=(1, 2)):
    """Claims that a command failed with one line that holds all the patterns, and prints that line."""
    said = done.stdout + done.stderr
    line = says(said, *patterns)
    good = done.returncode in codes and line is not None and not NOISE.search(said)
    scene.claim(what, good, f"exit code {done.returncode}, wanted {' and '.join(patterns)} in one line of:\n{said.strip()}")
    if line:
        print(f"        {line.strip()}")
    return line


def complains(scene, what, text, *patterns):
    """The same for a log or another text that is there already."""
    line = says(text, *patterns)
    scene.claim(what, line is not None and not NOISE.search(line), f"wanted {' and '.join(patterns)} in one line of:\n{text.strip()[-1200:]}")
    if line:
        print(f"        {line.strip()}")
    return line
