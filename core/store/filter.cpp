#include "core/store/filter.hpp"

#include <algorithm>
#include <array>

#include "core/spec/parameter.hpp"

namespace thalweg::store {
namespace {

constexpr std::size_t kLongest = 4096;   ///< bytes of a filter
constexpr std::size_t kMostNodes = 400;  ///< also keeps the SQL within SQLite's limits
constexpr int kDeepest = 60;             ///< parentheses and nots inside each other

struct Column {
  std::string_view name;
  const char* sql;
  bool number;
};

constexpr Column kColumns[] = {
    {"name", "r.name", false},
    {"note", "r.note", false},
    {"kind", "r.kind", false},
    {"outcome", "r.outcome", false},
    {"host", "r.host", false},
    {"device", "r.device", false},
    {"created", "r.created", false},
    {"uid", "r.uid", false},
    {"parent", "coalesce(r.parent, '')", false},
    {"race", "coalesce(r.race, '')", false},
    {"version", "r.program_version", false},
    {"steps", "r.steps", true},
    {"duration", "r.duration", true},
    {"lane", "r.lane", true},
    {"id", "r.id", true},
    {"star", "r.star", true},
};

const Column* find_column(std::string_view name) {
  const auto found = std::find_if(std::begin(kColumns), std::end(kColumns),
                                  [&](const Column& column) { return column.name == name; });
  return found == std::end(kColumns) ? nullptr : found;
}

struct Token {
  enum class Kind { kWord, kQuoted, kComparison, kOpen, kClose, kEnd };
  Kind kind = Kind::kEnd;
  std::string text = {};
  std::size_t position = 1;
  Comparison comparison = Comparison::kEqual;
  bool touches = false;  ///< nothing between it and the token before
};

[[noreturn]] void fail(std::size_t position, std::string message) {
  throw bad_input(std::move(message), "filter: position " + std::to_string(position));
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_sign(char c) { return c == '=' || c == '<' || c == '>' || c == '!' || c == '~'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    const std::size_t before = at_;
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    Token token{.position = at_ + 1, .touches = at_ == before};
    if (at_ == text_.size()) return token;
    const char c = text_[at_];
    if (c == '(' || c == ')') {
      token.kind = c == '(' ? Token::Kind::kOpen : Token::Kind::kClose;
      token.text = c;
      ++at_;
    } else if (c == '"' || c == '\'') {
      token.kind = Token::Kind::kQuoted;
      token.text = quoted(c);
    } else if (is_sign(c)) {
      comparison(token);
    } else {
      token.kind = Token::Kind::kWord;
      while (at_ < text_.size() && !is_space(text_[at_]) && !is_sign(text_[at_]) && text_[at_] != '(' &&
             text_[at_] != ')' && text_[at_] != '"' && text_[at_] != '\'')
        token.text += text_[at_++];
    }
    return token;
  }

 private:
  /// Twice the quote inside is one of them.
  std::string quoted(char quote) {
    const std::size_t begin = at_++;
    std::string out;
    while (at_ < text_.size()) {
      if (text_[at_] == quote) {
        if (++at_ == text_.size() || text_[at_] != quote) return out;
      }
      out += text_[at_++];
    }
    fail(begin + 1, "this quote is never closed");
  }

  void comparison(Token& token) {
    static constexpr std::pair<std::string_view, Comparison> kSigns[] = {
        {"==", Comparison::kEqual},     {"!=", Comparison::kNotEqual},     {"<>", Comparison::kNotEqual},
        {"<=", Comparison::kLessEqual}, {">=", Comparison::kGreaterEqual}, {"!~", Comparison::kContainsNot},
        {"=", Comparison::kEqual},      {"<", Comparison::kLess},          {">", Comparison::kGreater},
        {"~", Comparison::kContains}};
    token.kind = Token::Kind::kComparison;
    for (const auto& [sign, comparison] : kSigns) {
      if (text_.substr(at_, sign.size()) != sign) continue;
      token.text = sign;
      token.comparison = comparison;
      at_ += sign.size();
      return;
    }
    fail(at_ + 1, "'!' must be followed by = or ~; to turn a condition round, write not");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) { advance(); }

  Filter parse() {
    if (token_.kind == Token::Kind::kEnd) return {};
    either();
    if (token_.kind == Token::Kind::kClose) fail(token_.position, "there is no '(' for this ')'");
    return std::move(filter_);
  }

 private:
  using Kind = Filter::Kind;

  void advance() { token_ = lexer_.next(); }

  bool at_word(std::string_view word) const {
    return token_.kind == Token::Kind::kWord && token_.text.size() == word.size() &&
           std::equal(word.begin(), word.end(), token_.text.begin(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
  }

  std::size_t add(Filter::Node node) {
    if (filter_.nodes.size() >= kMostNodes) fail(token_.position, "too many conditions");
    filter_.nodes.push_back(std::move(node));
    return filter_.nodes.size() - 1;
  }

  std::size_t either() {
    std::size_t left = both();
    while (at_word("or")) {
      advance();
      const std::size_t right = both();
      left = add({Kind::kOr, left, right, {}});
    }
    return left;
  }

  std::size_t both() {
    std::size_t left = negated();
    while (token_.kind != Token::Kind::kEnd && token_.kind != Token::Kind::kClose && !at_word("or")) {
      if (at_word("and")) advance();
      const std::size_t right = negated();
      left = add({Kind::kAnd, left, right, {}});
    }
    return left;
  }

  std::size_t negated() {
    if (++depth_ > kDeepest) fail(token_.position, "nested too deep");
    std::size_t out = 0;
    if (at_word("not")) {
      advance();
      const std::size_t inner = negated();
      out = add({Kind::kNot, inner, 0, {}});
    } else if (token_.kind == Token::Kind::kOpen) {
      const std::size_t position = token_.position;
      advance();
      out = either();
      if (token_.kind != Token::Kind::kClose) fail(position, "there is no ')' for this '('");
      advance();
    } else {
      out = condition();
    }
    --depth_;
    return out;
  }

  std::size_t condition() {
    if (token_.kind == Token::Kind::kEnd) fail(token_.position, "a condition is missing");
    if (token_.kind == Token::Kind::kComparison)
      fail(token_.position, "'" + token_.text + "' has no name in front of it");
    if (token_.kind == Token::Kind::kClose) fail(token_.position, "a condition is missing");
    if (token_.kind == Token::Kind::kWord && (at_word("and") || at_word("or")))
      fail(token_.position, "a condition is missing before '" + token_.text + "'");
    Condition out{.name = token_.text, .position = token_.position};
    const bool word = token_.kind == Token::Kind::kWord;
    advance();
    if (word && out.name == "best" && token_.kind == Token::Kind::kOpen && token_.touches) read_best(out);
    if (token_.kind != Token::Kind::kComparison) {
      if (out.best) fail(token_.position, "best(...) must be compared with something");
      if (out.name.empty()) fail(out.position, "there is nothing between the quotes");
      out.text = std::move(out.name);
      out.name.clear();
      return add({Kind::kCondition, 0, 0, std::move(out)});
    }
    if (out.name.empty()) fail(out.position, "there is nothing between the quotes");
    read_value(out);
    return add({Kind::kCondition, 0, 0, std::move(out)});
  }

  void read_best(Condition& out) {
    advance();
    if (token_.kind != Token::Kind::kWord && token_.kind != Token::Kind::kQuoted)
      fail(token_.position, "best(...) needs the name of a result");
    out.name = token_.text;
    out.best = true;
    advance();
    if (token_.kind != Token::Kind::kClose) fail(token_.position, "expected ')'");
    advance();
  }

  void read_value(Condition& out) {
    const Token sign = token_;
    out.comparison = sign.comparison;
    advance();
    if (token_.kind != Token::Kind::kWord && token_.kind != Token::Kind::kQuoted)
      fail(token_.position, "a value is missing after '" + sign.text + "'");
    out.text = token_.text;
    if (token_.kind == Token::Kind::kWord) out.number = parse_number(out.text);
    const Column* const column = out.best ? nullptr : find_column(out.name);
    if (column && out.name == "star" && !out.number) {
      if (at_word("yes") || at_word("true")) out.number = 1.0;
      if (at_word("no") || at_word("false")) out.number = 0.0;
    }
    const bool contains =
        out.comparison == Comparison::kContains || out.comparison == Comparison::kContainsNot;
    const bool equals = out.comparison == Comparison::kEqual || out.comparison == Comparison::kNotEqual;
    if (out.best || (column && column->number)) {
      if (contains) fail(sign.position, "'" + out.name + "' is a number and can't be searched for a text");
      if (!out.number) fail(token_.position, "'" + out.name + "' must be compared with a number");
    } else if (out.name == "tag") {
      if (!contains && !equals) fail(sign.position, "a tag can only be compared with =, !=, ~ and !~");
    } else if (!column && !contains && !equals && !out.number) {
      fail(token_.position, "'" + sign.text + "' needs a number after it");
    }
    advance();
  }

  Lexer lexer_;
  Token token_;
  Filter filter_;
  int depth_ = 0;
};

/// For LIKE ... ESCAPE '\'.
std::string pattern(const std::string& text) {
  std::string out = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

class Compiler {
 public:
  explicit Compiler(const Filter& filter) : filter_(filter) {}

  SqlCondition compile() {
    if (filter_.empty()) return {"1", {}};
    node(filter_.nodes.size() - 1);
    return std::move(out_);
  }

 private:
  void node(std::size_t index) {
    const Filter::Node& node = filter_.nodes[index];
    switch (node.kind) {
      case Filter::Kind::kCondition:
        condition(node.condition);
        return;
      case Filter::Kind::kNot:
        out_.sql += "NOT ";
        parenthesised(node.left);
        return;
      default:
        parenthesised(node.left);
        out_.sql += node.kind == Filter::Kind::kAnd ? " AND " : " OR ";
        parenthesised(node.right);
    }
  }

  void parenthesised(std::size_t index) {
    out_.sql += "(";
    node(index);
    out_.sql += ")";
  }

  /// `sql` with a sign and a question mark after it.
  void compare(const char* sql, const Condition& condition, bool as_number) {
    static constexpr const char* kSigns[] = {"=", "!=", "<", "<=", ">", ">=", "LIKE", "NOT LIKE"};
    out_.sql += std::string(sql) + " " + kSigns[static_cast<int>(condition.comparison)] + " ?";
    if (condition.comparison == Comparison::kContains || condition.comparison == Comparison::kContainsNot) {
      out_.sql += " ESCAPE '\\'";
      out_.values.emplace_back(pattern(condition.text));
    } else if (as_number) {
      out_.values.emplace_back(*condition.number);
    } else {
      out_.sql += " COLLATE NOCASE";
      out_.values.emplace_back(condition.text);
    }
  }

  void condition(const Condition& condition) {
    if (condition.name.empty()) return anywhere(condition.text);
    if (condition.best) return result(condition, "best");
    if (condition.name == "tag") return tag(condition);
    if (const Column* column = find_column(condition.name)) {
      const bool whole =
          !column->number && condition.name == "created" && condition.comparison == Comparison::kEqual;
      if (!whole) return compare(column->sql, condition, column->number);
      // A day or an hour is meant: whatever begins with it.
      out_.sql += "substr(r.created, 1, length(?)) = ?";
      out_.values.emplace_back(condition.text);
      out_.values.emplace_back(condition.text);
      return;
    }
    out_.sql += "(";
    setting(condition);
    if (condition.number) {
      out_.sql += " OR ";
      result(condition, "last");
    }
    out_.sql += ")";
  }

  void anywhere(const std::string& text) {
    out_.sql +=
        "(r.name LIKE ? ESCAPE '\\' OR r.note LIKE ? ESCAPE '\\' OR"
        " r.id IN (SELECT run FROM tags WHERE tag LIKE ? ESCAPE '\\'))";
    for (int i = 0; i < 3; ++i) out_.values.emplace_back(pattern(text));
  }

  /// With != and !~ no tag of the run may be like that.
  void tag(Condition condition) {
    const bool negated =
        condition.comparison == Comparison::kNotEqual || condition.comparison == Comparison::kContainsNot;
    if (condition.comparison == Comparison::kNotEqual) condition.comparison = Comparison::kEqual;
    if (condition.comparison == Comparison::kContainsNot) condition.comparison = Comparison::kContains;
    out_.sql += negated ? "r.id NOT IN (SELECT run FROM tags WHERE " : "r.id IN (SELECT run FROM tags WHERE ";
    compare("tag", condition, false);
    out_.sql += ")";
  }

  void setting(const Condition& condition) {
    const auto [part, key] = split_key(condition.name);
    out_.sql += "r.id IN (SELECT run FROM settings WHERE key = ?";
    out_.values.emplace_back(key);
    if (!part.empty()) {
      out_.sql += " AND part = ?";
      out_.values.emplace_back(part);
    }
    const bool contains =
        condition.comparison == Comparison::kContains || condition.comparison == Comparison::kContainsNot;
    const bool as_number = condition.number && !contains;
    out_.sql += " AND ";
    compare(as_number ? "number" : "value", condition, as_number);
    out_.sql += ")";
  }

  void result(const Condition& condition, const char* column) {
    const bool contains =
        condition.comparison == Comparison::kContains || condition.comparison == Comparison::kContainsNot;
    if (contains) {
      out_.sql += "0";
      return;
    }
    out_.sql += "r.id IN (SELECT run FROM results WHERE key = ? AND ";
    out_.values.emplace_back(condition.name);
    compare(column, condition, true);
    out_.sql += ")";
  }

  const Filter& filter_;
  SqlCondition out_;
};

}  // namespace

Result<Filter> parse_filter(std::string_view text) {
  if (text.size() > kLongest)
    return bad_input("is longer than " + std::to_string(kLongest) + " characters", "filter");
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    return bad_input("there is a zero byte", "filter: position " + std::to_string(zero + 1));
  try {
    return Parser(text).parse();
  } catch (const Error& error) {
    return error;
  }
}

SqlCondition to_sql(const Filter& filter) { return Compiler(filter).compile(); }

bool is_column(std::string_view name) { return name == "tag" || find_column(name); }

const char* column_sql(std::string_view name) {
  const Column* const column = find_column(name);
  return column ? column->sql : nullptr;
}

std::pair<std::string, std::string> split_key(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return {"", std::string(name)};
  return {std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))};
}

}  // namespace thalweg::store
