"""A key-value store as a plugin: go-plugin's protocol with grpcio, protobuf and cryptography."""
import base64, datetime, os, secrets, shutil, signal, sys, tempfile, threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import kv_pb2 as kv  # made from kv.proto by protoc --python_out

VERSIONS = {1, 2}  # of the application protocol
store, stopping = {}, threading.Event()

def put(request, context):
    store[request.key] = request.value
    return kv.PutResponse()

def get(request, context):
    if request.key not in store:
        context.abort(grpc.StatusCode.NOT_FOUND, f'no key "{request.key}"')
    return kv.GetResponse(value=store[request.key])

def shut_down(request, context):
    stopping.set()
    return b""  # plugin.Empty, as bytes: without a serializer grpcio takes them as they are

def stdio(request, context):
    stopping.wait()  # hosts keep this stream open; nothing is sent, since print() writes to the real standard output
    yield from ()

def unary(answer, request=None, response=None):
    return grpc.unary_unary_rpc_method_handler(
        answer, request and request.FromString, response and response.SerializeToString)

def services(version):
    methods = {"Put": unary(put, kv.PutRequest, kv.PutResponse), "Get": unary(get, kv.GetRequest, kv.GetResponse)}
    if version >= 2:
        methods["List"] = unary(lambda *_: kv.ListResponse(keys=sorted(store)), kv.ListRequest, kv.ListResponse)
    serving = b"\x08\x01"  # HealthCheckResponse { status: SERVING }
    return [grpc.method_handlers_generic_handler(name, methods) for name, methods in {
        "example.KeyValue": methods,
        "grpc.health.v1.Health": {"Check": unary(lambda *_: serving)},
        "plugin.GRPCController": {"Shutdown": unary(shut_down)},
        "plugin.GRPCStdio": {"StreamStdio": grpc.unary_stream_rpc_method_handler(stdio)}}.items()]

def one_time_certificate():
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(),
                                      now - datetime.timedelta(seconds=30), now + datetime.timedelta(days=3650))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])  # the name that hosts check
    authority = x509.BasicConstraints(ca=True, path_length=None)  # its own: the host trusts exactly this certificate
    return key, builder.add_extension(names, False).add_extension(authority, True).sign(key, hashes.SHA256())

if os.environ.get("KV_PLUGIN") != "hello":
    sys.exit("This program is a plugin: its host starts it, with the magic cookie KV_PLUGIN.")
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches every process of the terminal; the host decides
offered = {int(text) for text in os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "").split(",") if text.isdigit()}
version = max(VERSIONS & offered, default=min(VERSIONS))
server = grpc.server(ThreadPoolExecutor(16), services(version), options=[("grpc.max_receive_message_length", -1)])
path = f"{os.environ.get('PLUGIN_UNIX_SOCKET_DIR') or tempfile.gettempdir()}/plugin{secrets.randbits(48)}"
announced = ""
if host_certificate := os.environ.get("PLUGIN_CLIENT_CERT"):  # the host wants mutual TLS
    key, certificate = one_time_certificate()
    announced = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")
    key_pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair = (key_pem, certificate.public_bytes(serialization.Encoding.PEM))
    credentials = grpc.ssl_server_credentials([pair], host_certificate.encode(), require_client_auth=True)
    server.add_secure_port(f"unix:{path}", credentials)
else:
    server.add_insecure_port(f"unix:{path}")
if group := os.environ.get("PLUGIN_UNIX_SOCKET_GROUP"):
    shutil.chown(path, group=int(group) if group.isdigit() else group)
    os.chmod(path, 0o660)
server.start()  # before the line: hosts dial at once
print(f"1|{version}|unix|{path}|grpc|{announced}", flush=True)
stopping.wait()
server.stop(grace=1).wait()
