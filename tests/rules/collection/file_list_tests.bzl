"""Each test compares the file list of an audit with what the target links."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:defs.bzl", "nosplit_audit_test")

visibility("private")

_FIXTURES = "tests/rules/fixtures/"

def _file_list_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    lists = [
        action.content.splitlines()
        for action in analysistest.target_actions(env)
        if [out for out in action.outputs.to_list() if out.basename == target.label.name + ".files"]
    ]
    asserts.equals(env, 1, len(lists))
    files = lists[0]
    asserts.equals(
        env,
        [_FIXTURES + file for file in ctx.attr.files],
        # A go_test is linked with helpers of rules_go.
        sorted([file for file in files if not file.startswith("../rules_go")]),
    )

    # A test sees only its runfiles.
    runfiles = [file.short_path for file in target[DefaultInfo].default_runfiles.files.to_list()]
    asserts.equals(env, [], [file for file in files if file not in runfiles])
    return analysistest.end(env)

_ATTRS = {
    "files": attr.string_list(doc = "The sorted list, below the fixtures.", mandatory = True),
}

_file_list_test = analysistest.make(
    _file_list_impl,
    attrs = _ATTRS,
    config_settings = {"//command_line_option:compilation_mode": "fastbuild"},
)

_optimized_file_list_test = analysistest.make(
    _file_list_impl,
    attrs = _ATTRS,
    config_settings = {"//command_line_option:compilation_mode": "opt"},
)

# From a fixture to the files of it and of all that it links. The archive of an
# embedded library is looked at as well; Go's .x files are a library's own output.
_FILES = {
    "alwayslink": ["libalwayslink.lo"],
    "archive_in_srcs": ["libprebuilt.a"],
    "binary": ["binary", "libby_deps.a", "libsplit.a"],
    "by_alias": ["libsplit.a"],
    "by_alwayslink": ["libalwayslink.lo", "libby_alwayslink.a"],
    "by_carrier": ["libby_carrier.a", "libby_deps.a", "libsplit.a"],
    "by_cc_import": ["libby_cc_import.a", "libprebuilt.a"],
    "by_deps": ["libby_deps.a", "libsplit.a"],
    "by_dynamic_deps": ["by_dynamic_deps", "libby_deps.a", "libshared.so", "libsplit.a"],
    "by_embed": ["by_embed.a", "by_embed.x", "cgo.a", "libby_deps.a", "libsplit.a"],
    "by_filegroup": ["libby_deps.a", "libsplit.a"],
    "by_frontend": ["binary", "libby_deps.a", "libsplit.a"],
    "by_go_deps": ["by_go_deps.a", "by_go_deps.x", "cgo.a", "libby_deps.a", "libsplit.a"],
    "by_headers_deps": ["libby_deps.a", "libsplit.a"],
    "by_implementation_deps": ["libby_implementation_deps.a", "libsplit.a"],
    "by_link_extra_lib": ["by_link_extra_lib", "libsplit.a"],
    "by_linkopts": ["libby_linkopts.a", "libprebuilt.a"],
    "by_malloc": ["by_malloc", "libsplit.a"],
    "carried": ["libby_deps.a", "libsplit.a"],
    "cc_test": ["cc_test", "libby_deps.a", "libsplit.a"],
    "cgo": ["cgo.a", "cgo.x", "libby_deps.a", "libsplit.a"],
    "go_binary_by_cdeps": ["go_binary_by_cdeps.a", "go_binary_by_cdeps_/go_binary_by_cdeps", "libby_deps.a", "libsplit.a"],
    "go_binary_by_deps": ["by_go_deps.a", "cgo.a", "go_binary_by_deps.a", "go_binary_by_deps_/go_binary_by_deps", "libby_deps.a", "libsplit.a"],
    "go_test": ["cgo.a", "go_test.internal.a", "go_test_/go_test", "go_test_test.external.a", "go_test~testmain.a", "libby_deps.a", "libsplit.a"],
    "headers": [],
    "imported_archive": ["libprebuilt.a"],
    "libprebuilt.a": ["libprebuilt.a"],
    "shared": ["libby_deps.a", "libshared.so", "libsplit.a"],
    "split": ["libsplit.a"],
    # Data is not linked.
    "binary_of_binary_data": ["binary_of_binary_data"],
}

# Optimized code comes with and without PIC, and both may be linked somewhere.
_OPTIMIZED_FILES = {
    "binary": ["binary", "libby_deps.a", "libby_deps.pic.a", "libsplit.a", "libsplit.pic.a"],
    "by_alwayslink": ["libalwayslink.lo", "libalwayslink.pic.lo", "libby_alwayslink.a", "libby_alwayslink.pic.a"],
    "by_deps": ["libby_deps.a", "libby_deps.pic.a", "libsplit.a", "libsplit.pic.a"],
    "cgo": ["cgo.a", "cgo.x", "libby_deps.a", "libby_deps.pic.a", "libsplit.a", "libsplit.pic.a"],
    "go_binary_by_deps": ["by_go_deps.a", "cgo.a", "go_binary_by_deps.a", "go_binary_by_deps_/go_binary_by_deps", "libby_deps.a", "libby_deps.pic.a", "libsplit.a", "libsplit.pic.a"],
}

def _audit(name, targets):
    nosplit_audit_test(
        name = name,
        # Only its analysis is of interest.
        tags = ["manual"],
        targets = targets,
    )

def file_list_test_suite(name):
    """Tests of what an audit is made of.

    Args:
        name: Name of the test suite; prefix of the names of its tests.
    """
    tests = []
    for suffix, test, cases in [
        ("", _file_list_test, _FILES),
        ("_optimized", _optimized_file_list_test, _OPTIMIZED_FILES),
    ]:
        for fixture, files in cases.items():
            tests.append("{}_{}{}_test".format(name, fixture, suffix))
            _audit(tests[-1] + "_audit", ["//tests/rules/fixtures:" + fixture])
            test(name = tests[-1], size = "small", files = files, target_under_test = ":" + tests[-1] + "_audit")

    # Two targets that share a library list it once.
    tests.append(name + "_shared_dependency_test")
    _audit(tests[-1] + "_audit", [
        "//tests/rules/fixtures:by_deps",
        "//tests/rules/fixtures:by_implementation_deps",
    ])
    _file_list_test(
        name = tests[-1],
        size = "small",
        files = ["libby_deps.a", "libby_implementation_deps.a", "libsplit.a"],
        target_under_test = ":" + tests[-1] + "_audit",
    )
    native.test_suite(name = name, tests = tests)
