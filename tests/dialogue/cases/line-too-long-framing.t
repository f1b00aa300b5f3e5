# A length or coding in a line that is cut: what its rest says is not known, so where the message ends is neither.
line_bytes 40
>>>
POST /1 HTTP/1.1
Content-Length: \{40*0}5

hello
GET /2 HTTP/1.1
A: b

HEAD /3 HTTP/1.1

<<<
HTTP/1.1 200 OK
Content-Length: 5
Transfer-Encoding: gzip,
 gzip,
 gzip, chunked

hello
HTTP/1.1 204 No Content
Content-Length: \{40*0}

HTTP/1.1 200 OK
Content-Length: \{40*0}

=== requests
start "POST" "/1" "HTTP/1.1" 1.1
header "Content-Length" "000000000000000000000000"
head-end none
end 0-79 LINE_TOO_LONG ambiguous cut
bad
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "5"
header "Transfer-Encoding" "gzip, gzip, gzip, chu"
head-end length 5
body 5 "hello"
end 0-93 OBS_FOLD LINE_TOO_LONG ambiguous cut
start "HTTP/1.1" "204" "No Content" 1.1 status=204
header "Content-Length" "000000000000000000000000"
head-end none
end 95-180 EMPTY_LINES LINE_TOO_LONG cut
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "000000000000000000000000"
head-end close
