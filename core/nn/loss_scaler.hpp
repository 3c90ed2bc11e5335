// Dynamic loss scaling for fp16: the loss is multiplied by as much as its gradients bear, so that small
// gradients do not vanish (Micikevicius et al. 2018, section 3.2). With the rules and the settings of
// torch.cuda.amp.GradScaler.
#pragma once

#include <cstdint>

namespace thalweg {

struct LossScaler {
  static constexpr double kGrowth = 2.0;
  static constexpr double kBackoff = 0.5;
  static constexpr std::int64_t kInterval = 2000;  ///< good steps until it grows

  double scale = 65536.0;
  std::int64_t good = 0;  ///< steps since the scale changed

  /// After every step; `overflow`: a gradient was not finite. The scale stays a finite float, as PyTorch's
  /// does, and a normal one, where PyTorch's goes on to 0.
  void update(bool overflow) {
    if (overflow) {
      if (scale > 0x1p-64) scale *= kBackoff;
      good = 0;
    } else if (++good == kInterval) {
      if (scale < 0x1p127) scale *= kGrowth;
      good = 0;
    }
  }
};

}  // namespace thalweg
