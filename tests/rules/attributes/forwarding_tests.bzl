"""What is written on a nosplit_cc_library is what its cc_library gets.

Two libraries with the same attributes are compared as Bazel has them after
loading: attributes that are only mentioned here by mistake differ as well.
"""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("@rules_cc//cc:defs.bzl", "cc_library")
load("//rules:defs.bzl", "nosplit_cc_library")

visibility("private")

# What the policy adds, as it is behind what the user wrote.
_POLICY = {
    "additional_compiler_inputs": lambda name: [":%s_nosplit_flags" % name],
    "conlyopts": lambda name: ["-fno-split-stack"],
    "copts": lambda name: ["-fno-split-stack"],
    "cxxopts": lambda name: ["-fno-split-stack"],
    "features": lambda name: ["-split_stack"],
}

# From a case to the attributes of both libraries.
_CASES = {
    "everything": {
        "additional_compiler_inputs": ["include/table.inc"],
        "alwayslink": True,
        "conlyopts": ["-DCONLY"],
        "copts": ["-DOWN"],
        "cxxopts": ["-DCXX"],
        "data": ["data.txt"],
        "defines": ["DEFINES"],
        "deprecation": "as a test",
        "deps": [":dependency"],
        "features": ["pic", "-no_copts_tokenization"],
        "hdrs": ["include/everything.h"],
        "implementation_deps": [":implementation_dependency"],
        "include_prefix": "prefixed",
        "includes": ["include"],
        "linkopts": ["-lm"],
        "linkstatic": True,
        "local_defines": ["LOCAL"],
        "srcs": ["everything.c"],
        "strip_include_prefix": "include",
        "tags": ["first", "manual"],
        "target_compatible_with": ["@platforms//os:linux"],
        "testonly": True,
        "textual_hdrs": ["dependency.h"],
        "visibility": ["//tests:__subpackages__"],
    },
    "none_is_default": {
        "additional_compiler_inputs": None,
        "conlyopts": None,
        "copts": None,
        "cxxopts": None,
        "features": None,
        "linkopts": None,
        "srcs": ["standalone.c"],
        "tags": None,
        "testonly": None,
        "visibility": None,
    },
    "nothing": {},
}

def _same_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, json.decode(ctx.attr.expected), json.decode(ctx.attr.actual))
    return unittest.end(env)

_same_test = unittest.make(_same_impl, attrs = {
    "actual": attr.string(doc = "A JSON object.", mandatory = True),
    "expected": attr.string(doc = "A JSON object.", mandatory = True),
})

# Bazel sorts some when it loads them.
_UNORDERED = ["additional_compiler_inputs", "features"]

def _comparable(rule):
    return json.encode({
        attribute: sorted(value) if attribute in _UNORDERED else value
        for attribute, value in rule.items()
        # Without what tells rules apart, where they stand, and what Bazel
        # computes later.
        if attribute != "name" and not attribute.startswith("generator_") and
           type(value) != "NativeComputedDefault"
    })

def forwarding_test_suite(name):
    """Tests of the attributes of the library and of its check.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    tests = []
    for case, attributes in _CASES.items():
        library = "{}_{}_library".format(name, case)
        plain = library + "_plain"
        nosplit_cc_library(name = library, **attributes)
        cc_library(name = plain, **(attributes | {"linkstatic": True}))
        expected = native.existing_rule(plain)
        expected = {attribute: expected[attribute] for attribute in expected}
        for attribute, addition in _POLICY.items():
            expected[attribute] = list(expected.get(attribute) or []) + addition(library)
        tests.append("{}_{}_test".format(name, case))
        _same_test(
            name = tests[-1],
            size = "small",
            actual = _comparable(native.existing_rule(library)),
            expected = _comparable(expected),
        )

        # The check is never more visible than needed, stays out of //..., and is
        # testonly or incompatible where the library is.
        check = native.existing_rule(library + "_nosplit_flags")
        tags = attributes.get("tags") or []
        compatible = native.existing_rule(plain)["target_compatible_with"]
        tests.append("{}_{}_check_test".format(name, case))
        _same_test(
            name = tests[-1],
            size = "small",
            actual = json.encode({
                "tags": sorted({tag: None for tag in check["tags"]}.keys()),
                "target_compatible_with": check["target_compatible_with"],
                "testonly": check.get("testonly", False),
                "visibility": check["visibility"],
            }),
            expected = json.encode({
                "tags": sorted({tag: None for tag in tags + ["manual"]}.keys()),
                "target_compatible_with": compatible,
                "testonly": attributes.get("testonly") or False,
                "visibility": ["//visibility:private"],
            }),
        )
    native.test_suite(name = name, tests = tests)
