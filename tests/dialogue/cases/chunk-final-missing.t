# The stream ends before the empty line behind the last chunk.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 ok
Transfer-Encoding: chunked

3
abc
0
<<|
=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 3 "abc"
eof truncated
