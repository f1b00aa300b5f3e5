/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "capture/source_fanout.h"

#define AT(member) offsetof(struct options, member)
#define KIB        (UINT64_C(1) << 10)
#define MIB        (UINT64_C(1) << 20)
#define MINUTE     ((uint64_t)(60 * NS_PER_SECOND))
#define HOUR       (60 * MINUTE)
#define DAY        (24 * HOUR)

static const char *const format_choices[] = {"ndjson", "text", NULL};
static const char *const secrets_choices[] = {"mask", "hash", "keep", NULL};
static const char *const checksums_choices[] = {"ignore", "verify", NULL};
static const char *const overload_choices[] = {"shed", "connections", "none", NULL};
static const char *const save_from_choices[] = {"connection", "transaction", NULL};
static const char *const colour_choices[] = {"auto", "always", "never", NULL};

const struct option_info option_table[] = {
    {.letter = 'r',
     .name = "read",
     .kind = OPTION_TEXT_LIST,
     .group = GROUP_INPUT,
     .offset = AT(paths),
     .argument = "FILE",
     .completion = COMPLETE_FILE,
     .help = "read packets from a capture file, or from standard input (-);\n"
             "repeat it to read rotated files in order as one capture",
     .more = "Formats: pcap and pcapng, plain or compressed with gzip or zstd."},
    {.letter = 'i',
     .name = "interface",
     .kind = OPTION_TEXT_LIST,
     .group = GROUP_INPUT,
     .offset = AT(interfaces),
     .argument = "IFACE",
     .completion = COMPLETE_INTERFACE,
     .help = "capture live from a network interface (any: from all of them);\n"
             "repeat it for several, such as the two halves of a tap",
     .more = "Needs the right to capture: root, or the capability CAP_NET_RAW. Packets of several interfaces "
             "are put in the order of their times. An interface that goes down or is removed while hark "
             "listens is waited for."},
    {.letter = 'D',
     .name = "list-interfaces",
     .kind = OPTION_FLAG,
     .group = GROUP_INPUT,
     .offset = AT(list_interfaces),
     .help = "list the interfaces that may be captured, and exit",
     .more = ""},
    {.letter = 'c',
     .name = "count",
     .kind = OPTION_COUNT,
     .group = GROUP_INPUT,
     .offset = AT(frame_count),
     .argument = "COUNT",
     .initial = NULL,
     .minimum = 1,
     .maximum = INT64_MAX,
     .help = "stop after COUNT packets that pass the filter",
     .more = ""},
    {.letter = 's',
     .name = "snapshot-length",
     .kind = OPTION_COUNT,
     .group = GROUP_INPUT,
     .offset = AT(snapshot_length),
     .argument = "BYTES",
     .initial = "0",
     .minimum = 0,
     .maximum = 256 * KIB,
     .help = "look at the first BYTES of each packet only (0: all)",
     .more = "What is cut off is reported as missing in the records it belongs to."},
    {.letter = 'B',
     .name = "buffer-size",
     .kind = OPTION_SIZE,
     .group = GROUP_LIVE,
     .offset = AT(buffer_bytes),
     .argument = "SIZE",
     .initial = "64M",
     .minimum = 64 * KIB,
     .maximum = 2047 * MIB,
     .live_only = true,
     .help = "size of the kernel's capture buffer, for each interface",
     .more =
         "A larger one survives longer bursts without kernel drops. All of them are part of --max-memory, "
         "and take half of it at most. Other than in tcpdump(8), a number without unit is bytes."},
    {.letter = 'p',
     .name = "no-promiscuous-mode",
     .kind = OPTION_FLAG,
     .group = GROUP_LIVE,
     .offset = AT(no_promiscuous),
     .live_only = true,
     .help = "leave the interface out of promiscuous mode",
     .more = ""},
    {.name = "fanout",
     .kind = OPTION_COUNT,
     .group = GROUP_LIVE,
     .offset = AT(fanout),
     .argument = "N",
     .initial = "1",
     .minimum = 1,
     .maximum = SOURCE_FANOUT_MOST,
     .help = "read with N threads, each for its share of the connections",
     .more =
         "The kernel deals the packets by a hash of addresses and ports, the same for both directions of a "
         "connection; each thread has its Nth part of the buffer and of the memory, and numbers its own "
         "frames. The kernel hashes the outer header only, so traffic in tunnels (VXLAN, GRE, GTP ...) and "
         "IPv6 fragments need one reader: leave --fanout out and give -j N. An interface that is removed "
         "and made again ends the run."},
    {.name = "flush-interval",
     .kind = OPTION_DURATION,
     .group = GROUP_LIVE,
     .offset = AT(flush_interval_ns),
     .argument = "TIME",
     .initial = "1s",
     .minimum = 0,
     .maximum = HOUR,
     .help = "longest wait of a finished record for its output",
     .more = "A busy interface fills the buffer sooner, and a quiet one is flushed at once."},
    {.name = "overload",
     .kind = OPTION_CHOICE,
     .group = GROUP_LIVE,
     .offset = AT(overload),
     .argument = "MODE",
     .initial = "shed",
     .choices = overload_choices,
     .live_only = true,
     .help = "when packets come too fast: cut large frames short, then leave\n"
             "out more and more new connections (shed); connections alone\n"
             "(connections); or let the kernel drop what it will (none)",
     .more =
         "Of frames that are larger than usual (jumbo frames, GRO, TSO) the kernel then keeps 4,352 bytes: "
         "heads "
         "stay, and records of their bodies tell what is missing. "
         "Connections are left out from their begin to their end, by a hash "
         "of addresses and ports that is the same in every run: what is reported of others stays whole. It "
         "begins when the kernel's buffer is "
         "half full, or the kernel has dropped packets, or hark is behind by --overload-lag, and ends by "
         "itself. The statistics count what was left out."},
    {.name = "overload-lag",
     .kind = OPTION_DURATION,
     .group = GROUP_LIVE,
     .offset = AT(overload_lag_ns),
     .argument = "TIME",
     .initial = "1s",
     .minimum = (uint64_t)(10 * NS_PER_MILLISECOND),
     .maximum = HOUR,
     .live_only = true,
     .help = "overload also is to be behind the kernel by TIME",
     .more = "However empty its buffer is."},
    {.name = "skew",
     .kind = OPTION_DURATION,
     .group = GROUP_ANALYSIS,
     .offset = AT(skew_ns),
     .argument = "TIME",
     .initial = "1s",
     .minimum = 0,
     .maximum = HOUR,
     .help = "how far the order of packets in the capture may be off",
     .more = "Taps and mirror ports deliver packets late, or one direction after the other. Within this time "
             "of the capture the records do not change for it."},
    {.name = "hold-time",
     .kind = OPTION_DURATION,
     .group = GROUP_ANALYSIS,
     .offset = AT(hold_time_ns),
     .argument = "TIME",
     .initial = "1m",
     .minimum = 0,
     .maximum = DAY,
     .help = "longest wait for a missing segment that nobody acknowledged",
     .more = ""},
    {.name = "flow-timeout",
     .kind = OPTION_DURATION,
     .group = GROUP_ANALYSIS,
     .offset = AT(flow_timeout_ns),
     .argument = "TIME",
     .initial = "10m",
     .minimum = (uint64_t)NS_PER_SECOND,
     .maximum = 30 * DAY,
     .help = "end a connection that has had no packets for this long",
     .more = "Its open transactions are written then, as orphans of the reason \"idle\"."},
    {.name = "max-flows",
     .kind = OPTION_COUNT,
     .group = GROUP_ANALYSIS,
     .offset = AT(flows),
     .argument = "COUNT",
     .initial = "1048576",
     .minimum = HARK_PARTITIONS,
     .maximum = 256 * MIB,
     .help = "most connections followed at once",
     .more = "Beyond it the least recently used connection is ended, its open transactions are written, and "
             "the statistics count it. The connections are dealt to 64 partitions, each of which holds its "
             "64th part."},
    {.name = "max-memory",
     .kind = OPTION_SIZE,
     .group = GROUP_ANALYSIS,
     .offset = AT(memory),
     .argument = "SIZE",
     .initial = "1G",
     .minimum = LIMITS_MEMORY_LEAST,
     .maximum = UINT64_C(1) << 40,
     .help = "most memory to use",
     .more = "For connections, bytes that wait, open transactions, the kernel's capture buffers (-B) and all "
             "else. When it runs short, the "
             "connections that matter least are ended (closed ones, half-open ones, then those unused for "
             "longest), their open transactions are written, and the statistics count it."},
    {.name = "checksums",
     .kind = OPTION_CHOICE,
     .group = GROUP_ANALYSIS,
     .offset = AT(checksums),
     .argument = "MODE",
     .initial = "ignore",
     .choices = checksums_choices,
     .help = "drop packets of wrong checksum (verify), or not (ignore)",
     .more =
         "Of IPv4 and TCP. Packets that the capturing host itself sends have no right checksum yet where "
         "the network card fills it in, and those that it put together (GRO) have none any more. On a live "
         "interface such packets pass: their TCP checksum is the sum of the pseudo header alone. The "
         "statistics count them. In files they are dropped. TCP packets put together from IP fragments are "
         "verified in either mode: a wrong sum tells fragments of two packets. But where nearly all of a "
         "capture are wrong (addresses were changed), ignore lets them pass."},
    {.name = "separate-vlans",
     .kind = OPTION_FLAG,
     .group = GROUP_ANALYSIS,
     .offset = AT(separate_vlans),
     .help = "the same addresses and ports in two VLANs are two connections",
     .more = "Without it VLAN tags tell nothing apart, since many taps tag each direction differently."},
    {.letter = 'j',
     .name = "jobs",
     .kind = OPTION_COUNT,
     .group = GROUP_ANALYSIS,
     .offset = AT(jobs),
     .argument = "N",
     .initial = "1",
     .minimum = 0,
     .maximum = HARK_PARTITIONS,
     .help = "analyze with N threads (0: one for each processor)",
     .more = "The output is the same, byte for byte, for any N."},
    {.letter = 'o',
     .name = "output",
     .kind = OPTION_TEXT,
     .group = GROUP_OUTPUT,
     .offset = AT(output),
     .argument = "FILE",
     .completion = COMPLETE_FILE,
     .help = "write records to FILE instead of standard output",
     .more = "An existing file is overwritten. SIGHUP opens it again under its name, for logrotate(8)."},
    {.name = "rotate-size",
     .kind = OPTION_SIZE,
     .group = GROUP_OUTPUT,
     .offset = AT(rotate_bytes),
     .argument = "SIZE",
     .minimum = 4 * KIB,
     .maximum = UINT64_C(1) << 50,
     .help = "begin a new file before FILE of -o exceeds SIZE",
     .more =
         "The files are FILE.0001, FILE.0002 and so on, behind those that are there. Where FILE has "
         "conversions of strftime(3), such as %Y%m%d-%H%M%S, its name is the time (UTC) when it begins, with "
         ".1, .2 behind it where that is taken. No file that is there is overwritten, and no line is torn: "
         "the files behind each other are what FILE would be."},
    {.name = "rotate-interval",
     .kind = OPTION_DURATION,
     .group = GROUP_OUTPUT,
     .offset = AT(rotate_interval_ns),
     .argument = "TIME",
     .minimum = (uint64_t)NS_PER_SECOND,
     .maximum = 366 * DAY,
     .help = "begin a new file each TIME, at its multiples since 1970 (UTC)",
     .more = "On an interface by the wall clock, in a capture file by its packets' times. The time in a name "
             "is the interval's beginning then. An interval without records has no file."},
    {.name = "rotate-keep",
     .kind = OPTION_COUNT,
     .group = GROUP_OUTPUT,
     .offset = AT(rotate_keep),
     .argument = "N",
     .minimum = 1,
     .maximum = 10000,
     .help = "keep the last N files, and remove older ones",
     .more = "Of those with numbers, also what earlier runs with the same FILE left; of those named by time, "
             "this run's."},
    {.letter = 'w',
     .name = "write",
     .kind = OPTION_TEXT,
     .group = GROUP_OUTPUT,
     .offset = AT(write),
     .argument = "FILE",
     .completion = COMPLETE_FILE,
     .help = "save the packets of transactions to FILE, as pcapng; they hold\n"
             "secrets and addresses in clear",
     .more = "All packets of a transaction's connection, from its first one to the one that ended the "
             "transaction, as they were captured: hark makes the same record of them again (but see "
             "--save-from). Nothing is masked "
             "in them, whatever --secrets, --redact-header and --anonymize-ip say. Files are read a second "
             "time for it; from an interface or a pipe they come out of a buffer (--save-buffer). The "
             "record's capture.saved says what was saved. An existing file is overwritten."},
    {.name = "save",
     .kind = OPTION_TEXT_LIST,
     .group = GROUP_OUTPUT,
     .offset = AT(save),
     .argument = "WHICH",
     .save_only = true,
     .help = "the transactions to save with -w: all (the default), failures,\n"
             "slow; several with commas between them",
     .more = "Failures are those whose event.outcome is not \"success\": of status 400 or above, reset, "
             "without an answer, or whose end was not seen, and surplus bytes. Slow are those that take "
             "longer than "
             "--save-slower; tunnels and surplus bytes are not among them."},
    {.name = "save-slower",
     .kind = OPTION_DURATION,
     .group = GROUP_OUTPUT,
     .offset = AT(save_slower_ns),
     .argument = "TIME",
     .minimum = 1,
     .maximum = DAY,
     .save_only = true,
     .help = "save transactions that take longer than TIME (--save=slow: 1s)",
     .more = "The time is timing.total, from the request's first byte to the last one of either message."},
    {.name = "save-from",
     .kind = OPTION_CHOICE,
     .group = GROUP_OUTPUT,
     .offset = AT(save_from),
     .argument = "WHERE",
     .initial = "connection",
     .choices = save_from_choices,
     .save_only = true,
     .help = "save from the connection's first packet on, or only from the\n"
             "transaction's own first one",
     .more = "A transaction's own packets are less, and enough to look at. But whose answer it is, and whose "
             "time it took, can't always be told without those before: hark may make another record of "
             "them."},
    {.name = "save-buffer",
     .kind = OPTION_SIZE,
     .group = GROUP_OUTPUT,
     .offset = AT(save_buffer_bytes),
     .argument = "SIZE",
     .initial = "64M",
     .minimum = MIB,
     .maximum = 64 * 1024 * MIB,
     .save_only = true,
     .help = "packets kept for -w from an interface or a pipe",
     .more = "What a transaction needs must still be in it when the transaction ends. It is part of "
             "--max-memory."},
    {.name = "format",
     .kind = OPTION_CHOICE,
     .group = GROUP_OUTPUT,
     .offset = AT(format),
     .argument = "FORMAT",
     .initial = "ndjson",
     .choices = format_choices,
     .help = "JSON, one object a line (ndjson), or lines for people (text)",
     .more = ""},
    {.name = "omit",
     .kind = OPTION_TEXT_LIST,
     .group = GROUP_OUTPUT,
     .offset = AT(omit),
     .argument = "PART",
     .help = "leave PART of the JSON records out, such as semantics, tcp or\n"
             "http.request.headers; several with commas between them",
     .more = "A part is a key of the record, and all that is in it: network, network.community_id, client, "
             "client.mac, server, server.mac, url, url.full, http.request.referrer, http.request.headers, "
             "http.request.trailers, http.response.headers, http.response.trailers, http.response.interim, "
             "user_agent, timing, timing.share, tcp, tcp.client, tcp.server, capture.request, "
             "capture.response, semantics, and of that semantics.status, semantics.fields, "
             "semantics.caching, semantics.conditional, semantics.cached, semantics.range, "
             "semantics.persistence, semantics.content, semantics.authentication, semantics.cookies, "
             "semantics.origin, semantics.security, semantics.intermediaries, semantics.hints, "
             "semantics.trace. All else is written as ever, so that a record does not look more whole than "
             "it is, and hark.omitted lists what is not there. What only these parts need is not worked "
             "out, which saves time. To hide something, omit is not enough: the same may stand elsewhere."},
    {.name = "secrets",
     .kind = OPTION_CHOICE,
     .group = GROUP_OUTPUT,
     .offset = AT(secrets),
     .argument = "MODE",
     .initial = "mask",
     .choices = secrets_choices,
     .help = "show credentials as *** (mask), as *** and a keyed hash (hash),\n"
             "or as they are (keep)",
     .more = "Credentials are the values of Authorization, Proxy-Authorization, Cookie and Set-Cookie, the "
             "user information of URLs, and the query parameters known to hold tokens and signatures. "
             "The hash is the same wherever the same secret stands, in all runs with the same key, and needs "
             "--secrets-key."},
    {.name = "secrets-key",
     .kind = OPTION_TEXT,
     .group = GROUP_OUTPUT,
     .offset = AT(key),
     .argument = "FILE",
     .completion = COMPLETE_FILE,
     .help = "hash secrets and anonymize addresses with the key in FILE",
     .more = "At least 16 bytes, best random ones; line ends behind them do not count. The file must not be "
             "readable or writable by everybody. Whoever has the key can find out which of a list of secrets "
             "stands behind a hash, and all addresses."},
    {.name = "redact-header",
     .kind = OPTION_TEXT_LIST,
     .group = GROUP_OUTPUT,
     .offset = AT(redacted_headers),
     .argument = "NAME",
     .help = "also hide the values of header fields of that name (repeat it)",
     .more = "They are shown as credentials are with --secrets, and with --secrets=keep as ***. What the "
             "record derives from the field (url.domain from Host, referrer, user_agent, content_type) is "
             "hidden with it. Case, - and _ do not count in names."},
    {.name = "redact-query",
     .kind = OPTION_TEXT_LIST,
     .group = GROUP_OUTPUT,
     .offset = AT(redacted_queries),
     .argument = "NAME",
     .help = "also hide the values of query parameters of that name (repeat it)",
     .more = "In the target and in all URLs and name=value pairs of fields. Names are compared as "
             "--redact-header does; of user[phone] and user.phone the last part counts too."},
    {.name = "anonymize-ip",
     .kind = OPTION_FLAG,
     .group = GROUP_OUTPUT,
     .offset = AT(anonymize_addresses),
     .help = "write other IP addresses in the place of all; networks stay together",
     .more = "Crypto-PAn: addresses with equal first bits have equal first bits afterwards, and the same "
             "key gives the same addresses in every run. Needs --secrets-key. Ids are made of the new "
             "addresses, MAC addresses are left out, and addresses in fields and URLs are found and changed; "
             "names of hosts stay."},
    {.name = "color",
     .kind = OPTION_CHOICE,
     .group = GROUP_OUTPUT,
     .offset = AT(colour),
     .argument = "WHEN",
     .initial = "auto",
     .choices = colour_choices,
     .help = "colour the text format: auto (on a terminal), always, never",
     .more = "auto respects the environment variable NO_COLOR."},
    {.name = "stats",
     .kind = OPTION_FLAG,
     .group = GROUP_OUTPUT,
     .offset = AT(stats),
     .help = "print the whole ledger to standard error at the end",
     .more = "It says what became of every packet, byte, connection and message."},
    {.name = "stats-interval",
     .kind = OPTION_DURATION,
     .group = GROUP_OUTPUT,
     .offset = AT(stats_interval_ns),
     .argument = "TIME",
     .minimum = (uint64_t)NS_PER_SECOND,
     .maximum = 30 * DAY,
     .help = "a line on standard error and a record (ndjson) each TIME, with what\n"
             "the ledger says then",
     .more = "At multiples of TIME since 1970 (UTC): on an interface by the wall clock, in a capture file by "
             "its packets' times; and at the end. The record has the type \"stats\"."},
    {.name = "pidfile",
     .kind = OPTION_TEXT,
     .group = GROUP_OTHER,
     .offset = AT(pid_file),
     .argument = "FILE",
     .completion = COMPLETE_FILE,
     .help = "write the process id to FILE, and refuse to run twice with it",
     .more =
         "The file is locked while hark runs and removed at its end; it is emptied instead where hark, as "
         "the user that it has become, may not remove it. One that a dead process left is taken over."},
    {.letter = 'q',
     .name = "quiet",
     .kind = OPTION_FLAG,
     .group = GROUP_OUTPUT,
     .offset = AT(quiet),
     .help = "no progress line, no notice and no summary on standard error",
     .more = "Warnings and errors are printed all the same, and so is what --stats asks for."},
    {.name = "user",
     .kind = OPTION_TEXT,
     .group = GROUP_OTHER,
     .offset = AT(user),
     .argument = "NAME[:GROUP]",
     .help = "once all is open, become this user",
     .more = "Needs root. Without it, root that captures becomes the user hark, or where there is none, "
             "nobody; root that reads files stays root, without capabilities. A file that -o makes is given "
             "to the user; one that is there is not."},
    {.name = "check",
     .kind = OPTION_FLAG,
     .group = GROUP_OTHER,
     .offset = AT(check),
     .help = "tell what rights a run with the other arguments would hold",
     .more = "It opens what the run would open, without writing to it, gives up the same rights in the same "
             "way, and prints what the kernel says is left, and exits: 0 when all is well, 1 when something "
             "can't be had."},
    {.name = "no-sandbox",
     .kind = OPTION_FLAG,
     .group = GROUP_OTHER,
     .offset = AT(no_sandbox),
     .help = "do not give up system calls and files (seccomp, Landlock)",
     .more = "For a debugger or a system where they are in the way. Captures are hostile input: a fault in "
             "hark would give an attacker what the user may do."},
    {.letter = 'h',
     .name = "help",
     .kind = OPTION_FLAG,
     .group = GROUP_OTHER,
     .offset = AT(help),
     .help = "print this help, and exit",
     .more = ""},
    {.letter = 'V',
     .name = "version",
     .kind = OPTION_FLAG,
     .group = GROUP_OTHER,
     .offset = AT(version),
     .help = "print the versions of hark and of its libraries, and exit",
     .more = ""},
};

const size_t option_table_length = sizeof(option_table) / sizeof(option_table[0]);

const char *option_group_title(enum option_group group) {
    switch (group) {
    case GROUP_INPUT:
        return "Input";
    case GROUP_LIVE:
        return "Live capture";
    case GROUP_ANALYSIS:
        return "Analysis";
    case GROUP_OUTPUT:
        return "Output";
    case GROUP_OTHER:
    case OPTION_GROUPS:
        break;
    }
    return "Other";
}
