"""A Make variable that turns split stacks on, as a toolchain may have one."""

visibility("private")

def _split_variable_impl(_ctx):
    return [platform_common.TemplateVariableInfo({"SPLIT": "-fsplit-stack"})]

split_variable = rule(
    implementation = _split_variable_impl,
    doc = "Sets SPLIT for rules that name it in `toolchains`.",
)
