"""Implementation of nosplit_cc_library."""

load("@rules_cc//cc:defs.bzl", "cc_library")
load(":flag_check.bzl", "flag_check")

visibility(["//rules/..."])

# The drivers of GCC and clang obey the last of -fsplit-stack and
# -fno-split-stack. Bazel puts conlyopts and cxxopts behind copts, and what they
# hold may be known only when Bazel expands it (Make variables) or when the
# compiler reads it (response files): each of the three ends with the flag.
_POLICY_COPTS = ["-fno-split-stack"]

# Removes -fsplit-stack where the toolchain adds it by a feature of this name.
# Bazel ignores the names of features that a toolchain does not have.
_POLICY_FEATURES = ["-split_stack"]

def nosplit_cc_library(
        name,
        copts = None,
        conlyopts = None,
        cxxopts = None,
        features = None,
        linkopts = None,
        linkstatic = True,
        additional_compiler_inputs = None,
        **kwargs):
    """A cc_library of static archives that holds no split-stack code.

    The library is compiled with `-fno-split-stack` behind its own `copts`,
    `conlyopts` and `cxxopts`, with the toolchain feature `split_stack` disabled,
    and is linked statically. Flags that contradict this, in select() as well, are
    an error of the analysis that names the attribute and the fix.

    Flags are intent. What proves the result is an audit of the archive: add a
    `nosplit_audit_test`. Options that come behind the target's own, such as
    `--per_file_copt`, can still turn split stacks on; the audit sees it.

    Do not use it for code that is meant to run on split stacks and never in a Go
    program: that is a plain `cc_library`.

    Args:
        name: Name of the library.
        copts: As in cc_library. `-fno-split-stack` is appended.
        conlyopts: As in cc_library. `-fno-split-stack` is appended.
        cxxopts: As in cc_library. `-fno-split-stack` is appended.
        features: As in cc_library. `-split_stack` is appended.
        linkopts: As in cc_library.
        linkstatic: Must be True, which is the default.
        additional_compiler_inputs: As in cc_library.
        **kwargs: Every other attribute of cc_library, passed on as it is:
            `srcs`, `hdrs`, `deps`, `visibility`, `tags`, `testonly` and so on.
    """
    check = name + "_nosplit_flags"
    inherited = {
        attribute: kwargs[attribute]
        for attribute in ["compatible_with", "restricted_to", "tags", "target_compatible_with", "testonly"]
        if attribute in kwargs
    }
    inherited["tags"] = (inherited.get("tags") or []) + ["manual"]
    flag_check(
        name = check,
        conlyopts = conlyopts or [],
        copts = copts or [],
        cxxopts = cxxopts or [],
        library = name,
        library_features = features or [],
        linkopts = linkopts or [],
        linkstatic = linkstatic,
        visibility = ["//visibility:private"],
        **inherited
    )
    cc_library(
        name = name,
        additional_compiler_inputs = (additional_compiler_inputs or []) + [":" + check],
        conlyopts = (conlyopts or []) + _POLICY_COPTS,
        copts = (copts or []) + _POLICY_COPTS,
        cxxopts = (cxxopts or []) + _POLICY_COPTS,
        features = (features or []) + _POLICY_FEATURES,
        linkopts = linkopts or [],
        linkstatic = True,
        **kwargs
    )
