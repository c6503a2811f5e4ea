#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Penstock Authors
"""Writes down how Confluent's Python client frames messages: with which path to the
message in its file.

    pip install 'confluent-kafka[protobuf,schemaregistry]' grpcio-tools
    python3 hack/conformance/protobuf/wire.py runtime/converters/protobuf

It writes testdata/wire.tsv: the message and the record in hexadecimal, whose schema
has the id that a registry of this program's own gives it, 258.
"""
import http.server
import json
import os
import sys
import threading

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from golden import compile_file

ID = 258


class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer([])

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"id": ID, "version": 1, "subject": "t-value", "schema": "", "schemaType": "PROTOBUF"})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main(root):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = SchemaRegistryClient({"url": "http://127.0.0.1:%d" % server.server_address[1]})
    pool = descriptor_pool.DescriptorPool()
    for file in compile_file(root, "all.proto").file:
        pool.Add(file)
    with open(os.path.join(root, "testdata", "wire.tsv"), "w") as out:
        for name in ("Scalars", "Lists", "Nested", "Nested.Inner", "Nested.Inner.Deep"):
            cls = message_factory.GetMessageClass(pool.FindMessageTypeByName("test.all." + name))
            serialize = ProtobufSerializer(cls, client, {"use.deprecated.format": False, "skip.known.types": True})
            raw = serialize(cls(), SerializationContext("t", MessageField.VALUE))
            out.write("test.all.%s\t%s\n" % (name, raw.hex()))
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
