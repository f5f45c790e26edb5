"""An audit runs the program of the toolchain that was chosen, with its runfiles."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

visibility("private")

def _own_tool_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    runfiles = [file.short_path for file in target[DefaultInfo].default_runfiles.files.to_list()]
    for file in ["program", "program.txt"]:
        path = "tests/rules/toolchain/" + file
        asserts.equals(env, ctx.attr.chosen, path in runfiles, "%s in %s" % (path, runfiles))
    return analysistest.end(env)

_ATTRS = {
    "chosen": attr.bool(doc = "The program of this package is the one that runs.", mandatory = True),
}

_own_tool_test = analysistest.make(
    _own_tool_impl,
    attrs = _ATTRS,
    config_settings = {
        "//command_line_option:extra_toolchains": [str(Label(":own_toolchain"))],
    },
)

_default_tool_test = analysistest.make(_own_tool_impl, attrs = _ATTRS)

def own_tool_test_suite(name):
    """Tests of a program of one's own.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    _own_tool_test(
        name = name + "_chosen_test",
        size = "small",
        chosen = True,
        target_under_test = ":audit",
    )

    # Negative control.
    _default_tool_test(
        name = name + "_default_test",
        size = "small",
        chosen = False,
        target_under_test = ":audit",
    )
    native.test_suite(
        name = name,
        tests = [
            name + "_chosen_test",
            name + "_default_test",
        ],
    )
