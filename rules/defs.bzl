"""Rules that keep split-stack code out of what is linked into Go, and prove it.

```starlark
load("@rules_nosplit//rules:defs.bzl", "nosplit_audit_test", "nosplit_cc_library")

nosplit_cc_library(
    name = "zip",
    srcs = ["zip.c"],
    hdrs = ["zip.h"],
)

nosplit_audit_test(
    name = "zip_audit_test",
    targets = [":zip"],
)
```
"""

load(
    "//rules/private:nosplit_audit_test.bzl",
    _nosplit_audit_test = "nosplit_audit_test",
)
load(
    "//rules/private:nosplit_cc_library.bzl",
    _nosplit_cc_library = "nosplit_cc_library",
)

nosplit_audit_test = _nosplit_audit_test
nosplit_cc_library = _nosplit_cc_library
