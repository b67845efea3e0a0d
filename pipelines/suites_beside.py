"""The suites' library, loaded by a second process while this one is busy with dbt, and asked there.

Loading Great Expectations takes longer than all suites of a night, and a process loads one thing at a time. The second
one only saves time: whatever it cannot answer is run here. It writes no file, hears nothing but this process, and ends
with it, however that ends.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.suites import Expected

LIBRARY = "great_expectations"
_PATIENCE = 30
_LOST = (OSError, EOFError, pickle.PickleError)


class _Second:
    """The second process, if there is one."""

    def __init__(self) -> None:
        self.allowed = False
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        if self._process is None:
            with suppress(OSError):  # no room for another process
                self._process = subprocess.Popen(  # noqa: S603  this interpreter and this module
                    [sys.executable, "-m", __name__],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    cwd=Path(__file__).parents[1],
                )  # fmt: skip

    def ask(self, words: tuple[Path, pd.DataFrame]) -> list[Expected] | None:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return None
        try:
            pickle.dump(words, self._process.stdin)
            self._process.stdin.flush()
            answer: list[Expected] | None = pickle.load(self._process.stdout)  # noqa: S301  our own process
        except _LOST:
            self.end()
            return None
        return answer

    def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            try:
                with suppress(OSError, subprocess.TimeoutExpired):
                    process.communicate(timeout=_PATIENCE)  # it hears that nobody asks, and clears up
            finally:
                process.kill()
                process.wait()


_second = _Second()


@contextmanager
def beside() -> Iterator[None]:
    """Within the block `load` has an effect; at its end the second process does too."""
    _second.allowed = True
    try:
        yield
    finally:
        _second.allowed = False
        _second.end()


def load() -> None:
    """Begin to load the library, if it is not here already: called where it is certain that suites will be run."""
    if _second.allowed and LIBRARY not in sys.modules:
        _second.begin()


def ask(path: Path, frame: pd.DataFrame) -> list[Expected] | None:
    """What `run_suite` would answer; None where it has to be run here."""
    return _second.ask((path, frame))


def _answer(words: tuple[Path, pd.DataFrame]) -> list[Expected] | None:
    from pipelines.suites import run_suite

    try:
        return run_suite(*words)
    except Exception:  # noqa: BLE001  whoever asked runs it again, and tells what is wrong
        return None


def main() -> None:
    """The second process: load, then answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells both; the other one ends this
    asked: IO[Any] = os.fdopen(os.dup(0), "rb")
    told: IO[Any] = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    del great_expectations
    with suppress(*_LOST):
        while True:
            pickle.dump(_answer(pickle.load(asked)), told)  # noqa: S301  our own process
            told.flush()


if __name__ == "__main__":
    main()
