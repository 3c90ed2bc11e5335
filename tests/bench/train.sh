#!/usr/bin/env bash
# thalweg and PyTorch eager in turn, one thread each, 784-128-10, batch 64, Adam.
# Usage: train.sh THALWEG MNIST_FOLDER [ROUNDS]. PYTHON names a Python that has torch.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
program=$1 folder=$2 rounds=${3:-3}
for ((round = 1; round <= rounds; ++round)); do
  ours=$("$program" bench train --json)
  theirs=$(OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "${PYTHON:-/usr/bin/python3}" "$here/torch_train.py" "$folder")
  epoch=$(grep -m 1 '"value"' <<<"$ours" | sed 's/.*: \([0-9.e-]*\),.*/\1/')
  share=$(grep '"value"' <<<"$ours" | sed -n '3s/.*: \([0-9.e-]*\),.*/\1/p')
  awk -v ours="$epoch" -v share="$share" -v theirs="${theirs%% *}" -v what="${theirs#* }" 'BEGIN {
    printf "epoch %.3f s, %.0f %% of its products; PyTorch %.3f s (%s): %.2f times as fast\n",
      ours, 100 * share, theirs, what, theirs / ours }'
done
