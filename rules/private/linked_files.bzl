"""An aspect that finds what a target puts on a link line.

Rules pass C/C++ libraries on in several ways: CcInfo between cc rules, GoArchive
between Go rules, and nothing at all out of a binary. The aspect asks each
target on the way for the providers that it has.
"""

load("@io_bazel_rules_go//go:def.bzl", "GoArchive")
load("@rules_cc//cc:defs.bzl", "CcInfo")
load("@rules_cc//cc/common:cc_shared_library_info.bzl", "CcSharedLibraryInfo")

visibility(["//rules/..."])

LinkedFilesInfo = provider(
    doc = "What a target and all that it depends on put on a link line. See linked_files().",
    fields = {
        "files": "depset of File: archives of Go packages and what cgo links into them.",
        "linker_inputs": "depset of LinkerInput: libraries of C and C++.",
    },
)

# Where rules keep what they link. An attribute that a rule does not have, or
# that holds something else, does no harm.
_EDGES = [
    "actual",  # rules that stand for another target
    "cdeps",  # rules_go
    "deps",
    "dynamic_deps",  # cc_binary, cc_shared_library
    "embed",  # rules_go
    "implementation_deps",
    "link_extra_lib",
    "malloc",
    "srcs",  # filegroup, and libraries in srcs
]

# An archive all of whose members are linked ends in .lo.
_CODE_EXTENSIONS = ["a", "lo", "o", "so"]

def _linked_files_aspect_impl(target, ctx):
    files = []
    linker_inputs = []
    direct = []
    if CcInfo in target:
        # All of them, and not only the target's own: rules may hand on CcInfo
        # from attributes that are no edges here.
        linker_inputs.append(target[CcInfo].linking_context.linker_inputs)
    if CcSharedLibraryInfo in target:
        direct.append(target[CcSharedLibraryInfo].linker_input)
    if GoArchive in target:
        files.append(target[GoArchive].libs)
        files.append(target[GoArchive].cgo_deps)
    for edge in _EDGES:
        value = getattr(ctx.rule.attr, edge, None)
        for dep in value if type(value) == type([]) else [value]:
            if type(dep) == "Target" and LinkedFilesInfo in dep:
                files.append(dep[LinkedFilesInfo].files)
                linker_inputs.append(dep[LinkedFilesInfo].linker_inputs)
    return [LinkedFilesInfo(
        files = depset(transitive = files),
        linker_inputs = depset(direct, transitive = linker_inputs),
    )]

linked_files_aspect = aspect(
    implementation = _linked_files_aspect_impl,
    doc = "Collects LinkedFilesInfo along the edges by which C, C++ and Go rules link.",
    attr_aspects = _EDGES,
    provides = [LinkedFilesInfo],
)

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

def _files_of_linker_input(linker_input):
    # Files that options of the linker name. Linker scripts and lists of symbols,
    # which are usual here, hold no code.
    files = [f for f in linker_input.additional_inputs if f.extension in _CODE_EXTENSIONS]
    for library in linker_input.libraries:
        files.extend(_files_of_library(library))
    return files

def linked_files(target):
    """The archives, objects and shared libraries that a target is linked from.

    Args:
        target: A target with linked_files_aspect. A file has nothing but itself.

    Returns:
        A depset of File. Flattens: only for rules that are leaves.
    """
    if LinkedFilesInfo not in target:
        return depset()
    info = target[LinkedFilesInfo]
    return depset(
        [
            file
            for linker_input in info.linker_inputs.to_list()
            for file in _files_of_linker_input(linker_input)
        ],
        transitive = [info.files],
    )
