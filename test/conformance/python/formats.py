#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
"""Writes and reads records as Confluent's client for Python does, for the conformance suite.

Started with the URL of a schema registry. Each line of the input is a request in JSON, each line of the output its
answer. {"do": "write", "as": "avro", "topic": "t", "side": "value", "schema": "...", "references": [], "message": "M",
"data": ...} gives {"bytes": "00..."}; {"do": "read", "as": ..., "topic": ..., "side": ..., "bytes": "00...", "message": "M"}
gives {"data": ...}; what fails gives {"error": "..."}. In data, {"$bytes": "00ff"} is a value of bytes and
{"$union": ["name", value]} the member of that name; what is read and is not of JSON is its repr.
"""
import base64
import importlib.resources
import json
import os
import sys
import tempfile

from confluent_kafka.schema_registry import (Schema, SchemaReference, SchemaRegistryClient, RegisteredSchema,
                                             topic_subject_name_strategy)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.confluent import meta_pb2
from confluent_kafka.schema_registry.confluent.type import decimal_pb2
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc


# What Confluent's package has as descriptors only.
KNOWN = descriptor_pb2.FileDescriptorSet()
for _module in (descriptor_pb2, meta_pb2, decimal_pb2):
    _module.DESCRIPTOR.CopyToProto(KNOWN.file.add())


def compile_proto(text, imports):
    """Compiles a schema with protoc and returns its file and those that it imports, in order."""
    std = importlib.resources.files("grpc_tools") / "_proto"
    if "(confluent." in text and "confluent/meta.proto" not in text:
        # Confluent's converter for Kafka Connect names the options and leaves the import out.
        text = text.replace(";", ';\nimport "confluent/meta.proto";', 1)
    with tempfile.TemporaryDirectory() as d:
        for name, content in {**imports, "schema.proto": text}.items():
            os.makedirs(os.path.dirname(os.path.join(d, name)), exist_ok=True)
            with open(os.path.join(d, name), "w", encoding="utf-8") as f:
                f.write(content)
        known, out = os.path.join(d, "known"), os.path.join(d, "out")
        with open(known, "wb") as f:
            f.write(KNOWN.SerializeToString())
        if protoc.main(["protoc", "-I" + d, f"-I{std}", f"-I{std.parent.parent}", "--descriptor_set_in=" + known,
                        "--include_imports", "--descriptor_set_out=" + out, "schema.proto"]) != 0:
            raise ValueError("protoc refuses the schema")
        with open(out, "rb") as f:
            return descriptor_pb2.FileDescriptorSet.FromString(f.read()).file


class Registry(SchemaRegistryClient):
    """A client that compiles Protobuf schemas itself: this registry has them as text only."""

    def imports(self, schema):
        found = {}
        for ref in schema.references or []:
            other = SchemaRegistryClient.get_version(self, ref.subject, ref.version).schema
            found[ref.name] = other.schema_str
            found.update(self.imports(other))
        return found

    def files(self, schema):
        return compile_proto(schema.schema_str, self.imports(schema))

    def serialized(self, schema):
        data = self.files(schema)[-1].SerializeToString()
        return Schema(base64.standard_b64encode(data).decode(), "PROTOBUF", schema.references)

    def get_schema(self, schema_id, subject_name=None, fmt=None, **kw):
        schema = SchemaRegistryClient.get_schema(self, schema_id, subject_name)
        return self.serialized(schema) if fmt == "serialized" else schema

    def versioned(self, v, fmt):
        if fmt != "serialized":
            return v
        return RegisteredSchema(subject=v.subject, version=v.version, schema_id=v.schema_id, guid=v.guid,
                                schema=self.serialized(v.schema))

    def get_version(self, subject_name, version="latest", deleted=False, fmt=None):
        return self.versioned(SchemaRegistryClient.get_version(self, subject_name, version), fmt)

    def get_latest_version(self, subject_name, fmt=None):
        return self.versioned(SchemaRegistryClient.get_latest_version(self, subject_name), fmt)


def message_class(files, name):
    pool = descriptor_pool.DescriptorPool()
    for f in files:
        pool.Add(f)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def native(v):
    """Makes data of a case a value of Python."""
    if isinstance(v, dict):
        if "$bytes" in v:
            return bytes.fromhex(v["$bytes"])
        if "$union" in v:
            name, member = v["$union"]
            return name, native(member)
        return {k: native(m) for k, m in v.items()}
    return [native(m) for m in v] if isinstance(v, list) else v


def plain(v):
    """Makes a value of Python data of JSON."""
    if isinstance(v, (bytes, bytearray)):
        return {"$bytes": v.hex()}
    if isinstance(v, dict):
        return {str(k): plain(m) for k, m in v.items()}
    if isinstance(v, (list, tuple)):
        return [plain(m) for m in v]
    return v if v is None or isinstance(v, (bool, int, float, str)) else repr(v)


def conf(q, **more):
    return {"subject.name.strategy": topic_subject_name_strategy, **more, **q.get("conf", {})}


def write(registry, q):
    ctx = SerializationContext(q["topic"], q["side"])
    refs = [SchemaReference(r["name"], r["subject"], r["version"]) for r in q.get("references") or []]
    if q["as"] == "avro":
        s = AvroSerializer(registry, Schema(q["schema"], "AVRO", refs), conf=conf(q))
        return s(native(q["data"]), ctx)
    if q["as"] == "json":
        s = JSONSerializer(Schema(q["schema"], "JSON", refs), registry, conf=conf(q))
        return s(q["data"], ctx)
    # The schema is in the registry: as text, which this client never writes.
    latest = registry.get_latest_version(topic_subject_name_strategy(ctx, None))
    cls = message_class(registry.files(latest.schema), q["message"])
    s = ProtobufSerializer(cls, registry, conf=conf(q, **{"auto.register.schemas": False, "use.latest.version": True,
                                                          "use.deprecated.format": False}))
    return s(json_format.ParseDict(q["data"], cls()), ctx)


def read(registry, q):
    data, ctx = bytes.fromhex(q["bytes"]), SerializationContext(q["topic"], q["side"])
    if q["as"] == "avro":
        return plain(AvroDeserializer(registry, conf=conf(q))(data, ctx))
    schema = registry.get_schema(int.from_bytes(data[1:5], "big"))
    if q["as"] == "json":
        return JSONDeserializer(schema, schema_registry_client=registry, conf=conf(q))(data, ctx)
    cls = message_class(registry.files(schema), q["message"])
    s = ProtobufDeserializer(cls, conf(q, **{"use.deprecated.format": False}), registry)
    return json_format.MessageToDict(s(data, ctx), preserving_proto_field_name=True)


def main():
    registry = Registry({"url": sys.argv[1]})
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        q = json.loads(line)
        try:
            if q["do"] == "write":
                answer = {"bytes": write(registry, q).hex()}
            else:
                answer = {"data": read(registry, q)}
        except Exception as e:  # the harness says which case it was
            answer = {"error": f"{type(e).__name__}: {e}"}
        answers.write(json.dumps(answer, sort_keys=True) + "\n")
        answers.flush()


main()
