#include <cstdio>
#include <exception>

#include "app/cli/commands.hpp"

int main(int argc, char** argv) {
  try {
    return thalweg::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "thalweg: unexpected: %s\n", error.what());
    return thalweg::cli::kExitFailed;
  }
}
