#include "core/script/philox.hpp"

namespace thalweg::script {

const char* const kPhilox = R"(def philox(seed, stream, step, pair):
    """Thalweg's random numbers: four 32-bit words for each step and pair, from Philox4x32-10
    (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3)."""
    low = 0xFFFFFFFF
    step, pair = np.broadcast_arrays(np.asarray(step, np.uint64), np.asarray(pair, np.uint64))
    words = step & low, step >> 32, pair, np.full_like(pair, stream)
    key = seed & low, seed >> 32
    for _ in range(10):
        a, b = words[0] * 0xD2511F53, words[2] * 0xCD9E8D57
        words = (b >> 32) ^ words[1] ^ key[0], b & low, (a >> 32) ^ words[3] ^ key[1], a & low
        key = (key[0] + 0x9E3779B9) & low, (key[1] + 0xBB67AE85) & low
    return words


def uniform(*where):
    """Two numbers in (0, 1) for each step and pair, side by side."""
    w = philox(*where)
    bits = np.stack([w[0] << 32 | w[1], w[2] << 32 | w[3]], axis=-1) >> 11
    return np.minimum((bits + 0.5) * 2.0**-53, 1 - 2.0**-53)


def normal(*where):
    """Two standard normal numbers for each step and pair (Box-Muller)."""
    u = uniform(*where)
    radius, angle = np.sqrt(-2 * np.log(u[..., 0])), 2 * np.pi * u[..., 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
)";

}  // namespace thalweg::script
