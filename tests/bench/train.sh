#!/usr/bin/env bash
# thalweg and PyTorch eager in turn in one run: 784-128-10 at batch 64 and 784-512-512-10 at batch 512,
# Adam, MNIST, on one thread each and on all.
# Usage: train.sh THALWEG MNIST_FOLDER. PYTHON names a Python that has torch. PyTorch's products are those of
# the BLAS that it finds: with libopenblas0-pthread installed, OpenBLAS.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
"$1" bench train --peer "${PYTHON:-/usr/bin/python3} $here/torch_train.py $2"
