"""The policy flag is on every command line, and nothing behind it contradicts it.

Each test reads the command lines of both a C and a C++ source under flags of the
command line that would turn split stacks on.
"""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load(":command_lines.bzl", "POLICY_FLAG", "command_lines", "last_index", "last_split_flag")

visibility("private")

# How users turn split stacks on for everything, and for which sources that works.
_SETTINGS_BY_LANGUAGE = {
    "conlyopt": ["source.c"],
    "copt": ["source.c", "source.cc"],
    "cxxopt": ["source.cc"],
}

# The flags of :mixed that every source is compiled with.
_OWN_FLAGS = ["-DOWN", "-DSELECTED"]

def _policy_wins_impl(ctx):
    env = analysistest.begin(ctx)
    lines = command_lines(env)
    asserts.equals(env, ["source.c", "source.cc"], sorted(lines.keys()))
    for source, argvs in lines.items():
        asserts.equals(env, ctx.attr.compilations, len(argvs), "actions for " + source)
        for argv in argvs:
            policy = last_index(argv, POLICY_FLAG)
            asserts.true(
                env,
                policy > last_split_flag(argv),
                "%s: %s does not win in %s" % (source, POLICY_FLAG, argv),
            )
            for flag in _OWN_FLAGS:
                asserts.true(
                    env,
                    0 <= argv.index(flag) and argv.index(flag) < policy,
                    "%s: %s is not in front of %s in %s" % (source, flag, POLICY_FLAG, argv),
                )

            # A language's own flags reach the sources of that language.
            asserts.equals(env, source == "source.c", "-DCONLY" in argv)
            asserts.equals(env, source == "source.cc", "-DCXX" in argv)
    return analysistest.end(env)

_POLICY_ATTRS = {
    "compilations": attr.int(doc = "How often each source is compiled.", default = 1),
}

_policy_wins_test = analysistest.make(
    _policy_wins_impl,
    attrs = _POLICY_ATTRS,
    config_settings = {"//command_line_option:compilation_mode": "fastbuild"},
)

_policy_wins_over_copt_test = analysistest.make(
    _policy_wins_impl,
    attrs = _POLICY_ATTRS,
    config_settings = {
        "//command_line_option:compilation_mode": "fastbuild",
        "//command_line_option:copt": ["-fsplit-stack"],
    },
)

_policy_wins_over_conlyopt_test = analysistest.make(
    _policy_wins_impl,
    attrs = _POLICY_ATTRS,
    config_settings = {
        "//command_line_option:compilation_mode": "fastbuild",
        "//command_line_option:conlyopt": ["-fsplit-stack"],
    },
)

_policy_wins_over_cxxopt_test = analysistest.make(
    _policy_wins_impl,
    attrs = _POLICY_ATTRS,
    config_settings = {
        "//command_line_option:compilation_mode": "fastbuild",
        "//command_line_option:cxxopt": ["-fsplit-stack"],
    },
)

_policy_wins_in_optimized_code_test = analysistest.make(
    _policy_wins_impl,
    attrs = _POLICY_ATTRS,
    config_settings = {
        "//command_line_option:compilation_mode": "opt",
        "//command_line_option:copt": ["-fsplit-stack"],
    },
)

def _split_flag_arrives_impl(ctx):
    env = analysistest.begin(ctx)
    for source, argvs in command_lines(env).items():
        for argv in argvs:
            asserts.false(env, POLICY_FLAG in argv, "%s: %s" % (source, argv))
            asserts.equals(env, source in ctx.attr.sources, last_split_flag(argv) >= 0)
    return analysistest.end(env)

_SPLIT_ATTRS = {
    "sources": attr.string_list(doc = "The sources that the flag reaches.", mandatory = True),
}

_copt_arrives_test = analysistest.make(
    _split_flag_arrives_impl,
    attrs = _SPLIT_ATTRS,
    config_settings = {"//command_line_option:copt": ["-fsplit-stack"]},
)

_conlyopt_arrives_test = analysistest.make(
    _split_flag_arrives_impl,
    attrs = _SPLIT_ATTRS,
    config_settings = {"//command_line_option:conlyopt": ["-fsplit-stack"]},
)

_cxxopt_arrives_test = analysistest.make(
    _split_flag_arrives_impl,
    attrs = _SPLIT_ATTRS,
    config_settings = {"//command_line_option:cxxopt": ["-fsplit-stack"]},
)

def argument_order_test_suite(name):
    """Tests of where the policy flag is on command lines.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    policy_tests = {
        "conlyopt": _policy_wins_over_conlyopt_test,
        "copt": _policy_wins_over_copt_test,
        "cxxopt": _policy_wins_over_cxxopt_test,
        "own_flags": _policy_wins_test,
    }
    tests = []
    for library in ["mixed", "repeated"]:
        for what, test in policy_tests.items():
            tests.append("{}_{}_loses_to_policy_test".format(library, what))
            test(name = tests[-1], size = "small", target_under_test = ":" + library)

    tests.append("mixed_optimized_code_has_policy_test")
    _policy_wins_in_optimized_code_test(
        name = tests[-1],
        size = "small",
        compilations = 2,
        target_under_test = ":mixed",
    )

    for attribute in ["conlyopts", "copts", "cxxopts"]:
        tests.append("make_variable_in_%s_loses_to_policy_test" % attribute)
        _policy_wins_test(
            name = tests[-1],
            size = "small",
            target_under_test = ":make_variable_in_" + attribute,
        )

    # Negative controls: without the policy the same settings split the stack.
    arrival_tests = {
        "conlyopt": _conlyopt_arrives_test,
        "copt": _copt_arrives_test,
        "cxxopt": _cxxopt_arrives_test,
    }
    for what, test in arrival_tests.items():
        tests.append("plain_%s_splits_the_stack_test" % what)
        test(
            name = tests[-1],
            size = "small",
            sources = _SETTINGS_BY_LANGUAGE[what],
            target_under_test = ":plain",
        )
    native.test_suite(name = name, tests = tests)
