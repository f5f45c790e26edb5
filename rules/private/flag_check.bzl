"""A rule without output that looks at the flags of a C/C++ library.

A macro cannot look into select(); a rule sees what was selected. The library
depends on the check, so that it cannot be built without it.
"""

visibility(["//rules/..."])

# What turns split stacks on: the spelling of drivers, which clang's frontend
# (-Xclang) shares, and that of older frontends.
_FORBIDDEN_FLAGS = ["-fsplit-stack", "-split-stacks"]

_FORBIDDEN_FEATURE = "split_stack"

def _fail(ctx, attribute, found, fix):
    fail("\n{label}: attribute {attribute} holds {found}, which contradicts nosplit_cc_library: C code compiled with split stacks crashes in a Go program.\nTo fix it, {fix}".format(
        attribute = attribute,
        fix = fix,
        found = repr(found),
        label = str(ctx.label.same_package_label(ctx.attr.library)),
    ))

# Bazel splits options as a shell would. Where words end within quotes does not
# matter here: no harmless option holds one of the flags as a word.
def _split(option):
    for quote in ["'", "\"", "\\"]:
        option = option.replace(quote, "")
    for space in ["\t", "\n"]:
        option = option.replace(space, " ")
    return option.split(" ")

def _flag_check_impl(ctx):
    for attribute in ["copts", "conlyopts", "cxxopts", "linkopts"]:
        for option in getattr(ctx.attr, attribute):
            for flag in _split(option):
                if flag in _FORBIDDEN_FLAGS:
                    _fail(ctx, attribute, flag, "remove the flag; a library that never reaches a Go program may be a cc_library.")
    if _FORBIDDEN_FEATURE in ctx.attr.library_features:
        _fail(ctx, "features", _FORBIDDEN_FEATURE, "remove the feature; nosplit_cc_library disables it.")
    if not ctx.attr.linkstatic:
        _fail(ctx, "linkstatic", False, "remove the attribute: the library is a static archive, which is what the policy is enforced on. For a shared library use cc_shared_library on top of it.")
    return [DefaultInfo()]

flag_check = rule(
    implementation = _flag_check_impl,
    doc = "Fails when the flags of a library turn split stacks on. The attributes repeat those of the library.",
    attrs = {
        "conlyopts": attr.string_list(doc = "As in cc_library."),
        "copts": attr.string_list(doc = "As in cc_library."),
        "cxxopts": attr.string_list(doc = "As in cc_library."),
        "library": attr.string(doc = "Name of the library in this package.", mandatory = True),
        "library_features": attr.string_list(doc = "The library's `features`, which every rule has under that name and treats as its own."),
        "linkopts": attr.string_list(doc = "As in cc_library."),
        "linkstatic": attr.bool(doc = "As in cc_library.", default = True),
    },
)
