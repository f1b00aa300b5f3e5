# The stream ends within a body.
>>>
POST / HTTP/1.1
Content-Length: 10

abc\
>>|
<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked

5
ab\
<<|
=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Content-Length" "10"
head-end length 10
body 3 "abc"
eof truncated
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 2 "ab"
eof truncated
