// Formula text to nodes: a lexer and a recursive-descent parser of bounded depth.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>
#include <system_error>

#include "core/spec/spec.hpp"
#include "core/surface/expression.hpp"

namespace thalweg {
namespace {

struct Function {
  std::string_view name;
  Op op;
};

constexpr Function kFunctions[] = {
    {"sqrt", Op::kSqrt},   {"cbrt", Op::kCbrt},       {"exp", Op::kExp},     {"expm1", Op::kExpm1},
    {"log", Op::kLog},     {"ln", Op::kLog},          {"log2", Op::kLog2},   {"log10", Op::kLog10},
    {"log1p", Op::kLog1p}, {"sin", Op::kSin},         {"cos", Op::kCos},     {"tan", Op::kTan},
    {"asin", Op::kAsin},   {"arcsin", Op::kAsin},     {"acos", Op::kAcos},   {"arccos", Op::kAcos},
    {"atan", Op::kAtan},   {"arctan", Op::kAtan},     {"sinh", Op::kSinh},   {"cosh", Op::kCosh},
    {"tanh", Op::kTanh},   {"asinh", Op::kAsinh},     {"acosh", Op::kAcosh}, {"atanh", Op::kAtanh},
    {"erf", Op::kErf},     {"abs", Op::kAbs},         {"sign", Op::kSign},   {"floor", Op::kFloor},
    {"ceil", Op::kCeil},   {"sigmoid", Op::kSigmoid}, {"relu", Op::kRelu},   {"softplus", Op::kSoftplus},
    {"atan2", Op::kAtan2}, {"hypot", Op::kHypot},     {"pow", Op::kPower},   {"min", Op::kMin},
    {"max", Op::kMax},
};

constexpr std::string_view kVariables[] = {"x", "y"};
constexpr std::string_view kParameters[] = {"a", "b", "c", "d"};

/// Spellings that a formula pasted from a page may hold, and what they stand for.
struct Spelling {
  std::string_view text;
  std::string_view meaning;
};
constexpr Spelling kOperatorSpellings[] = {
    {"**", "^"}, {"·", "*"}, {"×", "*"}, {"⋅", "*"}, {"∙", "*"},
    {"∗", "*"},  {"÷", "/"}, {"∕", "/"}, {"−", "-"}, {"–", "-"},
};
constexpr Spelling kNameSpellings[] = {{"π", "pi"}, {"√", "sqrt"}};
struct NumberSpelling {
  std::string_view text;
  double number;
};
constexpr NumberSpelling kFractions[] = {{"½", 0.5}, {"¼", 0.25}, {"¾", 0.75}};
constexpr std::string_view kSuperscripts[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
constexpr std::string_view kSuperscriptMinus = "⁻";
constexpr std::string_view kSpaces[] = {" ", "\t", "\r", "\n", "\u00a0", "\u2009", "\u202f", "\u2062"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of the well-formed UTF-8 character at the start of `text`, or 0.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80U   ? 1
                             : lead < 0xC2U ? 0
                             : lead < 0xE0U ? 2
                             : lead < 0xF0U ? 3
                             : lead < 0xF5U ? 4
                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  return length;
}

enum class TokenKind { kNumber, kName, kSign, kExponent, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t offset = 0;
  std::string_view source;  ///< as written
  std::string_view text;    ///< kName, kSign: as meant
  double number = 0.0;      ///< kNumber, kExponent (a superscript)

  bool is(std::string_view sign) const { return kind == TokenKind::kSign && text == sign; }
};

struct Failure {
  std::size_t offset;
  std::string message;
};

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 24;
  std::string out(text.substr(0, kMost));
  return "'" + out + (text.size() > kMost ? "…'" : "'");
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  /// The next token; kEnd at the end and from the first failure on.
  Token next() {
    if (failure_) return {};
    while (take_one_of(kSpaces)) {
    }
    Token token;
    token.offset = at_;
    if (at_ == text_.size()) return token;
    read(token);
    if (failure_) return {};
    token.source = text_.substr(token.offset, at_ - token.offset);
    return token;
  }

  /// Ends the token stream; the first failure counts.
  void fail(std::size_t offset, std::string message) {
    if (!failure_) failure_ = {offset, std::move(message)};
  }
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  bool take(std::string_view word) {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  template <std::size_t N>
  bool take_one_of(const std::string_view (&words)[N]) {
    return std::any_of(std::begin(words), std::end(words),
                       [this](std::string_view word) { return take(word); });
  }

  void read(Token& token) {
    const char c = text_[at_];
    if (is_digit(c) || c == '.') return read_number(token);
    if (is_letter(c)) {
      std::size_t length = 1;
      while (at_ + length < text_.size() && (is_letter(text_[at_ + length]) || is_digit(text_[at_ + length])))
        ++length;
      token.kind = TokenKind::kName;
      token.text = text_.substr(at_, length);
      at_ += length;
      return;
    }
    for (const auto& [spelling, meaning] : kOperatorSpellings)
      if (take(spelling)) return set(token, TokenKind::kSign, meaning);
    for (const auto& [spelling, meaning] : kNameSpellings)
      if (take(spelling)) return set(token, TokenKind::kName, meaning);
    for (const auto& [spelling, number] : kFractions) {
      if (!take(spelling)) continue;
      token.kind = TokenKind::kNumber;
      token.number = number;
      return;
    }
    constexpr std::string_view kSigns = "+-*/^(),";
    if (kSigns.find(c) != std::string_view::npos) {
      set(token, TokenKind::kSign, rest().substr(0, 1));
      ++at_;
      return;
    }
    if (read_exponent(token)) return;
    const std::size_t length = character_length(rest());
    if (length == 0 || static_cast<unsigned char>(c) < 0x20U || c == 0x7F)
      return fail(at_, "a formula is made of letters, digits and signs; this character is none");
    fail(at_, "unexpected " + quoted(rest().substr(0, length)));
  }

  void set(Token& token, TokenKind kind, std::string_view text) const {
    token.kind = kind;
    token.text = text;
  }

  void read_number(Token& token) {
    token.kind = TokenKind::kNumber;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), token.number);
    if (error == std::errc::result_out_of_range) return fail(at_, "this number is out of range");
    if (error != std::errc{}) return fail(at_, "expected a digit beside '.'");
    const auto length = static_cast<std::size_t>(end - begin);
    at_ += length;
    if (at_ < text_.size() && text_[at_] == '.') return fail(at_, "a number with two decimal points");
  }

  /// A run of superscripts: ², ⁻¹, ¹². False if there is none.
  bool read_exponent(Token& token) {
    const std::size_t begin = at_;
    const bool negative = take(kSuperscriptMinus);
    int value = 0;
    int digits = 0;
    for (bool more = true; more;) {
      more = false;
      for (int digit = 0; digit < 10 && !more; ++digit) {
        if (!take(kSuperscripts[digit])) continue;
        if (++digits > 4) {
          fail(begin, "this exponent is too large");
          return true;
        }
        value = 10 * value + digit;
        more = true;
      }
    }
    if (digits == 0) {
      if (negative) fail(begin, "expected a raised digit after '⁻'");
      return negative;
    }
    token.kind = TokenKind::kExponent;
    token.number = negative ? -value : value;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : lexer_(text) {
    out_.text_ = std::string(text);
    advance();
  }

  /// The formula; of use only if failure() is empty afterwards.
  Expression parse() {
    if (token_.kind == TokenKind::kEnd) fail(token_.offset, "expected a formula, such as x^2 + 3*y^2");
    sum();
    if (token_.is(")")) fail(token_.offset, "this ')' has no '('");
    if (token_.kind != TokenKind::kEnd) fail(token_.offset, "expected an operator before " + shown(token_));
    return std::move(out_);
  }
  const std::optional<Failure>& failure() const { return lexer_.failure(); }

 private:
  /// Counts how deep the parser is; each level of recursion passes through signed_factor.
  struct Level {
    explicit Level(ExpressionParser& parser) : parser_(parser) {
      if (++parser_.depth_ > kDeepestFormula)
        parser_.fail(parser_.token_.offset,
                     "nested deeper than " + std::to_string(kDeepestFormula) + " levels");
    }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ~Level() { --parser_.depth_; }
    ExpressionParser& parser_;
  };

  /// Records the first failure and turns what is left of the formula into its end, so that every rule
  /// below returns without reading on.
  int fail(std::size_t offset, std::string message) {
    lexer_.fail(offset, std::move(message));
    token_ = {};
    return 0;
  }

  void advance() {
    previous_ = token_;
    token_ = lexer_.next();
  }

  int add(Op op, int left = -1, int right = -1, double number = 0.0) {
    out_.nodes_.push_back({op, left, right, number});
    return static_cast<int>(out_.nodes_.size()) - 1;
  }

  static std::string shown(const Token& token) {
    return token.kind == TokenKind::kEnd ? "the end" : quoted(token.source);
  }

  int sum() {
    int left = product();
    while (token_.is("+") || token_.is("-")) {
      const Op op = token_.is("+") ? Op::kAdd : Op::kSubtract;
      advance();
      left = add(op, left, product());
    }
    return left;
  }

  int product() {
    int left = signed_factor();
    bool divided = false;
    for (;;) {
      if (token_.is("*") || token_.is("/")) {
        const bool divides = token_.is("/");
        divided = divides;
        advance();
        left = add(divides ? Op::kDivide : Op::kMultiply, left, signed_factor());
      } else if (token_.kind == TokenKind::kName || token_.is("(")) {
        if (divided)
          return fail(token_.offset,
                      "write '*' here, or parentheses around what is divided by: 1/2x can mean both");
        left = add(Op::kMultiply, left, power());
      } else {
        return left;
      }
    }
  }

  int signed_factor() {
    const Level level(*this);
    if (token_.is("-")) {
      advance();
      return add(Op::kNegate, signed_factor());
    }
    if (token_.is("+")) {
      advance();
      return signed_factor();
    }
    return power();
  }

  int power() {
    const int base = primary();
    if (token_.kind == TokenKind::kExponent) {
      const int raised = add(Op::kPower, base, add(Op::kNumber, -1, -1, token_.number));
      advance();
      if (token_.is("^") || token_.kind == TokenKind::kExponent)
        fail(token_.offset, "two exponents in a row; use parentheses");
      return raised;
    }
    if (!token_.is("^")) return base;
    advance();
    return add(Op::kPower, base, signed_factor());
  }

  int primary() {
    const Token token = token_;
    if (token.kind == TokenKind::kNumber) {
      advance();
      return add(Op::kNumber, -1, -1, token.number);
    }
    if (token.kind == TokenKind::kName) {
      advance();
      return named(token);
    }
    if (token.is("(")) {
      advance();
      const int inner = sum();
      close(token);
      return inner;
    }
    const std::string after = previous_.source.empty() ? "" : " after " + shown(previous_);
    return fail(token.offset, "expected a number, a name or '('" + after);
  }

  int named(const Token& name) {
    for (const auto& function : kFunctions)
      if (function.name == name.text) return call(name, function.op);
    if (name.text == "pi") return add(Op::kNumber, -1, -1, std::numbers::pi);
    if (name.text == "e") return add(Op::kNumber, -1, -1, std::numbers::e);
    if (name.text == "x") {
      out_.uses_x_ = true;
      return add(Op::kX);
    }
    if (name.text == "y") {
      out_.uses_y_ = true;
      return add(Op::kY);
    }
    for (std::size_t i = 0; i < std::size(kParameters); ++i) {
      if (name.text != kParameters[i]) continue;
      out_.uses_parameter_[i] = true;
      return add(Op::kParameter, -1, -1, static_cast<double>(i));
    }
    return fail(name.offset, "unknown name " + quoted(name.text) + hint(name.text));
  }

  int call(const Token& name, Op op) {
    // sin²(x), as on paper
    std::optional<double> exponent;
    if (token_.kind == TokenKind::kExponent) {
      if (token_.number < 0.0)
        return fail(token_.offset, "sin⁻¹ can mean two things; write asin(x) or 1/sin(x)");
      exponent = token_.number;
      advance();
    }
    if (!token_.is("(")) return fail(token_.offset, "expected '(' after " + shown(previous_));
    const Token open = token_;
    advance();
    int result = sum();
    const bool two = op >= Op::kAdd;
    const bool many = op == Op::kMin || op == Op::kMax;
    int count = 1;
    while (token_.is(",")) {
      if (!two || (count == 2 && !many))
        return fail(token_.offset,
                    quoted(name.source) + " takes " + (two ? "two arguments" : "one argument"));
      advance();
      result = add(op, result, sum());
      ++count;
    }
    if (two && count == 1) {
      if (token_.is(")"))
        return fail(token_.offset, quoted(name.source) + " takes two arguments: expected ','");
      close(open);
    }
    close(open);
    if (!two) result = add(op, result);
    return exponent ? add(Op::kPower, result, add(Op::kNumber, -1, -1, *exponent)) : result;
  }

  void close(const Token& open) {
    if (!token_.is(")")) {
      const std::string where = std::to_string(character_position(out_.text_, open.offset));
      fail(token_.offset, "expected an operator or ')' to close the '(' at position " + where +
                              (token_.kind == TokenKind::kEnd ? std::string() : ", not " + shown(token_)));
    }
    advance();
  }

  static std::string hint(std::string_view name) {
    const auto is_symbol = [](char c) { return c == 'x' || c == 'y' || (c >= 'a' && c <= 'e'); };
    if (name.size() == 1) return "; the variables are x and y, the parameters a, b, c and d";
    if (is_symbol(name[0]) && std::all_of(name.begin() + 1, name.end(), is_digit))
      return "; write " + std::string(1, name[0]) + "^" + std::string(name.substr(1, 8)) + " or " +
             std::string(name.substr(1, 8)) + "*" + std::string(1, name[0]);
    if (name.size() <= 4 && std::all_of(name.begin(), name.end(), is_symbol)) {
      std::string product(1, name[0]);
      for (const char c : name.substr(1)) product += std::string("*") + c;
      return "; write " + product + " for the product";
    }
    std::vector<std::string> names;
    for (const auto& function : kFunctions) names.emplace_back(function.name);
    names.emplace_back("pi");
    const std::string close = nearest(name, names);
    return close.empty() ? "; see the list of functions" : "; did you mean '" + close + "'?";
  }

 public:
  /// Characters before `offset`, plus one.
  static std::size_t character_position(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::count_if(before.begin(), before.end(), [](char c) {
             return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
           }));
  }

 private:
  Lexer lexer_;
  Token token_;
  Token previous_;
  Expression out_;
  int depth_ = 0;
};

bool Expression::uses(std::string_view name) const {
  if (name == kVariables[0]) return uses_x_;
  if (name == kVariables[1]) return uses_y_;
  for (std::size_t i = 0; i < uses_parameter_.size(); ++i)
    if (name == kParameters[i]) return uses_parameter_[i];
  return false;
}

Result<Expression> parse_expression(std::string_view text, ExpressionError* where) {
  ExpressionError error;
  if (text.size() > kLongestFormula) {
    error = {"a formula has at most " + std::to_string(kLongestFormula) + " characters", kLongestFormula,
             kLongestFormula + 1};
  } else {
    ExpressionParser parser(text);
    Expression expression = parser.parse();
    if (!parser.failure()) return expression;
    const auto& [offset, message] = *parser.failure();
    error = {message, offset, ExpressionParser::character_position(text, offset)};
  }
  if (where) *where = error;
  return error.error();
}

}  // namespace thalweg
