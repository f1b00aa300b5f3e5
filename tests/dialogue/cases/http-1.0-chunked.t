# Transfer-Encoding in a 1.0 message is obeyed and noted (RFC 9112 section 6.1).
>>>
GET / HTTP/1.0

<<<
HTTP/1.0 200 OK
Transfer-Encoding: chunked

1
x
0

=== requests
start "GET" "/" "HTTP/1.0" 1.0
head-end none
end 0-18
=== responses
start "HTTP/1.0" "200" "OK" 1.0 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 1 "x"
end 0-58 te-in-1.0 ambiguous
