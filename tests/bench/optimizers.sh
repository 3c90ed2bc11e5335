#!/usr/bin/env bash
# What an update costs, by thalweg and by torch.optim, rule by rule in one run.
# Usage: optimizers.sh THALWEG. PYTHON names a Python that has torch.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
"$1" bench optimizers --peer "${PYTHON:-/usr/bin/python3} $here/torch_optimizers.py"
