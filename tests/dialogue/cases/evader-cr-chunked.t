# Transfer-Encoding whose value starts with a bare CR is not chunked to a strict reader.
<<<
HTTP/1.1 200 ok
Transfer-Encoding: \rchunked

ok\
<<|
=== requests
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Transfer-Encoding" "\rchunked"
head-end close
body 2 "ok"
eof complete BARE_CR not-chunked-last coding-unknown ambiguous
