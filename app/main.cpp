#include <cstdio>
#include <exception>

#include "app/cli/commands.hpp"
#include "app/gl/allocator.hpp"

int main(int argc, char** argv) {
  thalweg::tune_allocator();
  try {
    const int code = thalweg::cli::run(argc, argv);
    // A full disk behind a redirection must not look like a success.
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    std::fprintf(stderr, "thalweg: standard output: can't be written\n");
    return code != 0 ? code : thalweg::cli::kExitFailed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "thalweg: unexpected: %s\n", error.what());
    return thalweg::cli::kExitFailed;
  }
}
