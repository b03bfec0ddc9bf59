#define CAF_SUITE json_input

#include "actors/detail/json_input.hpp"

#include "tests/fixture.hpp"

using namespace sluice;
using namespace std::string_literals;

namespace {

std::string arrays(size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::string objects(size_t depth, const std::string& innermost) {
  std::string text;
  for (size_t i = 0; i < depth; ++i)
    text += "{\"a\":";
  return text + innermost + std::string(depth, '}');
}

bool is_object(const std::string& text) {
  auto err = json::check_object(text);
  CAF_CHECK(!err || code_of(err) == ec::invalid_argument);
  return !err;
}

template <class T>
std::string refusal(const caf::expected<T>& x) {
  if (x)
    return "accepted";
  CAF_CHECK(code_of(x.error()) == ec::invalid_argument);
  return text_of(x.error());
}

sql_row values(const std::string& params) {
  auto statement = json::read_statement(R"({"sql":"x","params":)" + params + "}");
  return statement ? statement->params : sql_row{};
}

std::string value_refusal(const std::string& value) {
  return refusal(json::read_statement(R"({"sql":"x","params":[)" + value + "]}"));
}

} // namespace

CAF_TEST(a document is one JSON object and nothing else) {
  CAF_CHECK(is_object("{}"));
  CAF_CHECK(is_object(" {\"a\" : [1, \"\xc3\xa9\"] }\n"));
  for (auto text : {"", " ", "[]", "1", "null", "\"a\"", "{", "{}{}", "{} x",
                    "{\"a\":01}", "{a:1}", "{\"a\":1,}", "\xef\xbb\xbf{}"})
    CAF_CHECK(!is_object(text));
}

CAF_TEST(bad UTF 8 is refused and half of a surrogate pair is kept) {
  CAF_CHECK(!is_object("{\"a\":\"\xff\"}"));
  CAF_CHECK(!is_object("{\"a\":\"\xed\xa0\x80\"}"));
  CAF_CHECK(is_object(R"({"a":"\ud800"})"));
  CAF_CHECK(is_object(R"({"\udc00":"\udc00"})"));
  CAF_CHECK(is_object(R"({"a":"\ud83d\ude00"})"));
}

CAF_TEST(nesting is accepted up to its limit whatever is innermost) {
  CAF_CHECK(is_object(objects(255, "{}")));
  CAF_CHECK(is_object(objects(256, "1")));
  CAF_CHECK(is_object(objects(1, arrays(255))));
  CAF_CHECK(!is_object(objects(257, "1")));
  CAF_CHECK(!is_object(objects(256, "{}")));
  CAF_CHECK(!is_object(objects(1, arrays(256))));
  CAF_CHECK(!is_object(objects(100'000, "1")));
  CAF_MESSAGE("brackets in strings are not nesting");
  CAF_CHECK(is_object(objects(256, "\"" + std::string(300, '[') + "\\\"" + "\"")));
  CAF_CHECK_EQUAL(text_of(json::check_object(objects(257, "1"))),
                  "JSON is nested deeper than 256, at line 1, column 1281");
}

CAF_TEST(numbers of any size are kept) {
  for (auto text : {R"({"a":18446744073709551615})", R"({"a":-9223372036854775808})",
                    R"({"a":1.7976931348623157e308})", R"({"a":18446744073709552000})",
                    R"({"a":-9223372036854775809})", R"({"a":1e999})", R"({"a":-0})"})
    CAF_CHECK(is_object(text));
  CAF_CHECK(!is_object("1e999"));
  CAF_CHECK(!is_object("\n[1e999]"));
}

CAF_TEST(a text is read the same with and without room behind it) {
  auto roomy = R"({"a":"b"})"s;
  roomy.reserve(4096);
  auto tight = R"({"a":")"s + std::string(10'000, 'x') + "\"}";
  tight.shrink_to_fit();
  CAF_CHECK(is_object(roomy));
  CAF_CHECK(is_object(tight));
  tight.back() = ']';
  CAF_CHECK(!is_object(tight));
}

CAF_TEST(a large text is read and so is a small one after it) {
  CAF_CHECK(is_object("{\"a\":\"" + std::string(3'000'000, 'x') + "\"}"));
  CAF_CHECK(is_object("{}"));
  CAF_CHECK(!is_object("{\"a\":\"" + std::string(3'000'000, 'x')));
  CAF_CHECK(is_object(objects(256, "1")));
}

CAF_TEST(each line must be one JSON value) {
  CAF_CHECK(!json::check_lines(""));
  CAF_CHECK(!json::check_lines("{\"a\":1}\n2\n\"x\"\nnull\r\n"));
  CAF_CHECK(!json::check_lines("1\n2"));
  auto line = [](const std::string& text) { return text_of(json::check_lines(text)); };
  CAF_CHECK(line("1\n{\n3\n").starts_with("line 2: "));
  CAF_CHECK(line("1\n\n3\n").starts_with("line 2: "));
  CAF_CHECK(line("1\n2\n \n").starts_with("line 3: "));
  CAF_CHECK(line("\n").starts_with("line 1: "));
  CAF_CHECK(line("1 2\n").starts_with("line 1: "));
  CAF_CHECK(line("[1\n,2]\n").starts_with("line 1: "));
}

CAF_TEST(an unfinished line does not borrow from the next) {
  CAF_CHECK(json::check_lines("\"a\nb\"\n"));
  CAF_CHECK(json::check_lines("tru\ne\n"));
  CAF_CHECK(json::check_lines("1.\n5\n"));
  CAF_CHECK(!json::check_lines("1\n5\n"));
}

CAF_TEST(a store is an object of objects whose bytes are kept) {
  auto store = json::read_store(
    R"({ "a" : {"x": 1.0} ,"agent:main\/\u0062":{ } , "c":{"y":"}\"{"}})");
  CAF_REQUIRE(store);
  CAF_REQUIRE_EQUAL(store->size(), 3u);
  CAF_CHECK_EQUAL(store->at(0), (session_document{"a", "{\"x\": 1.0}"}));
  CAF_CHECK_EQUAL(store->at(1), (session_document{"agent:main/b", "{ }"}));
  CAF_CHECK_EQUAL(store->at(2), (session_document{"c", "{\"y\":\"}\\\"{\"}"}));
  CAF_CHECK(json::read_store("{}")->empty());
}

CAF_TEST(of a key that stands twice in a store the last one counts) {
  auto store = json::read_store(R"({"a":{"n":1},"b":{},"\u0061":{"n":2}})");
  CAF_REQUIRE(store);
  CAF_REQUIRE_EQUAL(store->size(), 2u);
  CAF_CHECK_EQUAL(store->at(0), (session_document{"a", R"({"n":2})"}));
}

CAF_TEST(a key of a store is a name and has to be had) {
  CAF_CHECK_EQUAL(refusal(json::read_store(R"({"a":{"\ud83d":1e999}})")), "accepted");
  CAF_CHECK_EQUAL(
    refusal(json::read_store(R"({"a":{},"x\ud83d":{}})")),
    R"(the key "x\ud83d" holds half of a surrogate pair, which no name may)");
  CAF_CHECK(json::check_store(R"({"a":{},"x\ud83d":{}})"));
}

CAF_TEST(a document may be as deep within a store as alone) {
  auto deep = objects(256, "1");
  CAF_CHECK_EQUAL(refusal(json::read_store("{\"k\":" + deep + "}")), "accepted");
  CAF_CHECK(!json::check_store("{\"k\":" + deep + "}"));
  CAF_CHECK(json::check_store("{\"k\":{\"k\":" + deep + "}}"));
}

CAF_TEST(only a file may begin with a byte order mark) {
  CAF_CHECK(!json::check_store("\xef\xbb\xbf{\"a\":{}}"));
  CAF_CHECK(refusal(json::read_store("\xef\xbb\xbf{\"a\":{}}"))
              .starts_with("not JSON: there is a byte order mark"));
}

CAF_TEST(a store with a value that is no object is refused) {
  CAF_CHECK_EQUAL(refusal(json::read_store(R"({"a":{},"b":1})")),
                  "\"b\" must be a JSON object");
  CAF_CHECK_NOT_EQUAL(refusal(json::read_store("[]")), "accepted");
}

CAF_TEST(updatedAt is found at the top level alone) {
  CAF_CHECK_EQUAL(json::updated_at_ms(R"({"updatedAt":1700000000123})"), 1700000000123);
  CAF_CHECK_EQUAL(json::updated_at_ms(R"({"x":{"updatedAt":1},"updatedAt": 17e2 })"),
                  1700);
  CAF_CHECK_EQUAL(json::updated_at_ms(R"({"updated\u0041t":7})"), 7);
  CAF_CHECK_EQUAL(json::updated_at_ms(R"({"updatedAt":7,"updatedAt":8})"), 8);
  for (auto text :
       {"{}", R"({"x":{"updatedAt":1}})", R"({"updatedAt":"12"})",
        R"({"updatedAt":null})", R"({"updatedAt":-5})", R"({"updatedAt":1e300})",
        R"({"updatedAt":1e999})", R"({"updatedAt":18446744073709552000})"})
    CAF_CHECK_EQUAL(json::updated_at_ms(text), -1);
}

CAF_TEST(a statement has SQL and may have parameters) {
  auto plain = json::read_statement(R"({"sql":"SELECT 1"})");
  CAF_REQUIRE(plain);
  CAF_CHECK_EQUAL(plain->sql, "SELECT 1");
  CAF_CHECK(plain->params.empty());
  sql_row all{sql_null{}, int64_t{-1},        1.5, std::string{"a\n"}, int64_t{1},
              int64_t{0}, sql_blob{"\0\xff"s}};
  CAF_CHECK(values(R"([null,-1,1.5,"a\n",true,false,{"$blob":"AP8="}])") == all);
  CAF_CHECK(values("[9223372036854775807]")
            == sql_row{std::numeric_limits<int64_t>::max()});
}

CAF_TEST(a malformed statement is refused in words) {
  auto words = [](const char* text) { return refusal(json::read_statement(text)); };
  CAF_CHECK_EQUAL(words(R"({"sql":1})"), "\"sql\" must be a string");
  CAF_CHECK_EQUAL(words(R"({"sql":""})"), "\"sql\" is empty");
  CAF_CHECK_EQUAL(words(R"({"sql":" \n"})"), "\"sql\" is empty");
  CAF_CHECK_EQUAL(words(R"({"params":[]})"), "\"sql\" is missing");
  CAF_CHECK_EQUAL(
    words(R"({"sql":"x","params":1})"),
    "params: parameters must be an array of values, or an object of values by name");
  CAF_CHECK_EQUAL(words(R"({"sql":"x","parms":[]})"),
                  "unknown or repeated member \"parms\"");
  CAF_CHECK_EQUAL(words(R"({"sql":"x","sql":"y"})"),
                  "unknown or repeated member \"sql\"");
  CAF_CHECK_EQUAL(words("[]"), "a statement must be an object");
  CAF_CHECK(words("").starts_with("not JSON: "));
}

CAF_TEST(a value that no database column holds is refused in words) {
  CAF_CHECK_EQUAL(value_refusal("9223372036854775808"),
                  "params[0]: 9223372036854775808 is past what 64 bits with a sign hold");
  CAF_CHECK_EQUAL(value_refusal("1e999"), "params[0]: 1e999 is past what a double or a "
                                          "64-bit integer holds");
  CAF_CHECK_EQUAL(
    value_refusal(R"(1,"\ud83d")"),
    R"(params[1]: \ud83d is half of a surrogate pair, which no text holds)");
  CAF_CHECK_EQUAL(value_refusal("1,[]"), "params[1]: an array cannot be a value");
  for (auto object : {R"({"blob":""})", R"({"$blob":"","x":1})", R"({"$blob":1})"})
    CAF_CHECK(value_refusal(object).starts_with("params[0]: an object among the values"));
}

CAF_TEST(base64 is taken only as an encoder writes it) {
  auto blob = [](const std::string& text) {
    return value_refusal(R"({"$blob":")" + text + "\"}") == "accepted";
  };
  for (auto text : {"", "AA==", "AAA=", "AAAA", "+/+/", "//8="})
    CAF_CHECK(blob(text));
  for (auto text : {"A", "AA", "AAA", "A===", "====", "AB==", "AAB=", "AA==AA==", "A A=",
                    "AA-_", "AAA\\n", "=AAA"})
    CAF_CHECK(!blob(text));
}

CAF_TEST(a transaction is a list of statements) {
  auto write =
    json::read_transaction(R"({"statements":[{"sql":"a","params":[1]},{"sql":"b"}]})");
  CAF_REQUIRE(write);
  CAF_REQUIRE_EQUAL(write->statements.size(), 2u);
  CAF_CHECK(write->statements[0].params == sql_row{int64_t{1}});
  CAF_CHECK(write->rows.empty());
  CAF_CHECK(write->origin == sql_origin::user);
  auto words = [](const char* text) { return refusal(json::read_transaction(text)); };
  CAF_CHECK_EQUAL(words(R"({"statements":[]})"), "\"statements\" is empty");
  CAF_CHECK_EQUAL(words(R"({"statements":{}})"), "\"statements\" must be an array");
  CAF_CHECK_EQUAL(words(R"({"statements":["a"]})"),
                  "statements[0]: a statement must be an object");
  CAF_CHECK_EQUAL(words(R"({"statements":[{"sql":"a"},{}]})"),
                  "statements[1]: \"sql\" is missing");
  CAF_CHECK_EQUAL(words(R"({"statements":[{"sql":"a","params":[1,[]]}]})"),
                  "statements[0].params[1]: an array cannot be a value");
  CAF_CHECK_EQUAL(words("{}"), "\"statements\" is missing");
}

CAF_TEST(a batch is one statement with rows) {
  auto write = json::read_batch(R"({"rows":[[1],["a"],[]],"sql":"x"})");
  CAF_REQUIRE(write);
  CAF_REQUIRE_EQUAL(write->statements.size(), 1u);
  CAF_REQUIRE_EQUAL(write->rows.size(), 3u);
  CAF_CHECK(*++write->rows.begin() == sql_row{std::string{"a"}});
  auto words = [](const char* text) { return refusal(json::read_batch(text)); };
  CAF_CHECK_EQUAL(words(R"({"sql":"x","rows":[]})"), "\"rows\" is empty");
  CAF_CHECK_EQUAL(
    words(R"({"sql":"x","rows":[1]})"),
    "rows[0]: a row must be an array of values, or an object of values by name");
  CAF_CHECK_EQUAL(words(R"({"sql":"x","rows":[[1],[2,{}]]})").substr(0, 12),
                  "rows[1][1]: ");
  CAF_CHECK_EQUAL(words(R"({"sql":"x"})"), "\"rows\" is missing");
  CAF_CHECK_EQUAL(words(R"({"rows":[[1]]})"), "\"sql\" is missing");
}

CAF_TEST(a long batch is read in pieces and none of its rows is another) {
  std::string text = R"({"rows":[)";
  sql_rows expected;
  for (int64_t i = 0; i < 20'000; ++i) {
    text += (i > 0 ? ",[" : "[") + std::to_string(i) + R"(,"],[\"{"])";
    expected.push_back({i, std::string{"],[\"{"}});
  }
  auto whole = text + R"(],"sql":"x"})";
  auto write = json::read_batch(whole);
  CAF_REQUIRE(write);
  CAF_CHECK(write->rows == expected);
  CAF_CHECK_EQUAL(write->statements[0].sql, "x");
  auto words = [&](const char* end) { return refusal(json::read_batch(text + end)); };
  CAF_CHECK_EQUAL(words(R"(,[1,[]]],"sql":"x"})"),
                  "rows[20000][1]: an array cannot be a value");
  CAF_CHECK_EQUAL(words("]}"), "\"sql\" is missing");
  CAF_CHECK(words(R"(,],"sql":"x"})").starts_with("not JSON: "));
  CAF_CHECK(words(R"(,[1}],"sql":"x"})").starts_with("not JSON: "));
  CAF_CHECK(words(R"(],"sql":"x")").starts_with("not JSON: "));
  CAF_CHECK(words(R"(],"rows":[[1]],"sql":"x"})").starts_with("unknown or repeated"));
}

CAF_TEST(what is made of a body is paid for as far as that is possible) {
  auto account = std::make_shared<budget>(200'000);
  std::string text = R"({"sql":"x","params":[)";
  for (int i = 0; i < 2'000; ++i)
    text += "1,";
  auto charge = account->try_draw(1).first;
  CAF_CHECK(json::read_statement(text + "1]}", charge));
  CAF_CHECK_GREATER(account->used_bytes(), 2'000 * sizeof(sql_value) - 16'384);
  CAF_MESSAGE("others hold the room, or nobody could");
  auto other = account->open();
  CAF_CHECK(other.try_hold(200'000 - account->used_bytes()));
  auto late = account->open();
  CAF_CHECK_EQUAL(code_of(json::read_statement(text + "1]}", late).error()),
                  ec::overloaded);
  other = {};
  charge = {};
  for (int i = 0; i < 4'000; ++i)
    text += "1,";
  CAF_CHECK_EQUAL(code_of(json::read_statement(text + "1]}", late).error()),
                  ec::too_large);
}

CAF_TEST(a checkpoint mode comes in either case and may be left out) {
  CAF_CHECK(json::read_checkpoint("") == checkpoint_mode::passive);
  CAF_CHECK(json::read_checkpoint("{}") == checkpoint_mode::passive);
  CAF_CHECK(json::read_checkpoint(R"({"mode":"TRUNCATE"})") == checkpoint_mode::truncate);
  CAF_CHECK(json::read_checkpoint(R"({"mode":"full"})") == checkpoint_mode::full);
  auto words = [](const char* text) { return refusal(json::read_checkpoint(text)); };
  CAF_CHECK(words(R"({"mode":"hard"})").starts_with("\"mode\" must be PASSIVE"));
  CAF_CHECK(words(R"({"mode":1})").starts_with("\"mode\" must be PASSIVE"));
  CAF_CHECK_EQUAL(words(R"({"mod":"full"})"), "unknown or repeated member \"mod\"");
  CAF_CHECK(words("x").starts_with("not JSON: "));
}
