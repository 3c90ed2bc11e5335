// Programs of trainings, run in PyTorch, against our own runs.
