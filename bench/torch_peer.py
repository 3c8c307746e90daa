"""What every PyTorch peer shares: it says as JSON what it is; then reads the name of a case a line, runs it once and prints its seconds."""
import json
import os
import sys
import time

import torch

THREADS = int(sys.argv[1])
clock = time.process_time if sys.argv[2] == "processor" else time.perf_counter


def matrix_speed(size=512):
    """GFLOP/s of a product of matrices on one thread, by its processor time: which BLAS this is, whatever it is called. Several may be mapped at once."""
    a = torch.randn(size, size)
    seconds = []
    for _ in range(5):
        start = time.thread_time()
        torch.mm(a, a)
        seconds.append(time.thread_time() - start)
    return 2e-9 * size**3 / min(seconds)


def blas():
    """Files of the libblas in this process, with what it stands for; MKL may be linked into PyTorch itself."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "libblas" in line or "libmkl" in line}
    return sorted(os.path.realpath(path) for path in paths) + (["MKL"] if torch.backends.mkl.is_available() else [])


def serve(cases, parameters):
    """Runs a case each time that it is asked for; one that returns something, such as its own seconds, is not timed here, and that is printed as JSON."""
    greeting = {"version": torch.__version__, "blas": blas(), "matrixGigaFlops": SPEED, "parameters": parameters}
    print(json.dumps(greeting), flush=True)
    for line in sys.stdin:
        case = cases[line.strip()]
        start = clock()
        own = case()
        print(json.dumps(own) if own is not None else clock() - start, flush=True)


torch.set_num_threads(1)
SPEED = matrix_speed()
torch.set_num_threads(THREADS)
torch.manual_seed(1)
