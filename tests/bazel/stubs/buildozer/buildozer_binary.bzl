"""The extension that Bazel's own modules name; its program is not available offline."""

def _repo_impl(rctx):
    rctx.file("BUILD.bazel", "exports_files([\"buildozer.exe\"])")
    rctx.file("buildozer.exe", "#!/bin/sh\necho 'buildozer is not available offline' >&2; exit 1\n")

_repo = repository_rule(implementation = _repo_impl)

def _extension_impl(_mctx):
    _repo(name = "buildozer_binary")

buildozer_binary = module_extension(implementation = _extension_impl)
