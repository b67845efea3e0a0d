"""Random numbers that are the same everywhere: a counter-based generator, read as raw bits.

Philox 4x64 with 10 rounds turns a key and a counter into bits; nothing is carried from one draw to the next. The key is
the seed; the two high words of the counter are the purpose and the place of a stream, so that any stream can be made
alone, in any order, by any number of threads. Only raw bits are taken from the library: how it makes distributions of
them may change between versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

MILLION = 1_000_000
WEIGHT, FIGURE, ANSWER = 1, 2, 3
"""Purposes of streams; `place` is the position of the indicator in the ruleset."""


def evenly(seed: int, stream: tuple[int, int], shape: tuple[int, ...], low: int, high: int) -> Whole:
    """Whole numbers from low to high, both included, of a stream (purpose, place): the upper 32 of 64 random bits,
    scaled by multiplication.

    With 2³² possible bits the chances of two numbers differ by less than one in a thousand.
    """
    import numpy as np

    count = 1
    for size in shape:
        count *= size
    bits = np.random.Philox(key=seed, counter=[0, 0, stream[1], stream[0]]).random_raw(count)
    upper: Any = bits >> np.uint64(32)
    scaled = (upper * np.uint64(high - low + 1)) >> np.uint64(32)
    numbers: Whole = scaled.astype(np.int64).reshape(shape) + low
    return numbers
