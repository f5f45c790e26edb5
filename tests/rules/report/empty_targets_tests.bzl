"""An audit of no targets is a mistake that the analysis names."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:defs.bzl", "nosplit_audit_test")

visibility("private")

def _empty_targets_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "//{}:{}: attribute targets is empty".format(
        ctx.label.package,
        ctx.attr.audit,
    ))
    asserts.expect_failure(env, "To fix it, name what is linked into Go.")
    return analysistest.end(env)

_empty_targets_test = analysistest.make(
    _empty_targets_impl,
    attrs = {
        "audit": attr.string(doc = "The name of the test that the message names.", mandatory = True),
    },
    expect_failure = True,
)

def empty_targets_test_suite(name):
    """Tests of audits without targets.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    cases = {
        "literal": [],
        "select": select({
            "@platforms//os:linux": [],
            "//conditions:default": ["//tests/rules/fixtures:whole"],
        }),
    }
    tests = []
    for case, targets in cases.items():
        audit = "{}_{}_audit".format(name, case)
        nosplit_audit_test(
            name = audit,
            # It cannot be analyzed, which is what is tested.
            tags = ["manual"],
            targets = targets,
        )
        tests.append("{}_{}_test".format(name, case))
        _empty_targets_test(
            name = tests[-1],
            size = "small",
            audit = audit,
            target_under_test = ":" + audit,
        )
    native.test_suite(name = name, tests = tests)
