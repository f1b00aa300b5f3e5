# SPDX-License-Identifier: Apache-2.0
"""What is done to a good capture, by group: name and operations of degrade.c. The skew of hark is 1 s."""

LOSS = ("0.01", "0.1", "1", "5")


def share(percent):
    return f"{float(percent) / 100:g}"


GROUPS = {
    "loss": [("nothing", ())]
            + [(f"loss {p} %", (f"loss={share(p)}",)) for p in LOSS]
            + [(f"loss {p} % in bursts of 2-200", (f"burst={share(p)}:2-200",)) for p in LOSS],
    "order": [("1 % late by 1-100 packets", ("reorder=0.01:1-100",)),
              ("20 % late by 1-100 packets", ("reorder=0.2:1-100",)),
              ("30 % of data behind its ACK", ("ack-first=0.3",)),
              ("all data behind its ACK", ("ack-first=1",))],
    "delay": [(f"{side} late by {name}", (f"delay={side}:{seconds}",)) for name, seconds in
              (("1 ms", "0.001"), ("50 ms", "0.05"), ("0.9 s", "0.9")) for side in ("client", "server")],
    "beyond": [(f"{side} late by 1.5 s, beyond the skew", (f"delay={side}:1.5",)) for side in ("client", "server")],
    "copies": [("every packet twice", ("duplicate=1:plain",)),
               ("every packet again in a VLAN", ("duplicate=1:vlan",)),
               ("every packet again with less TTL", ("duplicate=1:ttl",))],
    "cut": [(f"snaplen {n}", (f"snaplen={n}",)) for n in (96, 128, 256)]
           + [("begins midstream", ("start=0.3",)), ("ends midstream", ("end=0.7",)),
              ("begins and ends midstream, loss 1 %", ("start=0.3", "end=0.7", "loss=0.01")),
              ("client alone", ("only=client",)), ("server alone", ("only=server",)),
              ("client alone, loss 1 %", ("only=client", "loss=0.01")), ("server alone, loss 1 %", ("only=server", "loss=0.01"))],
    "together": [("loss 1 %, 1 % late by 1-100", ("loss=0.01", "reorder=0.01:1-100")),
                 ("30 % again, all kinds, loss 1 %", ("duplicate=0.3:any", "loss=0.01")),
                 ("all together", ("start=0.1", "end=0.9", "ack-first=0.1", "loss=0.005", "burst=0.005:2-200", "reorder=0.02:1-100", "duplicate=0.2:any",
                                   "delay=server:0.2")),
                 ("all together, snaplen 256", ("start=0.1", "end=0.9", "ack-first=0.1", "loss=0.005", "burst=0.005:2-200", "reorder=0.02:1-100",
                                                "duplicate=0.2:any", "delay=client:0.2", "snaplen=256")),
                 ("all together, beyond the skew", ("start=0.1", "end=0.9", "ack-first=0.1", "loss=0.005", "burst=0.005:2-200", "reorder=0.02:1-100",
                                                    "duplicate=0.2:any", "delay=client:1.5"))],
}
