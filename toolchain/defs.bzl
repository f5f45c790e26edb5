"""The toolchain that carries the nosplit program.

Rules that audit get the program through `//toolchain:toolchain_type`. The one
that this module registers builds it from source with rules_go; to use another,
register your own before it:

```starlark
load("@rules_nosplit//toolchain:defs.bzl", "nosplit_toolchain")

nosplit_toolchain(
    name = "prebuilt",
    tool = "//tools:nosplit_linux_amd64",
)

toolchain(
    name = "prebuilt_toolchain",
    toolchain = ":prebuilt",
    toolchain_type = "@rules_nosplit//toolchain:toolchain_type",
)
```
"""

load(
    "//toolchain/private:nosplit_toolchain.bzl",
    _NosplitToolchainInfo = "NosplitToolchainInfo",
    _nosplit_toolchain = "nosplit_toolchain",
)

NosplitToolchainInfo = _NosplitToolchainInfo
nosplit_toolchain = _nosplit_toolchain
