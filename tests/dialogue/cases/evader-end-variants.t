# Heads that end in odd ways: LF CRLF, LF CR CR LF CRLF.
<<<
HTTP/1.1 200 ok
Content-Length: 2\n\

okHTTP/1.1 200 ok
Content-Length: 2\n\
\r

ok\
=== requests
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Content-Length" "2"
head-end length 2
body 2 "ok"
end 0-39 BARE_LF
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Content-Length" "2"
header "\r" ""
head-end length 2
body 2 "ok"
end 39-81 BARE_LF BARE_CR NO_COLON
