"""What `tests/bench/pose3d.py` runs in the peers' environment: aniposelib and OpenCV on detections from a file.

python pose3d_peers.py IN.npz OUT.npz
"""

import sys
import time
from itertools import combinations

import cv2
import numpy as np
from aniposelib.cameras import Camera, CameraGroup

#: aniposelib's defaults (a threshold of 15 px, say) are for pictures of about a thousand pixels; ours have 128.
SCALE = 5.0


def camera(P, number):
    """aniposelib's camera of a matrix, its pixels scaled."""
    K, R, centre = cv2.decomposeProjectionMatrix(P)[:3]
    K = np.diag([SCALE, SCALE, 1.0]) @ (K / K[2, 2])
    centre = centre[:3, 0] / centre[3, 0]
    turn = cv2.Rodrigues(R)[0].ravel()
    return Camera(matrix=K, dist=np.zeros(5), rvec=turn, tvec=-R @ centre, name=str(number))


def timed(work, repeats):
    """CPU seconds, the best of the repeats; the first run also compiles, and does not count."""
    work()
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        value = work()
        best = min(best, time.process_time() - start)
    return value, best


def by_pairs(P, Y):
    """Median over all pairs of views of OpenCV's point, (N, 3) from (N, C, 2)."""
    points = []
    for i, j in combinations(range(len(P)), 2):
        homogeneous = cv2.triangulatePoints(P[i], P[j], Y[:, i].T, Y[:, j].T)
        points.append((homogeneous[:3] / homogeneous[3]).T)
    return np.median(points, axis=0)


def main(given, made):
    with np.load(given) as arrays:
        P, Y, parents = arrays["P"], arrays["Y"], arrays["parents"]
        starts = {key.removeprefix("start "): arrays[key] for key in arrays.files if key.startswith("start ")}
    T, K, C, _ = Y.shape
    group = CameraGroup([camera(matrix, number) for number, matrix in enumerate(P)])
    flat = np.ascontiguousarray(SCALE * Y.reshape(T * K, C, 2).swapaxes(0, 1))
    by_view = np.ascontiguousarray(SCALE * np.moveaxis(Y, 2, 0))  # (C, T, K, 2)
    bones = [[k, int(parent)] for k, parent in enumerate(parents) if k != parent]
    found = {
        "OpenCV: triangulatePoints, median of pairs": timed(lambda: by_pairs(P, Y.reshape(T * K, C, 2)), 3),
        "aniposelib: triangulate": timed(lambda: group.triangulate(flat), 3),
    }
    starts = {"its triangulate": found["aniposelib: triangulate"][0].reshape(T, K, 3), **starts}
    for name, start in starts.items():
        found[f"aniposelib: optim_points from {name}"] = timed(
            lambda start=start: group.optim_points(by_view, start, constraints=bones), 1
        )
    arrays = {f"X {name}": X.reshape(T, K, 3) for name, (X, _) in found.items()}
    np.savez(made, **arrays, **{f"seconds {name}": seconds for name, (_, seconds) in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
