"""An endpoint for inbound webhooks on Python's standard library alone.

    RETELL_API_KEY=$(cat .pickup/api-key) PORT=3000 python3 examples/plain/endpoint.py
"""
import hashlib
import hmac
import json
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CUSTOMERS = {"+12137771234": "John Doe"}
API_KEY = os.environ["RETELL_API_KEY"]  # the key that signs your webhooks
SIGNATURE = re.compile(r"v=(\d{1,16}),d=([0-9a-f]{64})", re.ASCII)


def is_genuine(raw_body: bytes, signature: str) -> bool:
    """True if `v=<ms>,d=<hex>` signs these very bytes, at most five minutes ago."""
    match = SIGNATURE.fullmatch(signature)
    if not match or abs(time.time() * 1000 - int(match[1])) > 300_000:
        return False
    expected = hmac.new(API_KEY.encode(), raw_body + match[1].encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, match[2])


def decide(party: dict) -> dict:
    """Who answers; what is left out stays as the number has it."""
    if party["from_number"] == "anonymous":
        return {"reject": True}
    return {
        "override_agent_id": "agent_12345",
        "dynamic_variables": {"customer_name": CUSTOMERS.get(party["from_number"], "there")},
    }


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        # The signature covers these bytes, so verify before parsing.
        raw_body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(raw_body, self.headers.get("x-retell-signature", "")):
            return self.send_json(401, {"error": "bad signature"})
        event = json.loads(raw_body)
        name = event["event"]  # call_inbound or chat_inbound, and the group of the same name
        self.send_json(200, {name: decide(event[name])})

    def send_json(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Requests are not logged: they hold phone numbers."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Endpoint)
    print(f"webhooks: http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
