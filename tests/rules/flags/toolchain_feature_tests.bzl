"""A toolchain whose feature `split_stack` splits the stack does not do so here.

Flags of a toolchain's features may come behind all others, so that only
disabling the feature helps.
"""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:cc_toolchain_config_lib.bzl", "feature", "flag_group", "flag_set", "tool_path")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl", "CcToolchainConfigInfo")
load(":command_lines.bzl", "POLICY_FLAG", "command_lines", "last_index", "last_split_flag")

visibility("private")

_COMPILE_ACTIONS = [ACTION_NAMES.c_compile, ACTION_NAMES.cpp_compile]

def _split_stack_toolchain_config_impl(ctx):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "unknown",
        abi_version = "unknown",
        compiler = "none",
        features = [
            # Named, it keeps its place in front of the one below.
            feature(
                name = "user_compile_flags",
                enabled = True,
                flag_sets = [flag_set(
                    actions = _COMPILE_ACTIONS,
                    flag_groups = [flag_group(
                        expand_if_available = "user_compile_flags",
                        flags = ["%{user_compile_flags}"],
                        iterate_over = "user_compile_flags",
                    )],
                )],
            ),
            feature(
                name = "split_stack",
                enabled = True,
                flag_sets = [flag_set(
                    actions = _COMPILE_ACTIONS,
                    flag_groups = [flag_group(flags = ["-fsplit-stack"])],
                )],
            ),
        ],
        host_system_name = "local",
        target_cpu = "none",
        target_libc = "unknown",
        target_system_name = "local",
        tool_paths = [
            tool_path(name = tool, path = "/bin/false")
            for tool in ["ar", "cpp", "gcc", "gcov", "ld", "nm", "objdump", "strip"]
        ],
        toolchain_identifier = ctx.label.name,
    )

split_stack_toolchain_config = rule(
    implementation = _split_stack_toolchain_config_impl,
    doc = "A toolchain that compiles for split stacks unless its feature `split_stack` is disabled.",
    provides = [CcToolchainConfigInfo],
)

_SETTINGS = {
    "//command_line_option:extra_toolchains": [str(Label(":split_stack_toolchain"))],
}

def _disabled_feature_impl(ctx):
    env = analysistest.begin(ctx)
    lines = command_lines(env)
    asserts.equals(env, ["source.c", "source.cc"], sorted(lines.keys()))
    for argvs in lines.values():
        for argv in argvs:
            asserts.true(env, POLICY_FLAG in argv, str(argv))
            asserts.equals(env, -1, last_split_flag(argv), str(argv))
    return analysistest.end(env)

_disabled_feature_test = analysistest.make(
    _disabled_feature_impl,
    config_settings = _SETTINGS,
)

def _enabled_feature_impl(ctx):
    env = analysistest.begin(ctx)
    lines = command_lines(env)
    asserts.equals(env, ["source.c", "source.cc"], sorted(lines.keys()))
    for argvs in lines.values():
        for argv in argvs:
            # -1 without the policy: all the same the flag is behind it.
            asserts.true(env, last_split_flag(argv) > last_index(argv, POLICY_FLAG), str(argv))
            asserts.equals(env, ctx.attr.policy, POLICY_FLAG in argv, str(argv))
    return analysistest.end(env)

_enabled_feature_test = analysistest.make(
    _enabled_feature_impl,
    attrs = {
        "policy": attr.bool(doc = "The target is compiled with -fno-split-stack.", mandatory = True),
    },
    config_settings = _SETTINGS,
)

def toolchain_feature_test_suite(name):
    """Tests of the toolchain's feature.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    _disabled_feature_test(
        name = name + "_library_disables_it_test",
        size = "small",
        target_under_test = ":mixed",
    )

    # Negative controls: the feature is in effect for others, and the flag alone
    # does not help.
    _enabled_feature_test(
        name = name + "_plain_library_has_it_test",
        size = "small",
        policy = False,
        target_under_test = ":plain",
    )
    _enabled_feature_test(
        name = name + "_flag_alone_loses_to_it_test",
        size = "small",
        policy = True,
        target_under_test = ":flag_alone",
    )
    native.test_suite(
        name = name,
        tests = [
            name + "_library_disables_it_test",
            name + "_plain_library_has_it_test",
            name + "_flag_alone_loses_to_it_test",
        ],
    )
