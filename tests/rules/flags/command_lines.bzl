"""What the tests of this package ask of a command line."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest")

visibility("private")

POLICY_FLAG = "-fno-split-stack"

# Each turns split stacks on: GCC's driver, clang's frontend.
SPLIT_FLAGS = ["-fsplit-stack", "-split-stacks"]

def command_lines(env):
    """The command lines that compile the sources of the target under test.

    Args:
        env: The environment of an analysis test.

    Returns:
        A dict from the base name of a source to a list of lists of arguments: a
        source is compiled more than once where there are PIC objects beside
        others.
    """
    lines = {}
    for action in analysistest.target_actions(env):
        if action.mnemonic == "CppCompile":
            source = action.argv[action.argv.index("-c") + 1]
            lines.setdefault(source.rpartition("/")[2], []).append(action.argv)
    return lines

def last_index(items, item):
    """The index of the last occurrence of item, or -1.

    Args:
        items: A list.
        item: What to look for.

    Returns:
        A number.
    """
    found = [i for i, candidate in enumerate(items) if candidate == item]
    return found[-1] if found else -1

def last_split_flag(argv):
    """The index of the last flag that turns split stacks on, or -1.

    Args:
        argv: A command line.

    Returns:
        A number.
    """
    return max([last_index(argv, flag) for flag in SPLIT_FLAGS])
