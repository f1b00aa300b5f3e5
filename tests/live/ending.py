#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ending.py --hark BINARY

A signal ends a run on an interface when what the kernel had for hark by then is read: requests that were over have their records, with one
reader, several interfaces, and several readers; on a busy interface, too, it ends soon; and where its output is too slow for that, what is
left is counted.

Needs what live.py needs."""
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import harness  # noqa: E402
import interfaces  # noqa: E402
import live  # noqa: E402

CLIENT, SERVER = live.CLIENT, live.SERVER
URL = "http://192.0.2.20/small.txt?"
ASKER = """
import socket, sys
each = b"GET /small.txt?%07d HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"
connection = socket.create_connection(("192.0.2.20", 80))
for number in range(int(sys.argv[1])):
    if number % 500 == 499: connection.close(); connection = socket.create_connection(("192.0.2.20", 80))
    connection.sendall(each % number)
    got = b""
    while not got.endswith(b"a small file\\n" * 10): got += connection.recv(65536)
"""


class Ending:
    def __init__(self, test):
        self.test = test
        self.check = test.check
        interfaces.quiet(CLIENT)
        interfaces.quiet(SERVER)

    def stop(self, listener, how, what):
        """Ends it; returns what its ledger says."""
        began = time.monotonic()
        self.test.sound(listener, listener.finish(how), what)
        took = time.monotonic() - began
        self.check(took < 6, f"{what}: ends after {took:.1f} s")
        return listener.err.decode("utf-8", "replace")

    def finished_requests(self):
        """Packets wait up to 50 ms in a block of the ring: none of these is read when the signal comes."""
        for arguments in (["-i", "eth0"], ["-i", "eth0", "-j", "2"], ["-i", "any"], ["-i", "eth0", "-i", "lo"], ["-i", "eth0", "--fanout", "3"]):
            for how in (signal.SIGTERM, signal.SIGINT):
                what = f"{how.name} at once, {' '.join(arguments)}"
                listener = live.Listener(self.test.hark, [*arguments, "--stats"])
                _, done = self.test.curl(*[item for n in range(5) for item in ("-o", os.devnull, "-H", "Connection: close", URL + f"end{n}")])
                text = self.stop(listener, how, what)
                self.check(done.returncode == 0, f"{what}: curl says {done.stderr}")
                records = [record for _, record in listener.records()]
                self.check(len(records) == 5 and all(record["capture"]["complete"] for record in records), f"{what}: {len(records)} records of 5")
                read, received = interfaces.number(text, "read"), interfaces.number(text, "received by the kernel")
                self.check(read[0] == received[0] and not interfaces.number(text, "left UNREAD at the end"), f"{what}: read {read} of {received}")

    def busy(self):
        """What comes after the signal is not waited for."""
        flood = live.flood()
        try:
            for arguments in (["-i", "eth0"], ["-i", "eth0", "-i", "lo"], ["-i", "eth0", "--fanout", "2"]):
                what = f"busy {' '.join(arguments)}"
                listener = live.Listener(self.test.hark, [*arguments, "--stats", "--overload=none"])
                text = self.stop(listener, signal.SIGTERM, what)
                sums = [interfaces.number(text, name)[:1] for name in ("received by the kernel", "read")]
                lost = sum(sum(interfaces.number(text, name)[:1]) for name in ("DROPPED by the kernel (a larger -B helps)", "left UNREAD at the end"))
                self.check(len(sums[0]) == len(sums[1]) == 1 and sums[0][0] == sums[1][0] + lost, f"{what}: received and read {sums}, lost {lost}")
        finally:
            flood.send_signal(signal.SIGTERM)
            flood.wait()

    def left_unread(self):
        """A reader of the output that is slow: the end is in bounded time, and all that was received is told."""
        into, out = os.pipe()
        fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, 4096)
        process = subprocess.Popen(["ip", "netns", "exec", SERVER, self.test.hark, "-i", "eth0", "--stats", "--stats-interval=1h", "--overload=none"],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=harness.ENVIRONMENT)
        live.Listener.running.append(process)
        os.close(out)
        text = []
        reader = threading.Thread(target=lambda: text.append(process.stderr.read().decode()))
        reader.start()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not live.Listener.listens(SERVER):
            time.sleep(0.05)
        time.sleep(0.3)
        subprocess.run(["ip", "netns", "exec", CLIENT, sys.executable, "-c", ASKER, "6000"], check=True)
        process.send_signal(signal.SIGTERM)
        began, output = time.monotonic(), b""
        while chunk := os.read(into, 16384):
            output += chunk
            time.sleep(0.02)  # 800 kB a second of some 15 MB
        took = time.monotonic() - began
        os.close(into)
        status = process.wait(10)
        reader.join()
        ledger = text[0]
        self.check(status == 0 and took < 15, f"unread: exit status {status} after {took:.1f} s: {ledger[-600:]}")
        self.check("The ledger balances." in ledger, f"unread: {ledger[-600:]}")
        received, read, unread = (interfaces.number(ledger, name) for name in ("received by the kernel", "read", "left UNREAD at the end"))
        self.check(len(unread) == 2 and unread[0] == unread[1] > 0 and received[0] == read[0] + unread[0], f"unread: {received} = {read} + {unread}")
        self.check(unread and f"hark: {unread[0]} packets were left unread in the kernel's buffer at the end\n" in ledger, f"unread: {ledger[:600]}")
        wrong = harness.validate(output)
        self.check(not wrong, f"unread: {wrong[:600]}")
        self.check(unread and f'"unread":{unread[0]},'.encode() in output.splitlines()[-1], f"unread: {output.splitlines()[-1][:600]}")
        print(f"unread: {read} read, {unread} left, {took:.1f} s")


def parts_of(test):
    ending = Ending(test)
    return (ending.finished_requests, ending.busy, ending.left_unread)


if __name__ == "__main__":
    sys.exit(live.main(parts_of, "ending", __doc__))
