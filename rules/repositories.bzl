"""What users of a WORKSPACE file need. Users of MODULE.bazel need none of it."""

def rules_nosplit_register_toolchains():
    """Registers the nosplit program, built from source by rules_go.

    Call it after go_register_toolchains().
    """
    native.register_toolchains("@rules_nosplit//toolchain:nosplit_from_source")
