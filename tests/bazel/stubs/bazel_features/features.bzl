"""What rules_go, gazelle, rules_shell and rules_cc ask about Bazel, answered for 7.7."""

bazel_features = struct(
    apple = struct(),
    cc = struct(
        _get_link_args_has_param_file_name = False,
        cc_common_is_in_rules_cc = False,
        find_cpp_toolchain_has_mandatory_param = True,
        grep_includes_is_optional = True,
        objc_linking_info_migrated = True,
        protobuf_on_allowlist = False,
        supports_path_variable_patterns = False,
        supports_starlarkified_toolchains = False,
    ),
    external_deps = struct(
        bazel_mod_tidy = True,
        download_has_block_param = True,
        download_has_headers_param = True,
        extension_metadata_has_facts = False,
        extension_metadata_has_reproducible = True,
        is_bzlmod_enabled = str(Label("//:invalid")).startswith("@@"),
        module_extension_has_os_arch_dependent = True,
    ),
    flags = struct(allow_unresolved_symlinks = "allow_unresolved_symlinks"),
    globals = struct(
        CcSharedLibraryInfo = CcSharedLibraryInfo,
        DefaultInfo = DefaultInfo,
        RunEnvironmentInfo = RunEnvironmentInfo,
    ),
    java = struct(java_info_constructor_module_flags = True),
    proto = struct(starlark_proto_info = True),
    rules = struct(
        expand_template_has_computed_substitutions = True,
        instrumented_files_info_has_baseline_coverage_files = False,
        instrumented_files_info_has_metadata_files = True,
        merkle_cache_v2 = False,
        permits_treeartifact_uplevel_symlinks = True,
        template_dict_map_each_can_return_list = True,
    ),
    toolchains = struct(
        has_optional_toolchains = True,
        has_use_target_platform_constraints = False,
    ),
)
