"""Implementation of nosplit_toolchain."""

visibility(["//toolchain"])

NosplitToolchainInfo = provider(
    doc = "The nosplit program, as rules find it at `ctx.toolchains[...].nosplit`.",
    fields = {
        "runfiles": "Runfiles of the program, for tests that run it; actions get them with `tool`.",
        "tool": "FilesToRunProvider of the program, for the platform that actions run on.",
    },
)

def _nosplit_toolchain_impl(ctx):
    tool = ctx.attr.tool[DefaultInfo]
    nosplit = NosplitToolchainInfo(
        runfiles = tool.default_runfiles,
        tool = tool.files_to_run,
    )
    return [platform_common.ToolchainInfo(nosplit = nosplit), nosplit]

nosplit_toolchain = rule(
    implementation = _nosplit_toolchain_impl,
    doc = """\
Carries a nosplit program for rules that audit.

Use it with Bazel's `toolchain` rule and the type
`@rules_nosplit//toolchain:toolchain_type`. Nobody needs one of their own unless
the program is not to be built from source.
""",
    attrs = {
        "tool": attr.label(
            doc = """\
The nosplit program: any executable target, such as a `go_binary`, a
script with data, or a file.
It is built for the execution platform, because the audit of a build is an
action of the build whatever platform the audited code is for.""",
            mandatory = True,
            executable = True,
            allow_files = True,
            cfg = "exec",
        ),
    },
)
