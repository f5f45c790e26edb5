"""Flags that contradict the policy are errors that name the place and the fix.

The target under test is the library itself, so that each test also proves that
the library cannot be analyzed without the check.
"""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:defs.bzl", "nosplit_cc_library")

visibility("private")

_REMOVE_FLAG = "To fix it, remove the flag;"
_REMOVE_FEATURE = "To fix it, remove the feature;"
_REMOVE_ATTRIBUTE = "To fix it, remove the attribute:"

def _conflict_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "//{}:{}: attribute {} holds {}, which contradicts nosplit_cc_library: ".format(
        ctx.label.package,
        ctx.attr.library,
        ctx.attr.attribute,
        ctx.attr.found,
    ))
    asserts.expect_failure(env, ctx.attr.fix)
    return analysistest.end(env)

_conflict_test = analysistest.make(
    _conflict_impl,
    attrs = {
        "attribute": attr.string(doc = "The attribute that the message names.", mandatory = True),
        "fix": attr.string(doc = "What the message says to do.", mandatory = True),
        "found": attr.string(doc = "The value that the message names, as Starlark.", mandatory = True),
        "library": attr.string(doc = "The name of the library that the message names.", mandatory = True),
    },
    expect_failure = True,
)

def _selected(value, default):
    """The value behind a select() that is true where the tests run."""
    return select({
        ":linux": value,
        "//conditions:default": default,
    })

# Each test: attribute, value, what is found, fix.
_CASES = {
    "clang_frontend_flag": ("copts", ["-Xclang", "-split-stacks"], "-split-stacks", _REMOVE_FLAG),
    "clang_frontend_flag_in_one_string": ("copts", ["-Xclang -split-stacks"], "-split-stacks", _REMOVE_FLAG),
    "conlyopts": ("conlyopts", ["-fsplit-stack"], "-fsplit-stack", _REMOVE_FLAG),
    "copts": ("copts", ["-fsplit-stack"], "-fsplit-stack", _REMOVE_FLAG),
    "copts_before_the_policy": ("copts", ["-fsplit-stack", "-fno-split-stack"], "-fsplit-stack", _REMOVE_FLAG),
    "cxxopts": ("cxxopts", ["-fsplit-stack"], "-fsplit-stack", _REMOVE_FLAG),
    "features": ("features", ["split_stack"], "split_stack", _REMOVE_FEATURE),
    "linkopts": ("linkopts", ["-fsplit-stack"], "-fsplit-stack", _REMOVE_FLAG),
    "linkstatic": ("linkstatic", False, False, _REMOVE_ATTRIBUTE),
    "quoted": ("conlyopts", ["'-fsplit-stack'"], "-fsplit-stack", _REMOVE_FLAG),
    "several_flags_in_one_string": ("cxxopts", ["-O2 -fsplit-stack -g"], "-fsplit-stack", _REMOVE_FLAG),
    "several_flags_with_tabs": ("conlyopts", ["-O2\t-fsplit-stack"], "-fsplit-stack", _REMOVE_FLAG),
}

def _conflict(name, attribute, value, found, fix, **kwargs):
    library = name + "_library"
    nosplit_cc_library(
        name = library,
        # It cannot be built, which is what is tested.
        tags = ["manual"],
        **(kwargs | {attribute: value})
    )
    _conflict_test(
        name = name,
        size = "small",
        attribute = attribute,
        fix = fix,
        found = repr(found),
        library = library,
        target_under_test = ":" + library,
    )
    return name

def conflict_test_suite(name):
    """Tests of the flags that nosplit_cc_library rejects.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    tests = []
    for case, (attribute, value, found, fix) in _CASES.items():
        tests.append(_conflict(
            "{}_{}_test".format(name, case),
            attribute,
            value,
            found,
            fix,
            srcs = ["source.c"],
        ))
        tests.append(_conflict(
            "{}_{}_in_select_test".format(name, case),
            attribute,
            _selected(value, True if attribute == "linkstatic" else []),
            found,
            fix,
            srcs = ["source.c"],
        ))

    # No action would need the check; the library does.
    tests.append(_conflict(
        name + "_library_of_headers_test",
        "copts",
        ["-fsplit-stack"],
        "-fsplit-stack",
        _REMOVE_FLAG,
        hdrs = ["header.h"],
    ))
    native.test_suite(name = name, tests = tests)
