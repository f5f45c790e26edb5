"""What dependents get from a nosplit_cc_library."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@rules_cc//cc:defs.bzl", "CcInfo")

visibility("private")

def _provider_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)

    defines = target[CcInfo].compilation_context.defines.to_list()
    asserts.equals(env, ["DEPENDENCY", "EVERYTHING"], sorted(defines))

    headers = [file.short_path for file in target[CcInfo].compilation_context.headers.to_list()]
    asserts.true(env, "tests/rules/attributes/dependency.h" in headers, str(headers))
    asserts.true(
        env,
        [header for header in headers if header.endswith("/prefixed/everything.h")] != [],
        str(headers),
    )

    includes = target[CcInfo].compilation_context.system_includes.to_list()
    asserts.true(env, "tests/rules/attributes/more" in includes, str(includes))

    own = [
        linker_input
        for linker_input in target[CcInfo].linking_context.linker_inputs.to_list()
        if linker_input.owner == target.label
    ]
    asserts.equals(env, 1, len(own))
    asserts.equals(env, [True], [library.alwayslink for library in own[0].libraries])
    asserts.true(env, "-lm" in own[0].user_link_flags, str(own[0].user_link_flags))

    data = [file.short_path for file in target[DefaultInfo].data_runfiles.files.to_list()]
    asserts.true(env, "tests/rules/attributes/data.txt" in data, str(data))
    return analysistest.end(env)

_provider_test = analysistest.make(_provider_impl)

def provider_test_suite(name):
    """Tests of the providers of a library.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    _provider_test(
        name = name + "_everything_test",
        size = "small",
        target_under_test = ":everything",
    )
    native.test_suite(
        name = name,
        tests = [name + "_everything_test"],
    )
