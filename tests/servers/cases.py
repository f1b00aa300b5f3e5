# SPDX-License-Identifier: Apache-2.0
"""Messages whose end, or whose meaning, is read differently by different programs.

A request case is what stands between "METHOD /a HTTP/1.x" and the request for /after that follows it on the connection; a response case
is an answer in raw bytes. `readings` names the known ways to read it by the number of content bytes that each finds.
"""
import dataclasses

INNER = b"GET /inner HTTP/1.1\r\nHost: one.example\r\n\r\n"
AFTER = b"GET /after HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n"
CHUNKS = b"1\r\nZ\r\n0\r\n\r\n"
LENGTH = len(INNER)
BOTH = len(CHUNKS) + LENGTH


@dataclasses.dataclass
class Case:
    name: str
    about: str
    data: bytes
    readings: dict
    host: bool = False  # what is asked is whom the request is for


def request(fields, body=b"", method=b"POST", version=b"1.1", host=b"Host: one.example\r\n"):
    return method + b" /a HTTP/" + version + b"\r\n" + host + fields + b"\r\n" + body + AFTER


TE_LENGTH = {"chunked": 1, "length": BOTH, "no body": 0}
LENGTHS = {"length": LENGTH, "no body": 0}
CHUNKED = b"Transfer-Encoding: chunked\r\n"
TAKEN = {"taken": 0}


def both(name, about, line, **more):
    """Chunks and a request behind them, and a Content-Length over both: what is `line` taken for?"""
    fields = b"Content-Length: %d\r\n" % BOTH + line
    return Case(name, about, request(fields, CHUNKS + INNER, **more), TE_LENGTH)


def coding(name, about, line, **more):
    """Without a Content-Length."""
    return Case(name, about, request(line, CHUNKS, **more), {"chunked": 1, "no body": 0})


def length(name, about, fields, readings=None, **more):
    return Case(name, about, request(fields, INNER, **more), readings or LENGTHS)


def chunk(name, about, body, size=1):
    return Case(name, about, request(CHUNKED, body), {"chunked": size, "cut": 0})


def head(name, about, fields=b"", raw=None, **more):
    return Case(name, about, raw or request(fields, method=b"GET", **more), TAKEN)


def host(name, about, raw):
    return Case(name, about, raw + b"\r\n" + AFTER, {"one": 0, "two": 0}, host=True)


N = b"%d" % LENGTH
REQUESTS = [
    both("te-and-cl", "`Transfer-Encoding: chunked` and a Content-Length", CHUNKED),
    both("te-and-cl-1.0", "the same in HTTP/1.0", CHUNKED + b"Connection: keep-alive\r\n", version=b"1.0"),
    coding("te-1.0", "`Transfer-Encoding: chunked` in HTTP/1.0", CHUNKED + b"Connection: keep-alive\r\n", version=b"1.0"),
    coding("te-twice", "`Transfer-Encoding: chunked` in two lines", CHUNKED * 2),
    coding("te-chunked-chunked", "`chunked, chunked`", b"Transfer-Encoding: chunked, chunked\r\n"),
    coding("te-gzip-chunked", "`gzip, chunked`", b"Transfer-Encoding: gzip, chunked\r\n"),
    coding("te-chunked-gzip", "`chunked, gzip`: chunked is not last", b"Transfer-Encoding: chunked, gzip\r\n"),
    both("te-gzip-and-cl", "`gzip` and a Content-Length", b"Transfer-Encoding: gzip\r\n"),
    both("te-identity-and-cl", "`identity` and a Content-Length", b"Transfer-Encoding: identity\r\n"),
    coding("te-identity-chunked", "`identity, chunked`", b"Transfer-Encoding: identity, chunked\r\n"),
    both("te-two-values-and-cl", "a line `chunked`, a line `identity`, a Content-Length", CHUNKED + b"Transfer-Encoding: identity\r\n"),
    coding("te-case", "`CHUNKED`", b"Transfer-Encoding: CHUNKED\r\n"),
    both("te-xchunked-and-cl", "`xchunked` and a Content-Length", b"Transfer-Encoding: xchunked\r\n"),
    both("te-quoted-and-cl", '`"chunked"` in quotes and a Content-Length', b'Transfer-Encoding: "chunked"\r\n'),
    both("te-parameter-and-cl", "`chunked;a=b` and a Content-Length", b"Transfer-Encoding: chunked;a=b\r\n"),
    both("te-vt-and-cl", "a vertical tab before `chunked`, and a Content-Length", b"Transfer-Encoding: \vchunked\r\n"),
    both("te-nul-and-cl", "a NUL behind `chunked`, and a Content-Length", b"Transfer-Encoding: chunked\0\r\n"),
    both("te-empty-and-cl", "an empty Transfer-Encoding and a Content-Length", b"Transfer-Encoding:\r\n"),
    both("te-space-colon-and-cl", "`Transfer-Encoding : chunked` and a Content-Length", b"Transfer-Encoding : chunked\r\n"),
    both("te-folded-and-cl", "Transfer-Encoding whose value is on a folded line, and a Content-Length",
         b"Transfer-Encoding:\r\n chunked\r\n"),
    both("te-first-blank-and-cl", "white space before the first field, Transfer-Encoding, and a Content-Length",
         b"", host=b" Transfer-Encoding: chunked\r\nHost: one.example\r\n"),
    both("te-name-nul-and-cl", "a NUL in the name Transfer-Encoding, and a Content-Length", b"Transfer-Encoding\0: chunked\r\n"),
    both("te-underscore-and-cl", "`Transfer_Encoding: chunked` and a Content-Length", b"Transfer_Encoding: chunked\r\n"),
    both("te-behind-cr-and-cl", "Transfer-Encoding behind a lone CR, and a Content-Length", b"X: y\rTransfer-Encoding: chunked\r\n"),
    both("te-behind-lf-and-cl", "Transfer-Encoding behind a lone LF, and a Content-Length", b"X: y\nTransfer-Encoding: chunked\r\n"),
    length("cl-twice", "the same Content-Length twice", b"Content-Length: " + N + b"\r\nContent-Length: " + N + b"\r\n"),
    length("cl-list", "a Content-Length as a list of equal values", b"Content-Length: " + N + b", " + N + b"\r\n"),
    Case("cl-differs", "two different Content-Lengths",
         request(b"Content-Length: %d\r\nContent-Length: %d\r\n" % (LENGTH, 2 * LENGTH), INNER * 2),
         {"first length": LENGTH, "last length": 2 * LENGTH, "no body": 0}),
    Case("cl-list-differs", "a list of different values in one Content-Length",
         request(b"Content-Length: %d, %d\r\n" % (LENGTH, 2 * LENGTH), INNER * 2),
         {"first length": LENGTH, "last length": 2 * LENGTH, "no body": 0}),
    length("cl-plus", "Content-Length with a plus sign", b"Content-Length: +" + N + b"\r\n"),
    length("cl-minus", "Content-Length with a minus sign", b"Content-Length: -" + N + b"\r\n"),
    length("cl-zeros", "Content-Length with leading zeros", b"Content-Length: 000" + N + b"\r\n", {"length": LENGTH, "octal": int(N, 8), "no body": 0}),
    length("cl-hex", "Content-Length in hexadecimal", b"Content-Length: 0x%x\r\n" % LENGTH),
    length("cl-space", "Content-Length with a space within the number", b"Content-Length: 4 1\r\n", {"length": 41, "first digits": 4, "no body": 0}),
    length("cl-letters", "Content-Length with letters behind the number", b"Content-Length: " + N + b"abc\r\n"),
    length("cl-overflow", "Content-Length of 2^64 and some more", b"Content-Length: %d\r\n" % (2**64 + LENGTH)),
    length("cl-empty", "an empty Content-Length", b"Content-Length:\r\n"),
    length("cl-space-colon", "`Content-Length :`", b"Content-Length : " + N + b"\r\n"),
    length("cl-folded", "a folded Content-Length", b"Content-Length:\r\n " + N + b"\r\n"),
    length("cl-first-blank", "white space before the first field, Content-Length", b"",
           host=b" Content-Length: " + N + b"\r\nHost: one.example\r\n"),
    length("get-body", "GET with a Content-Length", b"Content-Length: " + N + b"\r\n", method=b"GET"),
    length("head-body", "HEAD with a Content-Length", b"Content-Length: " + N + b"\r\n", method=b"HEAD"),
    Case("get-chunked", "GET with chunks", request(CHUNKED, CHUNKS, method=b"GET"), {"chunked": 1, "no body": 0}),
    chunk("chunk-0x", "a chunk size `0x1`", b"0x1\r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-space", "a blank behind the chunk size", b"1 \r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-blank-before", "a blank before the chunk size", b" 1\r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-plus", "a chunk size `+1`", b"+1\r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-zeros", "twenty leading zeros in the chunk size", b"0" * 20 + b"1\r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-overflow", "a chunk size of 2^64 + 1", b"10000000000000001\r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-bare-lf", "chunk lines that end with LF alone", b"1\nZ\n0\n\n"),
    chunk("chunk-extension", "a chunk extension", b"1;a=b\r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-extension-odd", "a chunk extension of odd bytes", b"1;\x01\x80\"\r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-extension-lf", "a chunk extension that ends with LF alone", b"1;a\nZ\r\n0\r\n\r\n"),
    chunk("chunk-nul", "a NUL behind the chunk size", b"1\0\r\nZ\r\n0\r\n\r\n"),
    chunk("chunk-end-missing", "no CRLF behind the chunk's data", b"1\r\nZ0\r\n\r\n"),
    chunk("chunk-end-other", "two other bytes than CRLF behind the chunk's data", b"1\r\nZXX0\r\n\r\n"),
    head("lf-head", "a head whose lines end with LF alone", raw=b"GET /a HTTP/1.1\nHost: one.example\n\n" + AFTER),
    head("cr-value", "a lone CR in a value", b"X: a\rb\r\n"),
    head("nul-value", "a NUL in a value", b"X: a\0b\r\n"),
    head("control-value", "a control byte in a value", b"X: a\x01b\r\n"),
    head("nul-name", "a NUL in a name", b"X\0Y: a\r\n"),
    head("control-target", "a control byte in the target", raw=b"GET /a?\x01 HTTP/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    head("nul-target", "a NUL in the target", raw=b"GET /a?\0 HTTP/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    head("high-target", "a byte above ASCII in the target", raw=b"GET /a?\xff HTTP/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    head("space-target", "a space in the target", raw=b"GET /a?b c HTTP/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    head("nul-method", "a NUL in the method", raw=b"G\0ET /a HTTP/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    head("tab-line", "tabs between the parts of the request line", raw=b"GET\t/a\tHTTP/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    head("spaces-line", "several spaces between the parts of the request line",
         raw=b"GET   /a   HTTP/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    head("fold", "a folded field", b"X: a\r\n b\r\n"),
    head("space-colon", "a blank before the colon of some field", b"X : a\r\n"),
    head("no-colon", "a field line without colon", b"nonsense\r\n"),
    head("empty-name", "a field line that begins with the colon", b": a\r\n"),
    head("first-blank", "white space before the first field", host=b" X: a\r\nHost: one.example\r\n"),
    head("empty-lines", "empty lines before the request line", raw=b"\r\n\r\n" + request(b"", method=b"GET")),
    head("version-1.2", "HTTP/1.2", version=b"1.2"),
    head("version-none", "`HTTP/1.1` in small letters", raw=b"GET /a http/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    host("host-path", "`Host: one.example/x`", b"GET /a HTTP/1.1\r\nHost: one.example/x\r\n"),
    host("host-userinfo", "`Host: user@one.example`", b"GET /a HTTP/1.1\r\nHost: user@one.example\r\n"),
    head("fragment-target", "a fragment in the target", raw=b"GET /a#b HTTP/1.1\r\nHost: one.example\r\n\r\n" + AFTER),
    host("host-twice", "two different Host fields", b"GET /a HTTP/1.1\r\nHost: one.example\r\nHost: two.example\r\n"),
    host("host-absolute", "an absolute target (two) and another Host (one)", b"GET http://two.example/a HTTP/1.1\r\nHost: one.example\r\n"),
    host("host-missing", "no Host in HTTP/1.1", b"GET /a HTTP/1.1\r\n"),
    host("host-list", "`Host: one.example, two.example`", b"GET /a HTTP/1.1\r\nHost: one.example, two.example\r\n"),
]

# The server closes behind each answer.
TEXT = b"1\r\nZ\r\n0\r\n\r\n" + b"more"
UNTIL_CLOSE = len(TEXT)


def answer(name, about, fields, body=TEXT, status=b"200 OK", version=b"1.1", readings=None):
    data = b"HTTP/" + version + b" " + status + b"\r\nContent-Type: text/plain\r\n" + fields + b"\r\n" + body
    return Case(name, about, data, readings or {"chunked": 1, "length": 4, "until close": len(body)})


RESPONSES = [
    answer("te-and-cl", "`Transfer-Encoding: chunked` and a Content-Length", b"Content-Length: 4\r\n" + CHUNKED),
    answer("te-1.0", "`Transfer-Encoding: chunked` in HTTP/1.0", CHUNKED, version=b"1.0"),
    answer("te-gzip-and-cl", "`gzip` and a Content-Length", b"Content-Length: 4\r\nTransfer-Encoding: gzip\r\n"),
    answer("te-xchunked-and-cl", "`xchunked` and a Content-Length", b"Content-Length: 4\r\nTransfer-Encoding: xchunked\r\n"),
    answer("te-identity-and-cl", "`identity` and a Content-Length", b"Content-Length: 4\r\nTransfer-Encoding: identity\r\n"),
    answer("te-space-colon-and-cl", "`Transfer-Encoding : chunked` and a Content-Length", b"Content-Length: 4\r\nTransfer-Encoding : chunked\r\n"),
    answer("te-folded-and-cl", "a folded Transfer-Encoding and a Content-Length", b"Content-Length: 4\r\nTransfer-Encoding:\r\n chunked\r\n"),
    answer("te-vt-and-cl", "a vertical tab before `chunked`, and a Content-Length", b"Content-Length: 4\r\nTransfer-Encoding: \vchunked\r\n"),
    answer("te-chunked-gzip", "`chunked, gzip`: chunked is not last", b"Transfer-Encoding: chunked, gzip\r\n"),
    answer("cl-twice", "the same Content-Length twice", b"Content-Length: 4\r\nContent-Length: 4\r\n"),
    answer("cl-differs", "two different Content-Lengths", b"Content-Length: 4\r\nContent-Length: 6\r\n",
           readings={"first length": 4, "last length": 6, "until close": UNTIL_CLOSE}),
    answer("cl-plus", "Content-Length with a plus sign", b"Content-Length: +4\r\n"),
    answer("cl-minus", "Content-Length with a minus sign", b"Content-Length: -4\r\n"),
    answer("cl-letters", "Content-Length with letters behind the number", b"Content-Length: 4abc\r\n"),
    answer("cl-overflow", "Content-Length of 2^64 and some more", b"Content-Length: %d\r\n" % (2**64 + 4)),
    answer("cl-204", "204 with a Content-Length", b"Content-Length: 4\r\n", status=b"204 No Content", readings={"length": 4, "no body": 0, "until close": UNTIL_CLOSE}),
    answer("cl-304", "304 with a Content-Length", b"Content-Length: 4\r\n", status=b"304 Not Modified", readings={"length": 4, "no body": 0, "until close": UNTIL_CLOSE}),
    answer("te-204", "204 with chunks", CHUNKED, status=b"204 No Content", readings={"chunked": 1, "no body": 0, "until close": UNTIL_CLOSE}),
    answer("chunk-bare-lf", "chunk lines that end with LF alone", CHUNKED, b"1\nZ\n0\n\n", readings={"chunked": 1, "cut": 0}),
    answer("chunk-overflow", "a chunk size of 2^64 + 1", CHUNKED, b"10000000000000001\r\nZ\r\n0\r\n\r\n", readings={"chunked": 1, "cut": 0}),
    answer("space-colon", "a blank before the colon of some field", b"X : a\r\nContent-Length: 4\r\n"),
    answer("nul-value", "a NUL in a value", b"X: a\0b\r\nContent-Length: 4\r\n"),
]
