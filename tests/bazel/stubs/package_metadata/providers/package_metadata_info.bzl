"""The provider that gazelle's go_deps refers to."""

PackageMetadataInfo = provider(
    doc = "Metadata of a package.",
    fields = {
        "files": "The files that hold it.",
        "metadata": "The main file.",
    },
)
