"""Implementation of nosplit_audit_test."""

load("@bazel_skylib//lib:shell.bzl", "shell")
load(":linked_files.bzl", "linked_files", "linked_files_aspect")

visibility(["//rules/..."])

_TOOLCHAIN_TYPE = Label("//toolchain:toolchain_type")

# Exit codes of nosplit audit.
_EXIT_CODES = {
    "clean": 0,
    "unauditable": 3,
    "violation": 1,
}

# The audit of one test is one run of the program over a list of files. Paths are
# those in the runfiles, so that a report reads the same everywhere.
_TEST_SCRIPT = """\
#!/bin/sh
# Written by nosplit_audit_test.
{nothing}
set -- audit --format text --files-from {list} {policy}
# Bazel packs these outputs with zip, and fails a test where there is none.
if [ -n "${{TEST_UNDECLARED_OUTPUTS_DIR:-}}" ] && command -v zip >/dev/null; then
  set -- "$@" --format "json=$TEST_UNDECLARED_OUTPUTS_DIR/nosplit.audit.json"
fi
{tool} "$@"
code=$?
if [ "$code" = {expected} ]; then exit 0; fi
if [ {expected} != 0 ]; then
  echo {label}': the audit was to end as "{expect}" (exit code {expected}), and ended with exit code' "$code" >&2
fi
if [ "$code" = 0 ]; then code=1; fi
exit "$code"
"""

# A target without files must not pass: nothing was proven. All of them are named.
_NOTHING = """\
cat >&2 <<'END'
{problems}
A library of headers alone has no archive, and other rules may keep theirs to themselves.
Remove it from targets, or name the target that links it.
END
exit 2
"""

def _short_path(file):
    return file.short_path

def _nosplit_audit_test_impl(ctx):
    # Not allow_empty = False: Bazel would reject targets without files of their
    # own as well, such as a cc_import, which is all library and no output.
    if not ctx.attr.targets:
        fail("\n{}: attribute targets is empty, so that there is nothing to audit.\nTo fix it, name what is linked into Go.".format(ctx.label))

    files = []
    empty = []
    for target in ctx.attr.targets:
        # What the target itself builds, and what it was linked from.
        own = depset(
            transitive = [target[DefaultInfo].files, linked_files(target)],
        )
        files.append(own)

        # A test is a leaf: nothing is flattened twice.
        if not own.to_list():
            empty.append(target.label)
    all_files = depset(transitive = files)

    paths = ctx.actions.args()
    paths.set_param_file_format("multiline")
    paths.add_all(all_files, map_each = _short_path)
    path_list = ctx.actions.declare_file(ctx.label.name + ".files")
    ctx.actions.write(path_list, paths)

    problems = "\n".join([
        "{}: {} puts nothing on a link line, so that there is nothing to audit.".format(ctx.label, label)
        for label in empty
    ])

    nosplit = ctx.toolchains[_TOOLCHAIN_TYPE].nosplit
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    policy = ctx.file.policy
    ctx.actions.write(
        script,
        _TEST_SCRIPT.format(
            expect = ctx.attr.expect,
            expected = _EXIT_CODES[ctx.attr.expect],
            label = shell.quote(str(ctx.label)),
            list = shell.quote(path_list.short_path),
            nothing = _NOTHING.format(problems = problems) if empty else "",
            policy = "--policy " + shell.quote(policy.short_path) if policy else "",
            tool = shell.quote(nosplit.tool.executable.short_path),
        ),
        is_executable = True,
    )
    runfiles = ctx.runfiles(
        files = [path_list, nosplit.tool.executable] + ([policy] if policy else []),
        transitive_files = all_files,
    ).merge(nosplit.runfiles)
    return [DefaultInfo(executable = script, runfiles = runfiles)]

_nosplit_audit_test = rule(
    implementation = _nosplit_audit_test_impl,
    doc = "See the macro.",
    attrs = {
        "expect": attr.string(
            doc = """\
How the audit must end for the test to pass: `clean`, `violation` or
`unauditable`. The others than the default are for negative controls: a test that
passes because the audit finds what was put there for it.""",
            default = "clean",
            values = sorted(_EXIT_CODES.keys()),
        ),
        "policy": attr.label(
            doc = """\
A `nosplit.yaml` with what is allowed, for whom and until when. Its globs match
paths below the folder of the policy file; unset, nothing is allowed.""",
            allow_single_file = [".yaml", ".yml"],
        ),
        "targets": attr.label_list(
            doc = """\
What to audit: libraries, binaries and tests of C, C++ and Go, prebuilt files,
filegroups. The files that they build are audited, and all archives, objects and
shared libraries that they are linked from, directly or not. A target that yields
no file fails the test.""",
            allow_files = True,
            aspects = [linked_files_aspect],
            mandatory = True,
        ),
    },
    test = True,
    toolchains = [_TOOLCHAIN_TYPE],
)

def nosplit_audit_test(name, targets, **kwargs):
    """A test that no split-stack code is in what the targets build and link.

    The report is in the test's log, and as JSON (`nosplit.audit.json`) among its
    undeclared outputs. A test that passes says how many objects it read.

    The program runs where the test runs, and was built for the execution
    platform: tests that are run on other machines than actions are need a
    toolchain with a program for those (`//toolchain:defs.bzl`).

    Args:
        name: Name of the test.
        targets: What to audit: libraries, binaries and tests of C, C++ and Go,
            prebuilt files, filegroups.
        **kwargs: `policy`, a nosplit.yaml; `expect`, how the audit must end
            ("clean" by default, "violation" or "unauditable" for negative
            controls); and what every test has, such as `size`, `tags` and
            `visibility`.
    """
    _nosplit_audit_test(
        name = name,
        targets = targets,
        **({"size": "small"} | kwargs)
    )
