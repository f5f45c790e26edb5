"""proto_library is native in Bazel 7."""

def proto_library(**kwargs):
    native.proto_library(**kwargs)
