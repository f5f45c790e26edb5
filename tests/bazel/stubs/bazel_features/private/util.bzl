"""Comparisons with the version of Bazel, which is 7.7.1 here."""

_THIS = [7, 7, 1]

def _parse(version):
    return [int(part) for part in version.split("-")[0].split(".")[:3]]

def ge(version):
    return _THIS >= _parse(version)

def gt(version):
    return _THIS > _parse(version)

def lt(version):
    return not ge(version)

def le(version):
    return not gt(version)

def ne(version):
    return _THIS != _parse(version)

def ge_same_major(version):
    return ge(version) and _parse(version)[0] == _THIS[0]
