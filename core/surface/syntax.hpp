// The syntax tree of a formula: what was typed, or what a built-in formula does with its arguments. Made
// for those who write formulas out in another language; nothing is evaluated here.
#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

/// The operations of a formula. The groups stand in this order, which parser and program rely on.
enum class Op : std::uint8_t {
  // leaves
  kNumber,
  kX,
  kY,
  kParameter,
  // of one operand
  kNegate,
  kSqrt,
  kCbrt,
  kExp,
  kExpm1,
  kLog,
  kLog2,
  kLog10,
  kLog1p,
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kTanh,
  kAsinh,
  kAcosh,
  kAtanh,
  kErf,
  kAbs,
  kSign,
  kFloor,
  kCeil,
  kSigmoid,
  kSoftplus,
  kRelu,
  // of two operands
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPower,
  kAtan2,
  kHypot,
  kMin,
  kMax,
};

/// One operation; its operands are indices of earlier nodes.
struct ExpressionNode {
  Op op = Op::kNumber;
  int left = -1;
  int right = -1;
  double number = 0.0;  ///< kNumber: its value; kParameter: 0 to 3 for a to d
};

/// A whole formula: operands before operations, the last node is the result.
using Syntax = std::vector<ExpressionNode>;

}  // namespace thalweg
