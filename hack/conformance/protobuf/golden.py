#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
"""Writes down how Google's own runtime encodes messages and what it reads.

It is an implementation that shares nothing with ours: the C library upb under the
Python package protobuf, with the compiler protoc of grpcio-tools.

    pip install protobuf grpcio-tools
    python3 hack/conformance/protobuf/golden.py runtime/converters/protobuf

It writes testdata/golden.tsv: file, message, the bytes in hexadecimal, and the
value as a Connect value is described by the Go test, with the converter's default
settings.
"""
import datetime
import os
import random
import struct
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor as F
from grpc_tools import protoc
import grpc_tools


def compile_file(root, path):
    std = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")
    with tempfile.NamedTemporaryFile() as out:
        args = ["protoc", "-I" + std, "-I" + os.path.join(root, "wellknown"), "-I" + os.path.join(root, "testdata"),
                "--include_imports", "--descriptor_set_out=" + out.name, path]
        if protoc.main(args) != 0:
            raise SystemExit("protoc failed on " + path)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read())


INTS = {
    F.TYPE_INT32: (-2**31, 2**31 - 1), F.TYPE_SINT32: (-2**31, 2**31 - 1), F.TYPE_SFIXED32: (-2**31, 2**31 - 1),
    F.TYPE_UINT32: (0, 2**32 - 1), F.TYPE_FIXED32: (0, 2**32 - 1),
    F.TYPE_INT64: (-2**63, 2**63 - 1), F.TYPE_SINT64: (-2**63, 2**63 - 1), F.TYPE_SFIXED64: (-2**63, 2**63 - 1),
    F.TYPE_UINT64: (0, 2**64 - 1), F.TYPE_FIXED64: (0, 2**64 - 1),
}


def scalar(rnd, f):
    t = f.type
    if f.name == "a_byte":
        return rnd.randint(-128, 127)
    if f.name == "a_short":
        return rnd.randint(-2**15, 2**15 - 1)
    if t in INTS:
        low, high = INTS[t]
        return rnd.choice([low, high, 1, 127, 128, 300, rnd.randint(low, high)])
    if t in (F.TYPE_FLOAT, F.TYPE_DOUBLE):
        return rnd.choice([0.5, -1.25, 1e10, 1024.0, float("inf"), -0.0])
    if t == F.TYPE_BOOL:
        return rnd.random() < 0.5
    if t == F.TYPE_STRING:
        return rnd.choice(["", "a", "text with äöü and \U0001F600", "x" * 200, "\x00\t\"\\"])
    if t == F.TYPE_BYTES:
        return bytes(rnd.randrange(256) for _ in range(rnd.choice([0, 1, 3, 130])))
    if t == F.TYPE_ENUM:
        return rnd.choice(list(f.enum_type.values)).number
    raise ValueError(f.name)


SPECIAL = {"google.protobuf.Timestamp", "google.type.Date", "google.type.TimeOfDay", "confluent.type.Decimal"}


def special(rnd, m):
    name = m.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        m.seconds = rnd.choice([0, 1, -1, 1700000000, -62135596800, 253402300799])
        m.nanos = rnd.choice([0, 1_000_000, 999_000_000])
    elif name == "google.type.Date":
        m.year, m.month, m.day = rnd.choice([(1970, 1, 1), (2024, 2, 29), (1900, 12, 31), (1582, 10, 15), (9999, 12, 31)])
    elif name == "google.type.TimeOfDay":
        m.hours, m.minutes, m.seconds, m.nanos = rnd.choice([(0, 0, 0, 0), (23, 59, 59, 999_000_000), (12, 0, 1, 5_000_000)])
    else:
        n = rnd.choice([0, 1, -1, 127, 128, -128, -129, 12345, -10**30, 10**17])
        m.value = n.to_bytes((n if n >= 0 else ~n).bit_length() // 8 + 1, "big", signed=True)
        m.precision = len(str(abs(n)))
        m.scale = 2


def fill(rnd, m, depth):
    if m.DESCRIPTOR.full_name in SPECIAL:
        special(rnd, m)
        return
    for f in m.DESCRIPTOR.fields:
        need = f.is_required if hasattr(f, "is_required") else f.label == F.LABEL_REQUIRED
        if not need and rnd.random() < 0.4:
            continue
        if f.message_type and f.message_type.GetOptions().map_entry:
            key, value = f.message_type.fields_by_name["key"], f.message_type.fields_by_name["value"]
            for _ in range(rnd.choice([1, 2, 12])):
                if value.message_type:
                    fill(rnd, getattr(m, f.name)[scalar(rnd, key)], depth + 1)
                else:
                    getattr(m, f.name)[scalar(rnd, key)] = scalar(rnd, value)
            continue
        if repeated(f):
            for _ in range(rnd.choice([1, 2, 5])):
                if f.message_type:
                    fill(rnd, getattr(m, f.name).add(), depth + 1)
                else:
                    getattr(m, f.name).append(scalar(rnd, f))
        elif f.message_type:
            if depth < 3:
                getattr(m, f.name).SetInParent()
                fill(rnd, getattr(m, f.name), depth + 1)
        else:
            setattr(m, f.name, scalar(rnd, f))


def repeated(f):
    return f.is_repeated if hasattr(f, "is_repeated") else f.label == F.LABEL_REPEATED


def quote(s):
    return '"' + s + '"' if s.isascii() and s.replace("_", "a").isalnum() else "s" + s.encode().hex()


def number(f):
    return "f" + struct.pack(">d", f).hex()


def one(f, v):
    t = f.type
    if t in (F.TYPE_UINT64, F.TYPE_FIXED64) and v >= 2**63:
        v -= 2**64
    if t in INTS:
        return str(v)
    if t in (F.TYPE_FLOAT, F.TYPE_DOUBLE):
        return number(v)
    if t == F.TYPE_BOOL:
        return "true" if v else "false"
    if t == F.TYPE_STRING:
        return quote(v)
    if t == F.TYPE_BYTES:
        return "x" + v.hex()
    if t == F.TYPE_ENUM:
        known = f.enum_type.values_by_number.get(v)
        return quote(known.name if known else "UNKNOWN_ENUM_VALUE_%s_%d" % (f.enum_type.name, v))
    return describe(v)


def describe(m):
    name = m.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        return str(m.seconds * 1000 + m.nanos // 1_000_000)
    if name == "google.type.Date":
        return str((datetime.date(m.year, m.month, m.day) - datetime.date(1970, 1, 1)).days)
    if name == "google.type.TimeOfDay":
        return str((m.hours * 3600 + m.minutes * 60 + m.seconds) * 1000 + m.nanos // 1_000_000)
    if name == "confluent.type.Decimal":
        return "x" + m.value.hex()
    out = []
    oneofs = [o for o in m.DESCRIPTOR.oneofs if not (len(o.fields) == 1 and o.name == "_" + o.fields[0].name)]
    for i, o in enumerate(oneofs):
        which = m.WhichOneof(o.name)
        if which is None:
            out.append("%s_%d=null" % (o.name, i))
            continue
        out.append("%s_%d={%s}" % (o.name, i, ",".join(
            f.name + "=" + (one(f, getattr(m, f.name)) if f.name == which else "null") for f in o.fields)))
    for f in m.DESCRIPTOR.fields:
        if f.containing_oneof in oneofs:
            continue
        out.append(f.name + "=" + field(m, f))
    return "{" + ",".join(out) + "}"


def field(m, f):
    v = getattr(m, f.name)
    if f.message_type and f.message_type.GetOptions().map_entry:
        key, value = f.message_type.fields_by_name["key"], f.message_type.fields_by_name["value"]
        return "(" + ",".join(sorted(one(key, k) + ":" + one(value, v[k]) for k in v)) + ")"
    if repeated(f):
        return "[" + ",".join(one(f, e) for e in v) + "]"
    if (f.has_presence or f.message_type) and not m.HasField(f.name):
        required = f.is_required if hasattr(f, "is_required") else f.label == F.LABEL_REQUIRED
        return one(f, v) if required else "null"
    return one(f, v)


def main(root):
    rnd = random.Random(20260101)
    rows = []
    for path, messages, count in (
        ("all.proto", ["Scalars", "Lists", "Nested", "Logical"], 25), ("old.proto", ["Old"], 25),
    ):
        pool = descriptor_pool.DescriptorPool()
        package = ""
        for file in compile_file(root, path).file:
            pool.Add(file)
            package = file.package
        for name in messages:
            cls = message_factory.GetMessageClass(pool.FindMessageTypeByName(package + "." + name))
            empty = cls()
            if name != "Old":
                rows.append((path, package + "." + name, empty.SerializeToString(), describe(empty)))
            for _ in range(count):
                m = cls()
                fill(rnd, m, 0)
                m.ClearField("open") if name == "Logical" else None
                rows.append((path, package + "." + name, m.SerializeToString(deterministic=True), describe(m)))
    with open(os.path.join(root, "testdata", "golden.tsv"), "w") as out:
        for path, name, raw, text in rows:
            out.write("%s\t%s\t%s\t%s\n" % (path, name, raw.hex(), text))


if __name__ == "__main__":
    main(sys.argv[1])
