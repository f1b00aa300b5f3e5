# The stream ends in a head: what is whole was given.
>>>
GET / HTTP/1.1
A: 1
>>|
<<<
HTTP/1.1 200 OK
Content-Length\
<<|
=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "1"
eof truncated
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
eof truncated
