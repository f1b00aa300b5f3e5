# Transfer-Encoding behind a control byte, in a name with NUL, behind a byte order mark: never in force.
<<<
HTTP/1.1 200 ok
Transfer-Encoding\v:chunked
Transfer\0-Encoding:chunked
Content-Length: 2

okHTTP/1.1 200 ok
Transfer-Encoding:\xef\xbb\xbfchunked
Connection: close

ok\
=== requests
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Transfer-Encoding\x0b" "chunked"
header "Transfer\0-Encoding" "chunked"
header "Content-Length" "2"
head-end length 2
body 2 "ok"
end 0-96 NUL CONTROL NAME_CHARACTERS obscured ambiguous
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Transfer-Encoding" "\xef\xbb\xbfchunked"
header "Connection" "close"
head-end close
body 2 "ok"
