"""The library is a static archive: that is what the policy is enforced on."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@rules_cc//cc:defs.bzl", "CcInfo")

visibility("private")

def _static_archive_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    built = [
        file.basename
        for action in analysistest.target_actions(env)
        for file in action.outputs.to_list()
    ]
    files = [file.basename for file in target[DefaultInfo].files.to_list()]
    shared = "lib%s.so" % target.label.name
    asserts.equals(env, ctx.attr.shared, shared in built, "actions build %s" % built)
    asserts.equals(env, ctx.attr.shared, shared in files, "files are %s" % files)
    asserts.true(env, "lib%s.a" % target.label.name in files, "files are %s" % files)

    for linker_input in target[CcInfo].linking_context.linker_inputs.to_list():
        for library in linker_input.libraries:
            asserts.equals(env, ctx.attr.shared, library.dynamic_library != None, str(library))
    return analysistest.end(env)

_static_archive_test = analysistest.make(
    _static_archive_impl,
    attrs = {
        "shared": attr.bool(doc = "There is a shared library as well.", mandatory = True),
    },
)

def static_archive_test_suite(name):
    """Tests of the files that a library is.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    _static_archive_test(
        name = name + "_no_shared_library_test",
        size = "small",
        shared = False,
        target_under_test = ":mixed",
    )

    # Negative control: Bazel makes one where it may.
    _static_archive_test(
        name = name + "_plain_shared_library_test",
        size = "small",
        shared = True,
        target_under_test = ":plain",
    )
    native.test_suite(
        name = name,
        tests = [
            name + "_no_shared_library_test",
            name + "_plain_shared_library_test",
        ],
    )
