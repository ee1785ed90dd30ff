"""Mutations of a file's bytes, as accidents, other tools and attackers make them; all from a seed.

Each function takes the bytes and a random generator. Those of text, JSON and XML leave the bytes
alone where they are none of that.
"""

import gzip
import io
import json
import os
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

Change = Callable[[bytes, Random], bytes]

# Words that stand where a number belongs.
NUMBERS = (
    "NaN", "nan", "inf", "-inf", "Infinity", "1e308", "-1e308", "1e309", "1e400", "9" * 400, "-1",
    "0", "-0", "0.0", "-0.5", "1e-320", "2147483648", "-2147483649", "9223372036854775808", "1e30",
    "16777217.5", "1_0", "\u0663", "\uff11\uff12", "0x10", "1,5", "+7", "1e", ".", "-", "", "null",
    "true", "1e5", "1e-5", "7.", ".7", "1 2", "65536", "1e16",
)  # fmt: skip

# Values that JSON may hold where another one belongs.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 68, 10**9, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e300, 1e308,
    float("nan"), float("inf"), -float("inf"), "", "1", "0", "a", "\0", "\ud800", "\u202e", "a\nb",
    "x" * 5000, "..", "/", "/etc/passwd", "../secret.png", "C:\\secret.png", "~", "%s%n{0}", [],
    [1], [[]], {}, {"a": {}}, [None] * 3, [0, 0], [[1, 2], [3]], ["1"] * 204, "datapoint", "2.0.0",
)  # fmt: skip

# Names that lead out of a folder, or to what no image is. {up} is a folder above the data.
PATHS = (
    "../secret.png", "a/../../secret.png", "..\\secret.png", "{up}/secret.png", "/etc/passwd",
    "/dev/zero", "/proc/self/environ", "~/secret.png", "", ".", "..", "/", "a\0.png", "\0",
    "x" * 300 + ".png", "x/" * 2000, "C:\\secret.png", "\\\\host\\share\\secret.png", "secret.png",
    "file:///etc/passwd", "http://127.0.0.1:9/a.png", "%2e%2e/secret.png", "....//secret.png",
    "photos/../../secret.png", "./photos/a.png", "photos//a.png", "PHOTOS/A.PNG", "CON", " ", "a\n",
)  # fmt: skip

NAME = re.compile(rb"[\w./-]*\w\.(?:png|jpe?g|npy|npz|safetensors)\b")
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Mutation:
    """A changed file.

    Attributes:
        what: How it was changed.
        content: The file.
    """

    what: str
    content: bytes


def mutated(content: bytes, random: Random) -> Mutation:
    """One to three changes of a file, packed or not."""
    if content[:2] == b"\x1f\x8b" and random.random() < 0.8:  # inside of a gzip file
        inner = mutated(gzip.decompress(content), random)
        return Mutation(f"packed: {inner.what}", gzip.compress(inner.content, 1))
    if _is_binary(content):
        kinds = (*BYTES, *ARRAYS * 2) if content[:2] == b"PK" else BYTES
    else:
        kinds = (*BYTES, *TEXT, *TEXT, *_structured(content) * 3)
    changes = [random.choice(kinds) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    for change in changes:
        content = change(content, random)
    return Mutation(", ".join(change.__name__ for change in changes), content)


def _is_binary(content: bytes) -> bool:
    return b"\0" in content[:1000] or content[:4] in (b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1")


def _structured(content: bytes) -> tuple[Change, ...]:
    if content[:1] in b"{[":
        return JSON
    if content[:1] == b"<":
        return XML
    return YAML if re.match(rb"[a-z_]+:", content) else ()


# Of bytes


def flip_bits(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 4, 40)) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def flip_a_bit_of_the_head(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 3)) if changed else 0):
        changed[random.randrange(min(64, len(changed)))] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut_short(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def cut_out(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content) + 1)
    return content[:start] + content[start + random.choice((1, 2, 7, 100, 1000)) :]


def insert_bytes(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content) + 1)
    more = random.choice((b"\0", b"\xff", b"\xff\xfe", b"\n", random.randbytes(9), bytes(5000)))
    return content[:start] + more + content[start:]


def overwrite_a_block(content: bytes, random: Random) -> bytes:
    start, size = random.randrange(len(content) + 1), random.choice((1, 4, 64, 512))
    block = random.choice((bytes(size), b"\xff" * size, random.randbytes(size)))
    return (content[:start] + block + content[start + size :])[: len(content)]


def repeat_a_part(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content) + 1)
    part = content[start : start + random.choice((1, 50, 500, 5000))]
    return content[:start] + part * random.choice((2, 3, 40)) + content[start:]


def empty(content: bytes, random: Random) -> bytes:
    return random.choice((b"", b" ", b"\n", b"\0", b"\xef\xbb\xbf"))


def file_of_another_kind(content: bytes, random: Random) -> bytes:
    kinds = b"hello\n", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\x80\x04.", b"%PDF-1.4", b"\x1f\x8b"
    return random.choice(kinds) + content[: random.choice((0, 100, len(content)))]


# Of text


def replace_a_number(content: bytes, random: Random) -> bytes:
    return _replaced(NUMBER, content, random.choice(NUMBERS).encode(), random)


def replace_many_numbers(content: bytes, random: Random) -> bytes:
    word, share = random.choice(NUMBERS).encode(), random.choice((0.1, 1.0))
    return NUMBER.sub(lambda found: word if random.random() < share else found[0], content)


def scale_all_numbers(content: bytes, random: Random) -> bytes:
    factor = random.choice((-1, 0, 0.01, 1e4, 1e9, 1e38, 1e300))
    return NUMBER.sub(lambda found: repr(float(found[0]) * factor).encode(), content)


def replace_a_name(content: bytes, random: Random) -> bytes:
    return _replaced(NAME, content, _path(random).encode("utf-8", "surrogateescape"), random)


def change_a_name_s_suffix(content: bytes, random: Random) -> bytes:
    found = list(NAME.finditer(content))
    if not found:
        return content
    one = random.choice(found)
    suffix = random.choice((b"", b".PNG", b".jpg", b".txt", b".png.png", b".png/", b"\xff.png"))
    return content[: one.end() - 4] + suffix + content[one.end() :]


def remove_a_line(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if lines:
        del lines[random.randrange(len(lines))]
    return b"".join(lines)


def repeat_a_line(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if lines:
        place = random.randrange(len(lines))
        lines[place:place] = [lines[place]] * random.choice((1, 2, 100))
    return b"".join(lines)


def exchange_two_lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = random.sample(range(len(lines)), 2)
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def line_ends(content: bytes, random: Random) -> bytes:
    ends = b"\r\n", b"\r", b"\n\n", b"", b" ", b"\xe2\x80\xa8"
    return content.replace(b"\n", random.choice(ends))


def encoding(content: bytes, random: Random) -> bytes:
    text = content.decode("latin-1")
    names = "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp037"
    return text.encode(random.choice(names), "replace")


def separators(content: bytes, random: Random) -> bytes:
    one, other = random.choice((",;", ",\t", " \t", " ,", ".,", " \xa0"))
    return content.replace(one.encode(), other.encode())


def quotes(content: bytes, random: Random) -> bytes:
    pairs = (b'"', b"'"), (b'"', b""), (b",", b'","'), (b"'", b'"')
    return content.replace(*random.choice(pairs))


def foreign_letters(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content) + 1)
    words = "\u00e4", "\u4eba", "\U0001f600", "\u202e", "\u0000", "\ufeff", "\x1b[2J", "\x85"
    return content[:start] + random.choice(words).encode() + content[start:]


TEXT: tuple[Change, ...] = (
    replace_a_number,
    replace_many_numbers,
    scale_all_numbers,
    replace_a_name,
    change_a_name_s_suffix,
    remove_a_line,
    repeat_a_line,
    exchange_two_lines,
    line_ends,
    encoding,
    separators,
    quotes,
    foreign_letters,
)
BYTES: tuple[Change, ...] = (
    flip_bits,
    flip_a_bit_of_the_head,
    cut_short,
    cut_out,
    insert_bytes,
    overwrite_a_block,
    repeat_a_part,
    empty,
    file_of_another_kind,
)


# Of JSON


def _edit(content: bytes, random: Random, edit: Callable[[Any, Any], None]) -> bytes:
    """Call `edit` with a random list or object in the content, and one of its keys.

    Files of one JSON value a line are changed in one line.
    """
    lines = (
        content.splitlines() if content.count(b"\n{") > 0 and content[-2:-1] == b"}" else [content]
    )
    place = random.randrange(len(lines))
    try:
        value = json.loads(lines[place])
    except (ValueError, RecursionError):
        return content
    holders = list(_holders(value))
    if holders:
        holder = random.choice(holders)
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        edit(holder, random.choice(keys))
        lines[place] = json.dumps(value).encode()
    return b"\n".join(lines) + b"\n"


def _holders(value: Any):
    if isinstance(value, dict | list) and value:
        yield value
        for part in value.values() if isinstance(value, dict) else value[:20]:
            yield from _holders(part)


def remove_a_value(content: bytes, random: Random) -> bytes:
    return _edit(content, random, lambda holder, key: holder.pop(key))


def replace_a_value(content: bytes, random: Random) -> bytes:
    value = random.choice(VALUES)
    return _edit(content, random, lambda holder, key: holder.__setitem__(key, value))


def wrap_a_value(content: bytes, random: Random) -> bytes:
    ways = (lambda v: [v]), (lambda v: {"a": v}), (lambda v: [v] * 70), str, (lambda v: [v, v])
    wrap = random.choice(ways)
    return _edit(content, random, lambda holder, key: holder.__setitem__(key, wrap(holder[key])))


def rename_a_key(content: bytes, random: Random) -> bytes:
    new = random.choice(("", "_target_", "a", "ID", "9" * 5000, "\ud800", "__class__", "00", "-1"))

    def edit(holder, key):
        if isinstance(holder, dict):
            holder[new] = holder.pop(key)

    return _edit(content, random, edit)


def repeat_an_item(content: bytes, random: Random) -> bytes:
    times = random.choice((1, 2, 1000))

    def edit(holder, key):
        if isinstance(holder, list):
            holder.extend([holder[key]] * times)

    return _edit(content, random, edit)


def nest_deeply(content: bytes, random: Random) -> bytes:
    depth = random.choice((100, 900, 100_000))
    deep = random.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth))
    return _replaced(NUMBER, content, deep, random)


def key_twice(content: bytes, random: Random) -> bytes:
    return content.replace(b"{", b'{"id": 1, "image": "a", "id": 2, ', random.choice((1, 3)))


JSON: tuple[Change, ...] = (
    remove_a_value,
    replace_a_value,
    replace_a_value,
    wrap_a_value,
    rename_a_key,
    repeat_an_item,
    nest_deeply,
    key_twice,
)


# Of XML


ATTRIBUTE = re.compile(rb"""\b[\w-]+=(?:"[^"]*"|'[^']*')""")
ELEMENT = re.compile(rb"<[\w:]+[^<>]*?/>|</?[\w:]+[^<>]*>")
DECLARATION = (
    b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd">',
    b'<!DOCTYPE d [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (letter, b"&%c;" % before * 10)
        for before, letter in zip(b"abcdefgh", b"bcdefghi", strict=True)
    ) + b"]>",
)  # fmt: skip


def replace_an_attribute(content: bytes, random: Random) -> bytes:
    found = list(ATTRIBUTE.finditer(content))
    if not found:
        return content
    one = random.choice(found)
    name = one[0].partition(b"=")[0]
    value = random.choice((*NUMBERS, _path(random), "x" * 5000, "&lt;", "&#0;", "&a;", "&#x1F600;"))
    new = b'%s="%s"' % (name, value.encode("utf-8", "replace").replace(b'"', b""))
    return content[: one.start()] + new + content[one.end() :]


def remove_an_attribute(content: bytes, random: Random) -> bytes:
    return _replaced(ATTRIBUTE, content, b"", random)


def remove_a_tag(content: bytes, random: Random) -> bytes:
    return _replaced(ELEMENT, content, b"", random)


def repeat_a_tag(content: bytes, random: Random) -> bytes:
    found = list(ELEMENT.finditer(content))
    if not found:
        return content
    one = random.choice(found)
    return content[: one.end()] + one[0] * random.choice((1, 3, 3000)) + content[one.end() :]


def declare_entities(content: bytes, random: Random) -> bytes:
    head, end, rest = content.partition(b"?>")
    declared = random.choice(DECLARATION)
    use = rest.replace(b"</", random.choice((b"&a;</", b"&i;</", b"</")), 1)
    return head + end + declared + use if end else declared + content


def claim_an_encoding(content: bytes, random: Random) -> bytes:
    names = b"utf-16", b"utf-7", b"ebcdic-cp-us", b"rot13", b"x" * 200, b"base64", b"utf-32"
    stated = b'encoding="%s"' % random.choice(names)
    return re.sub(rb"""encoding=["'][^"']*["']""", stated, content)


def other_prefix(content: bytes, random: Random) -> bytes:
    return content.replace(b"<image ", b'<a:image xmlns:a="b" ', 1)


def deep_tags(content: bytes, random: Random) -> bytes:
    depth = random.choice((100, 20_000))
    return _replaced(ELEMENT, content, b"<a>" * depth + b"</a>" * depth, random)


XML: tuple[Change, ...] = (
    replace_an_attribute,
    replace_an_attribute,
    remove_an_attribute,
    remove_a_tag,
    repeat_a_tag,
    declare_entities,
    claim_an_encoding,
    other_prefix,
    deep_tags,
)


# Of YAML

PAYLOADS = (
    b"!!python/object/apply:os.system ['touch executed']", b"!!python/name:os.system",
    b"{_target_: os.system, command: touch executed}", b"{_target_: landmarks.__main__.main}",
    b"{_target_: subprocess.run, args: [touch, executed]}", b"{_target_: builtins.eval}",
    b"{_target_: albumentations.load, filepath_or_buffer: /etc/passwd}", b"${oc.env:HOME}",
    b"{_target_: landmarks.data.toy.read_toy, count: 100000}", b"&a [*a]", b"*b", b"!!binary x",
    b"[" * 2000 + b"]" * 2000, b"? {}", b".nan", b".inf", b"0o17", b"2026-01-01", b"1:30", b"~",
)  # fmt: skip


def replace_a_setting(content: bytes, random: Random) -> bytes:
    payload = random.choice(PAYLOADS)
    return _replaced(re.compile(rb"(?<=: )\S.*"), content, payload, random)


def replace_a_target(content: bytes, random: Random) -> bytes:
    words = b"os.system", b"landmarks.__main__.main", b"landmarks.errors.refused", b"builtins.exec"
    return _replaced(re.compile(rb"(?<=_target_: )\S+"), content, random.choice(words), random)


def aliases_of_aliases(content: bytes, random: Random) -> bytes:
    lines = [b"a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for k in range(9):
        lines.append(b"a%d: &a%d [%s]" % (k + 1, k + 1, b", ".join([b"*a%d" % k] * 9)))
    return b"\n".join(lines) + b"\n" + content


YAML: tuple[Change, ...] = (
    replace_a_setting,
    replace_a_setting,
    replace_a_target,
    aliases_of_aliases,
)


# Of NumPy's files


def _forged(content: bytes, change: Callable[[dict[str, Any], str], Any], random: Random) -> bytes:
    """A file with other arrays, whose checksums fit."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            arrays = dict(stored)
    except Exception:  # another change was first
        return content
    change(arrays, random.choice(list(arrays)))
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def remove_an_array(content: bytes, random: Random) -> bytes:
    return _forged(content, lambda arrays, name: arrays.pop(name), random)


def change_an_array(content: bytes, random: Random) -> bytes:
    how = random.choice(
        (
            lambda a: a[:0] if a.ndim else a[None],
            lambda a: a[None],
            lambda a: a.ravel(),
            lambda a: np.concatenate([a, a]) if a.ndim else a,
            lambda a: np.zeros(a.shape, "S9"),
            lambda a: np.zeros(a.shape, "U9"),
            lambda a: np.zeros(a.shape, "datetime64[s]"),
            lambda a: np.zeros(a.shape, [("a", "f4"), ("b", "i1")]),
            lambda a: np.full(a.shape, np.nan),
            lambda a: np.full(a.shape, np.inf, "f4"),
            lambda a: np.full(a.shape, 1e30, "f4"),
            lambda a: np.zeros(a.shape, a.dtype),
            lambda a: np.full(a.shape, "\ud800"),
            lambda a: np.full(a.shape, "<script>" * 9),
            lambda a: np.float32(1),
        )
    )
    return _forged(content, lambda arrays, name: arrays.update({name: how(arrays[name])}), random)


class _Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch executed",)


def pickled_array(content: bytes, random: Random) -> bytes:
    payload = np.empty(1, object)
    payload[0] = _Payload()
    return _forged(content, lambda arrays, name: arrays.update({name: payload}), random)


def pickle_instead(content: bytes, random: Random) -> bytes:
    return pickle.dumps(_Payload())


ARRAYS: tuple[Change, ...] = (
    remove_an_array,
    change_an_array,
    change_an_array,
    change_an_array,
    pickled_array,
    pickle_instead,
)


def _replaced(pattern: re.Pattern[bytes], content: bytes, new: bytes, random: Random) -> bytes:
    """One match of the pattern replaced."""
    found = list(pattern.finditer(content))
    if not found:
        return content
    one = random.choice(found)
    return content[: one.start()] + new + content[one.end() :]


def _path(random: Random) -> str:
    return random.choice(PATHS)
