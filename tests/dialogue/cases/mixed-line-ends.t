# CRLF and LF mixed in one head.
>>>
GET / HTTP/1.1
A: 1\n\
B: 2
\n\
=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "1"
header "B" "2"
head-end none
end 0-28 BARE_LF
=== responses
