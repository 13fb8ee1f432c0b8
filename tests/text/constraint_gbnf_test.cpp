// llama.cpp's notation of grammars: what its published grammars say, written anew, and every error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/constraint/automaton/automaton.h"
#include "text/constraint/gbnf.h"

namespace quire::constraint {
namespace {

using testing::HasSubstr;

struct Case {
  const char* name;
  std::string grammar;
  std::vector<std::string> texts, others;
};

void expect_texts(const Case& one) {
  SCOPED_TRACE(one.name);
  const auto grammar = parse_gbnf(one.grammar);
  ASSERT_TRUE(grammar) << grammar.error().message;
  auto automaton = Automaton::compile(*grammar);
  ASSERT_TRUE(automaton) << automaton.error().message;
  for (const std::string& text : one.texts) EXPECT_TRUE(automaton->matches(text)) << text;
  for (const std::string& text : one.others) EXPECT_FALSE(automaton->matches(text)) << text;
}

const char* const json_values = R"gbnf(
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws

object ::= "{" ws (pair ("," ws pair)*)? "}" ws
pair   ::= string ":" ws value
array  ::= "[" ws ( value ("," ws value)* )? "]" ws

# strings without control characters
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws     ::= | " " | "\n" [ \t]{0,20}
)gbnf";

TEST(ConstraintGbnf, json_is_what_its_grammar_says) {
  expect_texts({"json",
                json_values,
                {"{}", R"({"a": [1, -2.5e3, "x\n\u00e9", {"b": null}], "c": true})", "{ \"a\":\n\t\t{}}\n  "},
                {"[]", "{", R"({"a" 1})", R"({"a": 01})", "{\"a\": \"\x01\"}", R"({"a": "\q"})", "{}  "}});
}

TEST(ConstraintGbnf, arithmetic_is_lines_of_sums) {
  expect_texts({"arithmetic",
                R"gbnf(
root  ::= (expr "=" ws term "\n")+
expr  ::= term ([-+*/] term)*
term  ::= ident | num | "(" ws expr ")" ws
ident ::= [a-z] [a-z0-9_]* ws
num   ::= [0-9]+ ws
ws    ::= [ \t\n]*)gbnf",
                {"1+2=3\n", "(a +b1)*3 = c\n", "x=1\ny=2\n"},
                {"1+2", "1+=2\n", "=1\n", "(1=2\n"}});
}

TEST(ConstraintGbnf, chess_is_numbered_moves) {
  expect_texts({"chess",
                R"gbnf(
# what the whole answer looks like
root ::= (
    "1. " move " " move "\n"   # the first pair

    # and the ones after it
    ([1-9] [0-9]? ". " move " " move "\n")+
)
move ::= (pawn | nonpawn | castle) [+#]?
nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
castle ::= "O-O" "-O"?
)gbnf",
                {"1. e4 e5\n2. Nf3 Nc6\n", "1. d4 d5\n2. O-O O-O-O#\n10. exd8=Q+ Raxb1\n"},
                {"1. e4 e5\n", "2. e4 e5\n3. a1 a2\n", "1. e9 e5\n2. e4 e5\n", "1. e4 e5\n2. Nf3\n"}});
}

TEST(ConstraintGbnf, c_is_functions_of_statements) {
  expect_texts({"c",
                R"gbnf(
root ::= (declaration)*
declaration ::= dataType identifier "(" parameter? ")" "{" statement* "}"
dataType ::= "int" ws | "float" ws | "char" ws
identifier ::= [a-zA-Z_] [a-zA-Z_0-9]*
parameter ::= dataType identifier
statement ::=
    ( dataType identifier ws "=" ws expression ";" ) |
    ( identifier ws "=" ws expression ";" ) |
    ( identifier ws "(" argList? ")" ";" ) |
    ( "return" ws expression ";" ) |
    ( "while" "(" condition ")" "{" statement* "}" ) |
    ( "if" "(" condition ")" "{" statement* "}" ("else" "{" statement* "}")? ) |
    ( singleLineComment ) |
    ( multiLineComment )
condition ::= expression relationOperator expression
relationOperator ::= ("<=" | "<" | "==" | "!=" | ">=" | ">")
expression ::= term (("+" | "-") term)*
term ::= factor(("*" | "/") factor)*
factor ::= identifier | number | unaryTerm | funcCall | parenExpression
unaryTerm ::= "-" factor
funcCall ::= identifier "(" argList? ")"
parenExpression ::= "(" ws expression ws ")"
argList ::= expression ("," ws expression)*
number ::= [0-9]+
singleLineComment ::= "//" [^\n]* "\n"
multiLineComment ::= "/*" ( [^*] | ("*" [^/]) )* "*/"
ws ::= ([ \t\n]+)
)gbnf",
                {"", "int f(int a){return a+1;}", "float g(){if(a<=b){x = -2;}else{f (a, 1);}// done\n}",
                 "int f(){/* a * b */while(a==1){}}int g(){}"},
                {"int f(int a){return a+;}", "void f(){}", "int f(){", "int f(){/* open}"}});
}

TEST(ConstraintGbnf, lists_and_other_alphabets_are_characters) {
  expect_texts({"list",
                "root ::= item+\n\nitem ::= \"- \" [^\\r\\n\\x0b\\x0c\\x85\\u2028\\u2029]+ \"\\n\"\r\n",
                {"- a\n", "- a b\n- \xC3\xA9\n"},
                {"", "a\n", "- \n", "- a", "- a\xE2\x80\xA8\n", "- a\xC2\x85\n"}});
  expect_texts({"japanese",
                R"(# one or two rows of kana, or Han characters
root   ::= jp-char+ ([ \t\n] jp-char+)*
jp-char     ::= hiragana | katakana | punctuation | cjk
hiragana    ::= [ぁ-ゟ]
katakana    ::= [ァ-ヿ]
punctuation ::= [、-〾]
cjk         ::= [一-鿿])",
                {"ひらがな", "カタカナ 漢字。"},
                {"abc", "ひ ", "한"}});
  expect_texts({"english",
                "root ::= en-char+ ([ \\t\\n] en-char+)*\nen-char ::= letter | digit | punctuation\n"
                "letter ::= [a-zA-Z]\ndigit ::= [0-9]\npunctuation ::= [!\"#$%&'()*+,-./:;<=>?@[\\\\\\]^_`{|}~]\n",
                {"Hello, world!", "a\tb"},
                {"caf\xC3\xA9", " a"}});
}

TEST(ConstraintGbnf, symbols_mean_what_the_guide_says) {
  expect_texts({"counts",
                "root ::= \"a\"{2} \"b\"{1,} \"c\"{0,2} \"d\"{ 1 , 3 }",
                {"aabd", "aabbbccddd"},
                {"abd", "aad", "aabcccd", "aabdddd"}});
  expect_texts({"repeat of a repeat", "root ::= \"a\"?* \"b\"", {"b", "aab"}, {"a"}});
  expect_texts({"any",
                "root ::= .{2}",
                {"\xC3\xA9\n", "ab"},
                {"a", "\xFF\xFF",
                 "\xED\xA0\x80"
                 "a"}});
  expect_texts({"not", "root ::= [^a-c] [^] []?", {"dx", "\xF0\x9F\x98\x80\n"}, {"ax", "d"}});
  expect_texts({"class", R"(root ::= [-a\]] [a-] [\x41-\u0043])", {"-aA", "]-C"}, {"b-A", "aaD"}});
  expect_texts({"escapes",
                R"(root ::= "\x41\u0042\U0001F600\n\r\t\\\"\[\]\-" [\[\]])",
                {"AB\xF0\x9F\x98\x80\n\r\t\\\"[]-["},
                {"AB"}});
  expect_texts({"empty", "root ::= \"\" | x\nx ::= ", {""}, {"x"}});
  expect_texts(
      {"lines", "# c\n\nroot ::= \"a\" | # or\n\n  \"b\" |\n\"c\" # end\nrest_1 ::= \"d\"", {"a", "b", "c"}, {"d"}});
  expect_texts({"empty alternatives", "root ::= (|\"a\"|) \"b\"", {"b", "ab"}, {"a"}});
  expect_texts({"recursion", "root ::= \"(\" root \")\" | \"x\"", {"x", "((x))"}, {"((x)"}});
}

TEST(ConstraintGbnf, groups_nest_as_deep_as_a_text_says) {
  constexpr size_t depth = 100'000;
  const std::string text = "root ::= " + std::string(depth, '(') + "\"a\"" + std::string(depth, ')');
  expect_texts({"deep", text, {"a"}, {""}});
}

TEST(ConstraintGbnf, what_is_wrong_is_named_with_its_place) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "the grammar has no rule 'root'"},
      {"a ::= \"b\"", "the grammar has no rule 'root'"},
      {"root ::= \"\xFF\"", "the grammar is not valid UTF-8"},
      {"root ::= a\n", "line 1, column 10: the rule 'a' is not defined"},
      {"root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: the rule 'root' is defined twice"},
      {"::= a", "line 1, column 1: expected the name of a rule"},
      {"root = \"a\"", "line 1, column 6: expected '::=' after the rule's name 'root'"},
      {"root ::= \"a", "line 1, column 10: '\"' without its end"},
      {"root ::= \"é\" [a", "line 1, column 14: '[' without its ']'"},
      {"root ::= (\n\"a\"", "line 1, column 10: '(' without its ')'"},
      {"root ::= \"a\")", "line 1, column 13: ')' without its '('"},
      {"root ::= *", "line 1, column 10: '*' with nothing before it to repeat"},
      {"root ::= (+)", "line 1, column 11: '+' with nothing before it to repeat"},
      {"root ::= \"a\" | ?", "line 1, column 16: '?' with nothing before it to repeat"},
      {"root ::= {2}", "line 1, column 10: '{' with nothing before it to repeat"},
      {"root ::= \"a\"{,2}", "line 1, column 14: expected a number"},
      {"root ::= \"a\"{2;}", "line 1, column 15: expected '}' after the counts of a repeat"},
      {"root ::= \"a\"{2,3", "line 1, column 17: expected '}' after the counts of a repeat"},
      {"root ::= \"a\"{3,2}", "line 1, column 13: a repeat of at least 3 and at most 2"},
      {"root ::= \"a\"{4294967295}", "line 1, column 14: a count of 4294967295 or more"},
      {"root ::= \"a\" ;", "line 1, column 14: ';' begins no symbol"},
      {"root ::= (\"a\" é)", "line 1, column 10: '(' without its ')'"},
      {"root ::= \"\\q\"", "line 1, column 11: an escape that is none of"},
      {"root ::= \"\\", "line 1, column 11: '\\' at the end"},
      {"root ::= \"\\xg0\"", "line 1, column 11: '\\x' without 2 hexadecimal digits"},
      {"root ::= \"\\u00", "line 1, column 11: '\\u' without 4 hexadecimal digits"},
      {"root ::= \"\\uD800\"", "line 1, column 11: U+D800 is no character"},
      {"root ::= \"\\U00110000\"", "line 1, column 11: U+110000 is no character"},
      {"root ::= [z-a]", "line 1, column 11: a range whose ends are in the wrong order"},
      {"root ::= <think> \"a\"", "line 1, column 10: the token '<think>': a grammar is of characters here"},
      {"root ::= \"a\" !<[1000]>*", "line 1, column 14: the token '!<[1000]>': a grammar is of characters here"},
  };
  for (const auto& [text, message] : wrong) {
    const auto grammar = parse_gbnf(text);
    ASSERT_FALSE(grammar) << text;
    EXPECT_THAT(grammar.error().message, HasSubstr(message)) << text;
  }
  EXPECT_EQ(parse_gbnf("root ::= <a>").error().kind, ErrorKind::unsupported);
  EXPECT_EQ(parse_gbnf(std::string(gbnf_bytes_max + 1, ' ')).error().kind, ErrorKind::too_large);
}

TEST(ConstraintGbnf, a_grammar_that_takes_far_more_memory_than_its_text_is_too_large) {
  std::string classes = "root ::= ";
  while (classes.size() < gbnf_bytes_max) classes += "[^a]";
  classes.resize(gbnf_bytes_max / 4 * 4 - 4);
  const auto grammar = parse_gbnf(classes.substr(0, classes.rfind(']') + 1));
  ASSERT_FALSE(grammar);
  EXPECT_EQ(grammar.error().kind, ErrorKind::too_large) << grammar.error().message;
}

TEST(ConstraintGbnf, a_rule_that_begins_with_itself_is_named) {
  for (const char* text : {"root ::= root \"a\" | \"b\"", "root ::= \"a\"? x\nx ::= (\"b\" | root \"c\")",
                           "root ::= \"c\" x\nx ::= y* x \"a\" | \"b\"\ny ::= \"d\""}) {
    const auto grammar = parse_gbnf(text);
    ASSERT_TRUE(grammar) << text;
    const auto automaton = Automaton::compile(*grammar);
    ASSERT_FALSE(automaton) << text;
    EXPECT_THAT(automaton.error().message, HasSubstr("begins with itself")) << text;
  }
}

}  // namespace
}  // namespace quire::constraint
