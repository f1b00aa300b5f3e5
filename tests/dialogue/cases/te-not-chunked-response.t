# The same in a response: until close.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked x
Content-Length: 2

okay\
<<|
=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked x"
header "Content-Length" "2"
head-end close
body 4 "okay"
eof complete both not-chunked-last coding-unknown ambiguous
