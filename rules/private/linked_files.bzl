"""An aspect that finds what a target puts on a link line.

Rules pass C/C++ libraries on in several ways: CcInfo between cc rules, GoArchive
between Go rules, and nothing at all out of a binary. The aspect asks each
target on the way for what it has itself.
"""

load("@io_bazel_rules_go//go:def.bzl", "GoArchive")
load("@rules_cc//cc:defs.bzl", "CcInfo")

visibility(["//rules/..."])

LinkedFilesInfo = provider(
    doc = "The archives, objects and linked files of a target and all that it links.",
    fields = {
        "files": "depset of File: archives, objects and shared libraries.",
    },
)

# Where rules keep what they link. An attribute that a rule does not have, or
# that holds something else, does no harm.
_EDGES = [
    "actual",  # alias
    "cdeps",  # rules_go
    "deps",
    "dynamic_deps",  # cc_binary, cc_shared_library
    "embed",  # rules_go
    "implementation_deps",
    "link_extra_lib",
    "malloc",
    "srcs",  # filegroup, and libraries in srcs
]

def _files_of_library(library):
    files = [
        library.static_library,
        library.pic_static_library,
        library.resolved_symlink_dynamic_library or library.dynamic_library,
    ]

    # Objects are in the archive, and are looked at only where there is none
    # (with --start_end_lib nothing needs to have been archived).
    if not library.static_library:
        files.extend(library.objects or [])
    if not library.pic_static_library:
        files.extend(library.pic_objects or [])
    return [f for f in files if f]

def _linked_files_aspect_impl(target, ctx):
    direct = []
    transitive = []
    if CcInfo in target:
        # Only what this target adds: the rest comes from its edges.
        for linker_input in target[CcInfo].linking_context.linker_inputs.to_list():
            if linker_input.owner == target.label:
                for library in linker_input.libraries:
                    direct.extend(_files_of_library(library))
    if GoArchive in target:
        transitive.append(target[GoArchive].libs)
        transitive.append(target[GoArchive].cgo_deps)
    for edge in _EDGES:
        value = getattr(ctx.rule.attr, edge, None)
        for dep in value if type(value) == type([]) else [value]:
            if type(dep) == "Target" and LinkedFilesInfo in dep:
                transitive.append(dep[LinkedFilesInfo].files)
    return [LinkedFilesInfo(files = depset(direct, transitive = transitive))]

linked_files_aspect = aspect(
    implementation = _linked_files_aspect_impl,
    doc = "Collects LinkedFilesInfo along the edges by which C, C++ and Go rules link.",
    attr_aspects = _EDGES,
    provides = [LinkedFilesInfo],
)
