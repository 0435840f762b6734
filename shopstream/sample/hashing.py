"""Choices made by hashes, with integers only: the same on every machine, in any order."""

import numpy as np

GOLDEN, MASK = 0x9E3779B97F4A7C15, 2**64 - 1


def mix(values: np.ndarray) -> np.ndarray:
    """Return the splitmix64 hash of each uint64."""
    values = (values ^ (values >> 30)) * 0xBF58476D1CE4E5B9
    values = (values ^ (values >> 27)) * 0x94D049BB133111EB
    return values ^ (values >> 31)


def draw(keys: np.ndarray, stream: int) -> np.ndarray:
    """Return one hash per uint64 key; another stream gives independent ones."""
    return mix(keys + (stream * GOLDEN & MASK))


def numbered(root: int, numbers: np.ndarray) -> np.ndarray:
    """Return one key per number, all under one root."""
    return mix(root + numbers.astype(np.uint64) * GOLDEN)


def below(hashes: np.ndarray, bound: int | np.ndarray) -> np.ndarray:
    """Turn hashes into int64 from 0 to bound - 1; bound (at most 2**32) may differ per hash."""
    bound = np.asarray(bound).astype(np.uint64)
    return ((hashes >> 32) * bound >> 32).astype(np.int64)


def pick(weights: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Return, for each hash, an index of weights, as often as its weight says."""
    sums = np.cumsum(weights)
    return np.searchsorted(sums, below(hashes, sums[-1]), side="right")


def before(sizes: np.ndarray) -> np.ndarray:
    """Return 0 and the running sums of sizes."""
    return np.concatenate([[0], np.cumsum(sizes)])


def seed_root(seed: int, branch: int) -> int:
    """Return the root of one branch of keys: 1 users, 2 products."""
    return int(draw(mix(np.array([seed & MASK], np.uint64)), branch)[0])
