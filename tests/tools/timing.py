#!/usr/bin/env python3
"""timing.py reasons|crowd BINARY: what a stranger learns of logins by the clock, and what a crowd costs.

Starts a server of the binary on a database of its own, with the settings as they are shipped but for
the limits of requests. Exit status 1 when a bound does not hold. No part of ./test: the figures are
those of a machine on which nothing else runs.

reasons   Logins that are refused, for every reason there is, in turn (R25). Two reasons that can be
          told apart have medians more than 5 % apart and a Mann-Whitney test with p <= 0.01.
crowd     Waves of 500 logins at once, beside which others read, write and look at pages (R2): how long
          those wait, and by how much the server's memory grows.
"""

import asyncio
import contextlib
import http.client
import itertools
import json
import math
import multiprocessing
import os
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

# Of each reason.
SAMPLES = 300
CROWD = 500
WAVES = 10
# Seconds between two requests of one who is beside the crowd.
BEAT = 0.02

PASSWORD = "a good password"
WRONG = "not the password"
SETTINGS = {
    "QUARTERDECK_RATE_LIMIT_LOGIN": "1000000",
    "QUARTERDECK_RATE_LIMIT_PER_ADDRESS": "1000000",
    "QUARTERDECK_RATE_LIMIT_PER_PRINCIPAL": "1000000",
    "QUARTERDECK_SERVER_TRUSTED_PROXIES": "127.0.0.1",
    "QUARTERDECK_LOG_LEVEL": "error",
}

addresses = (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in itertools.count(1))


class Desk:
    """A server and its command line."""

    def __init__(self, binary, folder):
        self.binary = os.path.realpath(binary)
        self.database = os.path.join(folder, "desk.sqlite")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("QUARTERDECK_")}
        url = {"QUARTERDECK_DATABASE_URL": f"sqlite://{self.database}"}
        self.environment = kept | SETTINGS | url
        self.folder = folder

    def command(self, *arguments, feed=""):
        ran = subprocess.run(
            [self.binary, *arguments], env=self.environment, cwd=self.folder,
            input=feed, text=True, capture_output=True, check=False,
        )
        if ran.returncode:
            sys.exit(f"{' '.join(arguments)}: {ran.stderr}")
        return ran.stdout.strip()

    def user(self, name, *more):
        self.command("user", "create", name, *more, "--password-stdin", feed=PASSWORD)

    @contextlib.contextmanager
    def serving(self):
        self.server = subprocess.Popen(
            [self.binary, "serve", "--demo", "--bind", "127.0.0.1:0"],
            env=self.environment, cwd=self.folder, text=True, stdout=subprocess.PIPE,
        )
        try:
            for line in self.server.stdout:
                if " is ready at " in line:
                    url = urllib.parse.urlsplit(line.split(" is ready at ")[1].strip())
                    self.address = (url.hostname, url.port)
                    break
            else:
                sys.exit("the server did not start")
            yield
        finally:
            self.server.terminate()
            self.server.wait()

    def memory(self, kind):
        """KiB: VmRSS, what it has, or VmHWM, the most it ever had."""
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(kind))

    def forget_peak(self):
        """From now on VmHWM is the most since now; what it has now, in KiB."""
        with open(f"/proc/{self.server.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        return self.memory("VmRSS")

    def forget_logins(self):
        """So that the 600 logins a minute of everybody together do not end the measurement."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as db, db:
            db.execute("DELETE FROM qd_login_throttle")


class Client:
    """One connection."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(*address, timeout=120)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method, path, body=None, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        if body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer, answer.read()

    def login(self, name, password, address):
        """Status, seconds to wait, milliseconds."""
        body = {"username": name, "password": password}
        begun = time.perf_counter()
        answer, _ = self.send("POST", "/auth/login", body, X_Forwarded_For=address)
        took = (time.perf_counter() - begun) * 1000
        return answer.status, int(answer.headers.get("Retry-After", 0)), took


def mann_whitney(one, other):
    """The chance that two samples of one distribution differ so much, with the correction for ties."""
    ranked = sorted((value, side) for side, values in enumerate((one, other)) for value in values)
    ranks, ties, at = [0.0, 0.0], 0, 0
    for _, group in itertools.groupby(ranked, key=lambda pair: pair[0]):
        group = list(group)
        for _, side in group:
            ranks[side] += at + (len(group) + 1) / 2
        ties += len(group) ** 3 - len(group)
        at += len(group)
    n, m = len(one), len(other)
    u = ranks[0] - n * (n + 1) / 2
    spread = math.sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))))
    z = max(abs(u - n * m / 2) - 0.5, 0) / spread if spread else 0
    return math.erfc(z / math.sqrt(2))


def compare(times):
    """Prints the samples and every pair of them; whether no pair can be told apart."""
    for name, sample in times.items():
        low, _, high = statistics.quantiles(sample, n=4)
        print(f"{name:<34} median {statistics.median(sample):7.2f} ms, middle half {low:.2f} to {high:.2f}")
    fine = True
    for one, other in itertools.combinations(times, 2):
        medians = [statistics.median(times[name]) for name in (one, other)]
        apart = (max(medians) / min(medians) - 1) * 100
        p = mann_whitney(times[one], times[other])
        told = apart > 5 and p <= 0.01
        fine &= not told
        print(f"  {one} / {other}: {apart:.1f} % apart, p = {p:.3f}{'  CAN BE TOLD APART' if told else ''}")
    return fine


def accounts(desk, client, token):
    for name in ("rightful", "suspended", "locked"):
        desk.user(name)
    desk.command("user", "disable", "suspended")
    made, told = client.send("POST", "/api/v1/qd_user", {"username": "passwordless"}, X_API_Key=token)
    assert made.status == 201, told
    # Locked for one address, as an outsider can do it; and a name that nobody has just so.
    for name in ("locked", "locked too"):
        while client.login(name, WRONG, "192.0.2.1")[0] != 429:
            pass


def reasons(desk):
    desk.user("root", "--superuser")
    token = desk.command("token", "create", "--user", "root")
    with desk.serving():
        client = Client(desk.address)
        accounts(desk, client, token)
        elsewhere = lambda name, password=WRONG: (401, name, password, lambda: next(addresses))
        there = lambda name: (429, name, WRONG, lambda: "192.0.2.1")
        kinds = {
            "unknown user": elsewhere("nobody"),
            "wrong password": elsewhere("rightful"),
            "suspended, right password": elsewhere("suspended", PASSWORD),
            "without a password": elsewhere("passwordless"),
            "locked, from elsewhere": elsewhere("locked"),
        }
        blocked = {"locked, from there": there("locked"), "unknown, locked, from there": there("locked too")}
        times = {name: [] for name in kinds | blocked}
        chance = random.Random(25)
        for turn in range(SAMPLES + 5):
            order = list((kinds | blocked).items())
            chance.shuffle(order)
            for name, (wanted, user, password, address) in order:
                while True:
                    status, wait, took = client.login(user, password, address())
                    if status == wanted:
                        break
                    # The limit of all together; or a block is over, and the next attempt meets it again.
                    time.sleep(wait)
                if turn >= 5:
                    times[name].append(took)
        print(f"{SAMPLES} samples of each, in turn")
        same = compare({name: times[name] for name in kinds})
        return compare({name: times[name] for name in blocked}) and same


def beside(address, token, kind, crowded, over, told):
    """One who is not of the crowd, with a request each beat; how long those took that it met."""
    client = Client(address)
    send = {
        "reads": lambda n: client.send("GET", "/api/v1/book?limit=10", X_API_Key=token),
        "writes": lambda n: client.send("PATCH", "/api/v1/author/1", {"name": f"Ada {n}"}, X_API_Key=token),
        "pages": lambda n: client.send("GET", "/auth/login"),
    }[kind]
    took = []
    for n in itertools.count():
        if over.is_set():
            break
        begun = time.monotonic()
        answer, body = send(n)
        assert answer.status == 200, (kind, answer.status, body)
        if crowded.is_set():
            took.append((time.monotonic() - begun) * 1000)
        time.sleep(BEAT)
    told.put((kind, took))


async def wave(streams, request):
    """The same request on every connection at once, `request(n)` on the nth; the statuses."""
    async def one(n, reader, writer):
        writer.write(request(n))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").lower()
        length = next(line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length:"))
        await reader.readexactly(int(length))
        return int(head.split()[1])
    return await asyncio.gather(*(one(n, *stream) for n, stream in enumerate(streams)))


def login_request(n):
    body = json.dumps({"username": f"user{n}", "password": WRONG})
    head = ("POST /auth/login HTTP/1.1", "Host: localhost", "Content-Type: application/json",
            f"X-Forwarded-For: {next(addresses)}", f"Content-Length: {len(body)}")
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode("ascii")


async def waves(desk, crowded):
    streams = [await asyncio.open_connection(*desk.address) for _ in range(CROWD)]
    health = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    # What 500 connections, the first hash and the others cost is not what is asked.
    assert set(await wave(streams, lambda _: health)) == {200}
    await wave(streams[:1], login_request)
    time.sleep(5)
    before = desk.forget_peak()
    crowded.set()
    statuses, grown = [], []
    for _ in range(WAVES):
        statuses += await wave(streams, login_request)
        grown.append(desk.memory("VmHWM") - before)
        desk.forget_logins()
    for _, writer in streams:
        writer.close()
    return statuses, grown


def crowd(desk):
    with desk.serving():
        pass
    desk.user("root", "--superuser")
    token = desk.command("token", "create", "--user", "root")
    with desk.serving():
        crowded, over, told = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
        others = [
            multiprocessing.Process(target=beside, args=(desk.address, token, kind, crowded, over, told))
            for kind in ("reads", "writes", "pages")
        ]
        for other in others:
            other.start()
        statuses, grown = asyncio.run(waves(desk, crowded))
        over.set()
        waited = dict(told.get() for _ in others)
        for other in others:
            other.join()
    seen = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(f"{WAVES} waves of {CROWD} logins: " + ", ".join(f"{n} times {s}" for s, n in seen.items()))
    fine = True
    for kind, times in sorted(waited.items()):
        cuts = statistics.quantiles(times, n=100)
        fine &= cuts[98] < 250
        print(f"{kind:<7} {len(times):5} beside them: median {cuts[49]:.1f} ms, p99 {cuts[98]:.1f}, longest {max(times):.1f}")
    permits = os.cpu_count()
    bound = permits * 19456 * 1.1
    print(f"memory grew by {grown[0]} KiB, by all waves {grown[-1]}; {permits} hashes and a tenth are {bound:.0f} KiB")
    return fine and grown[0] <= bound


def main():
    measurements = {"reasons": reasons, "crowd": crowd}
    if len(sys.argv) != 3 or sys.argv[1] not in measurements:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        fine = measurements[sys.argv[1]](Desk(sys.argv[2], folder))
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
