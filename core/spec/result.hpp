// Expected failures as values: an error says what is wrong and what to do, in one line.
// Exceptions are kept for broken invariants and for set-up.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace thalweg {

enum class ErrorCode { kBadInput, kNotFound, kIo, kUnsupported, kInternal };

struct Error {
  ErrorCode code = ErrorCode::kBadInput;
  std::string message;  ///< one sentence for the person who caused it
  std::string context;  ///< where: a file, a key, a position; may be empty

  /// "context: message", or the message alone.
  std::string text() const { return context.empty() ? message : context + ": " + message; }
};

inline Error bad_input(std::string message, std::string context = {}) {
  return {ErrorCode::kBadInput, std::move(message), std::move(context)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : data_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : data_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return data_.index() == 0; }
  bool ok() const { return data_.index() == 0; }

  T& value() & { return std::get<0>(data_); }
  const T& value() const& { return std::get<0>(data_); }
  T&& value() && { return std::get<0>(std::move(data_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::get<0>(std::move(data_)); }

  const Error& error() const { return std::get<1>(data_); }

 private:
  std::variant<T, Error> data_;
};

}  // namespace thalweg
