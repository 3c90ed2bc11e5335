# Compiled for devices by gpu/, and for the emulator by tests/gpu.
set(gpu_sources
  batch.cpp engine.cpp ensemble.cpp hessian.cpp moving_pass.cpp network.cpp probes.cpp statistics.cpp steps.cpp tape.cpp
  updater.cpp)
