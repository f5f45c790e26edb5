"""The rule that gazelle writes into each Go module's repository."""

load("//providers:package_metadata_info.bzl", "PackageMetadataInfo")

def _package_metadata_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".package-metadata.json")
    ctx.actions.write(out, json.encode({
        "attributes": {},
        "label": str(ctx.label),
        "purl": ctx.attr.purl,
    }))
    return [
        DefaultInfo(files = depset([out])),
        PackageMetadataInfo(metadata = out, files = depset([out])),
    ]

_package_metadata = rule(
    implementation = _package_metadata_impl,
    attrs = {
        "attributes": attr.label_list(),
        "purl": attr.string(),
    },
)

def package_metadata(name, **kwargs):
    # Empty, or the repository's default_package_metadata would make the target
    # depend on itself.
    _package_metadata(name = name, applicable_licenses = [], **kwargs)
