# A line of one CR is no empty line.
>>>
GET / HTTP/1.1
A: 1
\r
B: 2

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "1"
header "\r" ""
header "B" "2"
head-end none
end 0-33 BARE_CR NO_COLON
=== responses
