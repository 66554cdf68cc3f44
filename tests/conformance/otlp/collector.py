"""A collector of OpenTelemetry's own definitions and gRPC's C core. Prints its port, then each request as one line of JSON.

A field that the definitions do not know, at any depth, ends up under "unknown".
"""
import json
import sys
from concurrent import futures

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


def unknown_fields(message, path):
    found = [f"{path}: field {field.field_number}" for field in UnknownFieldSet(message)]
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        for item in value if hasattr(value, "__len__") else [value]:
            found += unknown_fields(item, f"{path}.{descriptor.name}")
    return found


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def Export(self, request, context):
        line = {"request": MessageToDict(request), "unknown": unknown_fields(request, "request")}
        print(json.dumps(line), flush=True)
        # All spans were taken, and there is something to say; long enough to be worth packing.
        response = trace_service_pb2.ExportTraceServiceResponse()
        response.partial_success.error_message = "as good as " + "gold " * 20
        return response


# One worker, so that lines are whole. As collectors written in Go do, it packs its answers where the client may send packed requests.
server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), compression=grpc.Compression.Gzip)
trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Collector(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(json.dumps({"port": port}), flush=True)
# Ends with whoever started it.
sys.stdin.read()
