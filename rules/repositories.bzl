"""What users of a WORKSPACE file need. Users of MODULE.bazel need none of it.

In this order, because the first to declare a repository wins:

```starlark
load("@rules_nosplit//rules:repositories.bzl", "rules_nosplit_dependencies", "rules_nosplit_register_toolchains")

rules_nosplit_dependencies()

go_register_toolchains(version = "1.26.0")

gazelle_dependencies()

go_rules_dependencies()

rules_nosplit_register_toolchains()
```

examples/workspace is a complete one.
"""

load("//toolchain:go_repositories.bzl", "go_repositories")

def rules_nosplit_dependencies():
    """Declares the Go modules that the nosplit program is built from.

    Declared ones stay as they are. Call it before gazelle_dependencies() and
    go_rules_dependencies(), which declare older versions of some. They, as
    bazel_gazelle and io_bazel_rules_go, are the workspace's own to declare.
    """
    go_repositories()

# buildifier: disable=unnamed-macro
def rules_nosplit_register_toolchains():
    """Registers the nosplit program, built from source by rules_go.

    Call it after go_register_toolchains().
    """
    native.register_toolchains("@rules_nosplit//toolchain:nosplit_from_source")
