# The same with chunked in force.
line_bytes 32
>>>
POST / HTTP/1.1
Transfer-Encoding: chunked

1;\{40*x}
a
\{40*0}5
=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked"
head-end chunked
body 1 "a"
bad LINE_TOO_LONG
=== responses
