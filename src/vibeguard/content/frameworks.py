"""How tests, assertions and skips are written, language by language: the table behind `tests`.

Origins: the documentation of each test framework. Patterns match within one line and are linear: no repetition
inside another, and what lies between two words is bounded.

* `test`: a line that defines a test; group 1 is its name.
* `mark`: a line that makes the function on one of the next lines a test; `function` gives that function's name.
* `assertion`: a call or statement that can fail the test.
* `skip`: the test does not run, or may fail. `focus`: only this test runs.
"""

from __future__ import annotations

import re
from functools import lru_cache

from vibeguard.tuples import NamedTuple


class Framework(NamedTuple):
    """Patterns as text; empty where the language has no such thing."""

    test: str
    assertion: str
    skip: str
    focus: str = ""
    mark: str = ""
    function: str = ""


class Patterns(NamedTuple):
    """The same, compiled."""

    test: re.Pattern[str]
    assertion: re.Pattern[str]
    skip: re.Pattern[str]
    focus: re.Pattern[str]
    mark: re.Pattern[str]
    function: re.Pattern[str]


_TITLE = r"""["'`]([^"'`\n]{1,200})"""

_PYTHON = Framework(
    test=r"^[ \t]*(?:async[ \t]{1,20})?def[ \t]{1,20}(test\w*)|^class[ \t]{1,20}(Test\w*)",
    assertion=r"^[ \t]*assert\b|\b(?:self|cls|testcase|tc|mock\w*|np\.testing|npt|testing|pytest|\w{1,40})\."
    r"(?:assert\w*|fail\w*|raises|warns|deprecated_call)\(|\bassert_\w+\(",
    skip=r"@(?:pytest\.mark\.|mark\.)?(?:skip|skipif|xfail)\b|@(?:unittest\.)?(?:skip\w*|expectedFailure)\b"
    r"|\bpytest\.(?:skip|xfail|importorskip)\(|\.skipTest\(|\braise[ \t]{1,9}(?:unittest\.)?SkipTest\b"
    r"|\bpytest\.mark\.(?:skip|skipif|xfail)\b|\b__test__[ \t]*=[ \t]*False",
)
_JAVASCRIPT = Framework(
    test=r"(?<![\w.$])(?:it|test|specify|Deno\.test|bench)(?:\.\w{1,20}){0,2}(?:\([^()\n]{0,100}\))?[ \t]{0,9}"
    rf"\((?:[ \t]{{0,9}}{_TITLE}|[ \t]*$)",
    assertion=r"\bexpect(?:\.\w+|TypeOf)?[(<]|\bexpect$|\bassert\w*(?:\.\w+)?\(|\.should\b|\bshould\.\w+"
    r"|\bt\.(?:is|not"
    r"|deepEqual|like|"
    r"true|false|truthy|falsy|throws\w*|equals?|same|ok|notOk|match|snapshot|fail)\(",
    skip=r"\b(?:it|test|describe|context|suite|specify)\.(?:concurrent\.)?(?:skip\w*|todo|fixme|fails|failing)\b"
    r"|\b(?:xit|xtest|xdescribe|xcontext|xspecify)[ \t]?\(|\bthis\.skip\(\)|\b(?:t|ctx|context)\.skip\("
    r"|\{[ \t]{0,9}skip:[ \t]{0,9}true",
    focus=r"\b(?:it|test|describe|context|suite|specify)\.(?:concurrent\.)?only\b|\b(?:fit|fdescribe"
    r"|fcontext)[ \t]?\(",
)
_GO = Framework(
    test=r"^func[ \t]+((?:Test|Fuzz|Example|Benchmark)\w*)[ \t]*\(|\bt\.Run\(\"([^\"\n]{1,200})\"",
    assertion=r"\b(?:t|tb|b|f)\.(?:Errorf?|Fatalf?|Fail|FailNow)\(|\b(?:assert|require|is|should|must|qt"
    r"|check)\.\w+\("
    r"|\b\w{1,8}\.Assert\w*\(|\b\w{1,8}\.Check\(|\bExpect\(",
    skip=r"\b(?:t|tb|b|s\.T\(\))\.Skip(?:f|Now)?\(|\bSkip\(\"|\b(?:P|X)(?:It|Describe|Context)\(|\bPending\b",
    focus=r"\bF(?:It|Describe|Context|Entry)\(",
)
_JVM = Framework(
    test=r"\bvoid[ \t]{1,9}(test\w{1,200})[ \t]*\(|\bfun[ \t]{1,9}(test\w{1,200})[ \t]*\("
    rf"|^[ \t]*(?:test|it|scenario|property|should|\"[^\"\n]{{1,200}}\"[ \t]{{1,9}}in)[ \t]?\([ \t]?{_TITLE}"
    r"|^[ \t]*def[ \t]{1,9}\"([^\"\n]{1,200})\"",
    assertion=r"\bassert\w*[ \t]?[({.]|^[ \t]*assert\b|\bfail\(|\bverify\w*[ \t]?[({]|\bexpect\w*\("
    r"|\bshould(?:Be|Not|Have|Throw|Contain|Equal|Match|Start|End|Only)\w*"
    r"|\bmust\w*\b|\bthen\(|\bthrown\(",
    skip=r"@(?:Disabled\w*|Ignore\w*)\b|\.config\(enabled[ \t]?=[ \t]?false|^[ \t]*(?:ignore|pending)\b[ \t]?[(\"]"
    r"|\bxit\(|enabled[ \t]?=[ \t]?false",
    mark=r"@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|Property|Theory)\b",
    function=r"(?:\bfun[ \t]{1,9}|\b\w[\w<>\[\], ?.]{0,80}[ \t]{1,9})(?:`([^`\n]{1,200})`|(\w+))[ \t]*\(",
)
_RUBY = Framework(
    test=rf"^[ \t]*def[ \t]{{1,9}}(test_\w+)|^[ \t]*(?:it|test|specify|scenario|example)[ \t(]{{1,9}}{_TITLE}",
    assertion=r"\bassert\w*|\brefute\w*|\bexpect[ \t]?[({]|\.should(?:_not)?\b|\bis_expected\b|\.must_\w+|\.wont_\w+"
    r"|\bflunk\b",
    skip=r"^[ \t]*(?:skip|pending)\b|\b(?:skip|pending):[ \t]|,[ \t]{0,9}:(?:skip|pending)\b(?!\?)"
    r"|^[ \t]*(?:xit|xspecify|xdescribe|xcontext|xscenario|xexample)\b",
    focus=r"^[ \t]*(?:fit|fspecify|fdescribe|fcontext|fexample)\b|\bfocus:[ \t]{0,9}true|,[ \t]{0,9}:focus\b",
)
_RUST = Framework(
    test="",
    assertion=r"\b(?:debug_)?assert\w*!|\bshould_panic\b|\binsta::\w+!|\bprop_assert\w*!|\bexpect_err\(",
    skip=r"#\[ignore\b|#\[cfg_attr\([^\]\n]{0,200}\bignore\b",
    mark=r"#\[(?:\w+::)*(?:test|rstest|test_case|quickcheck|proptest|wasm_bindgen_test|bench)\b",
    function=r"\bfn[ \t]{1,9}(\w+)",
)
_CSHARP = Framework(
    test="",
    assertion=r"\bAssert\.\w+|\.Should\w*\(|\.Verify\w*\(|\bVerify\(|\bExpect\(",
    skip=r"\[(?:Ignore|Explicit)\b|\bSkip[ \t]?=|\bAssert\.(?:Ignore|Inconclusive|Skip)\w*\(",
    mark=r"\[(?:\w+, ?)?(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod|Property)\b(?![\w.])",
    function=r"\b[\w<>\[\],?. ]{1,80}[ \t]{1,9}(\w+)[ \t]*\(",
)
_PHP = Framework(
    test=rf"\bfunction[ \t]{{1,9}}(test\w*)|^[ \t]*(?:it|test)\([ \t]?{_TITLE}",
    assertion=r"\bassert\w*\(|\bexpect(?!ExceptionMessage|ExceptionCode)\w*\(|->(?:should\w*|allows)\("
    r"|\$this->fail\(",
    skip=r"\bmarkTest(?:Skipped|Incomplete)\w*\(|->(?:skip|todo)\(",
    focus=r"->only\(\)",
    mark=r"#\[(?:\w*\\)*Test\]|^[ \t]*\*[ \t]*@test\b",
    function=r"\bfunction[ \t]{1,9}(\w+)",
)
_SWIFT = Framework(
    test=r"\bfunc[ \t]{1,9}(test\w+)[ \t]*\(|-[ \t]?\(void\)[ \t]?(test\w+)",
    assertion=r"\bXCT(?:Assert|Fail|Unwrap)\w*\(|#(?:expect|require)\(|\bexpect\(|\bXCTAssert\w*",
    skip=r"\bXCTSkip\w*\(|\.disabled\(|\b(?:xit|xdescribe|pending)\(",
    focus=r"\b(?:fit|fdescribe|fcontext)\(",
    mark=r"^[ \t]*@Test\b",
    function=r"\bfunc[ \t]{1,9}(?:`([^`\n]{1,200})`|(\w+))",
)
_C = Framework(
    test=r"\b(?:TYPED_TEST|TEST)(?:_[A-Z]{1,9})?[ \t]?\([ \t]*([^)\n]{1,200})\)"
    rf"|\b(?:TEST_CASE|SCENARIO|TEST_CASE_METHOD)[ \t]?\([ \t]*(?:\w+,[ \t]*)?{_TITLE}"
    r"|\bBOOST_\w*TEST_CASE\w*[ \t]?\([ \t]*(\w+)|\bSTART_TEST[ \t]?\([ \t]*(\w+)"
    r"|^(?:static[ \t]{1,9})?(?:void|int)[ \t]{1,9}(test_\w+)[ \t]*\(",
    assertion=r"\b(?:ASSERT|EXPECT)_\w+|\b(?:REQUIRE|CHECK)\w*[ \t]?\(|\bassert\w*[ \t]?\(|\bBOOST_(?:CHECK"
    r"|REQUIRE|TEST)\w*"
    r"|\b(?:ck|cr|tt|g|cmocka)_assert\w*|\bFAIL\(\)|\bassert_\w+\(|\bTEST_ASSERT\w*|\bTEST_CHECK\w*",
    skip=r"\bGTEST_SKIP\b|\bDISABLED_\w+|\[!(?:hide|mayfail|shouldfail)\]|\[\.\]|\bBOOST_TEST_IGNORE\w*"
    r"|\bdisabled\(\)",
)
_DART = Framework(
    test=rf"\b(?:test|testWidgets|blocTest(?:<[^>\n]{{0,100}}>)?)\([ \t]*{_TITLE}",
    assertion=r"\b(?:expect|expectLater|verify\w*|fail)\(",
    skip=r"\bskip:[ \t]*(?!false\b|null\b)\S",
    focus=r"\bsolo:[ \t]*true|\bsolo_test\(",
)
_ELIXIR = Framework(
    test=rf"^[ \t]*(?:test|property)[ \t(]{{1,9}}{_TITLE}",
    assertion=r"^[ \t]*(?:assert|refute)\w*|\b(?:assert|refute)(?:_\w+)?[ \t(]|\bflunk\(",
    skip=r"@(?:module|describe)?tag[ \t]{1,9}(?::skip|skip:)",
)
_SHELL = Framework(
    test=rf"^[ \t]*@test[ \t]{{1,9}}{_TITLE}|^(?:function[ \t]{{1,9}})?(test\w*)[ \t]?\(\)"
    rf"|^[ \t]*It[ \t]{{1,9}}{_TITLE}",
    assertion=r"^[ \t]*(?:\[\[?[ \t]|assert\w*\b|refute\w*\b|The[ \t]|test[ \t])",
    skip=r"^[ \t]*(?:skip|Skip|Pending|startSkipping)\b",
)
_POWERSHELL = Framework(
    test=rf"^[ \t]*It[ \t]{{1,9}}{_TITLE}",
    assertion=r"\|[ \t]{0,9}Should\b|^[ \t]*Should-\w+",
    skip=r"-Skip\b|-Pending\b|\bSet-ItResult\b",
)
_PERL = Framework(
    test=rf"^[ \t]*subtest[ \t]{{1,9}}{_TITLE}|^sub[ \t]{{1,9}}(test_\w+)",
    assertion=r"^[ \t]*(?:ok|is|isnt|like|unlike|is_deeply|cmp_ok|can_ok|isa_ok|pass|fail|throws_ok|lives_ok"
    r"|dies_ok)\b",
    skip=r"\bplan[ \t(]{1,9}skip_all\b|^[ \t]*skip[ \t(]|\bTODO:[ \t]{0,9}\{|\btodo_skip\b",
)
_LUA = Framework(
    test=rf"^[ \t]*(?:it|test)[ \t]?\([ \t]?{_TITLE}"
    rf"|^(?:local[ \t]{{1,9}})?function[ \t]{{1,9}}([\w.:]{{0,80}}test\w+)",
    assertion=r"\bassert\b|\blu\.assert\w*|\bexpect\(",
    skip=r"^[ \t]*pending\(|\bskip\(",
)
_CLOJURE = Framework(
    test=r"^\(deftest[ \t]{1,9}(?:\^\S{1,40}[ \t]{1,9})?([^\s()]{1,200})",
    assertion=r"\(is[ \t(]|\(are[ \t\[]",
    skip=r"\^:(?:skip|kaocha/skip|pending)",
)
_HASKELL = Framework(
    test=rf"^[ \t]*(?:it|prop|testCase|testProperty|specify)[ \t]{{1,9}}{_TITLE}|^(prop_\w+)[ \t]*::",
    assertion=r"\bshould\w*|\bassert\w*|@\?=|@=\?|===",
    skip=r"^[ \t]*(?:xit|xdescribe|xspecify|pending\w*)\b",
    focus=r"^[ \t]*(?:fit|fdescribe|focus)\b",
)
_R = Framework(
    test=rf"\b(?:test_that|it|describe)\([ \t]*{_TITLE}",
    assertion=r"\bexpect_\w+\(|\bexpect\(",
    skip=r"\bskip(?:_\w+)?\(",
)
_JULIA = Framework(
    test=rf"@testset[ \t]{{1,9}}(?:\w+[ \t]{{1,9}})?{_TITLE}",
    assertion=r"@test(?:_throws|_logs|_warn|_nowarn|_deprecated)?\b",
    skip=r"@test_(?:skip|broken)\b|\b(?:skip|broken)[ \t]?=[ \t]?true",
)

FRAMEWORKS: dict[str, Framework] = {
    "python": _PYTHON,
    "cython": _PYTHON,
    **dict.fromkeys(("javascript", "typescript", "tsx", "coffeescript", "vue", "svelte"), _JAVASCRIPT),
    "go": _GO,
    **dict.fromkeys(("java", "kotlin", "scala", "groovy"), _JVM),
    **dict.fromkeys(("ruby", "crystal"), _RUBY),
    "rust": _RUST,
    **dict.fromkeys(("c#", "f#", "visual basic .net"), _CSHARP),
    "php": _PHP,
    **dict.fromkeys(("swift", "objective-c", "objective-c++"), _SWIFT),
    **dict.fromkeys(("c", "c++", "cuda"), _C),
    "dart": _DART,
    "elixir": _ELIXIR,
    "shell": _SHELL,
    "powershell": _POWERSHELL,
    "perl": _PERL,
    "lua": _LUA,
    "clojure": _CLOJURE,
    "haskell": _HASKELL,
    "r": _R,
    "julia": _JULIA,
}

# Assertions that hold whatever the code does.
_TRIVIAL = (
    r"^(?:assert\W{0,3}(?:True|true|1|1 == 1|not False)\W{0,4}"
    r"|(?:self\.|Assert\.)?assert(?:_?[tT]rue|That)?\((?:True|true)\)\W{0,2}"
    r"|(?:self\.|Assert\.)?assertFalse\((?:False|false)\)\W{0,2}|Assert\.(?:IsTrue|True|That)\(true\)\W{0,2}"
    r"|expect\((?:true|1)\)\.(?:toBe\((?:true|1)\)|toBeTruthy\(\)|toEqual\((?:true|1)\)|to\.be\.true)\W{0,2}"
    r"|assert!\(true\)\W{0,2}|XCTAssertTrue\(true\)|(?:EXPECT|ASSERT)_TRUE\(true\)\W{0,2})$"
)


@lru_cache(maxsize=1)
def _trivial() -> re.Pattern[str]:
    return re.compile(_TRIVIAL)


def is_trivial(assertion: str) -> bool:
    """Whether an assertion, without blanks around it, holds whatever the code does."""
    return ("rue" in assertion or "1" in assertion or "alse" in assertion) and _trivial().match(assertion) is not None


@lru_cache(maxsize=32)
def patterns(language: str) -> Patterns | None:
    """The compiled patterns of a language; None where the table has none."""
    framework = FRAMEWORKS.get(language)
    if framework is None:
        return None
    nothing = r"(?!)"
    return Patterns(
        *(
            re.compile(text or nothing, re.MULTILINE)
            for text in (
                framework.test,
                framework.assertion,
                framework.skip,
                framework.focus,
                framework.mark,
                framework.function,
            )
        )
    )
