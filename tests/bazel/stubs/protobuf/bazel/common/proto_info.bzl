"""ProtoInfo is native in Bazel 7."""

_ProtoInfo = ProtoInfo
ProtoInfo = _ProtoInfo
