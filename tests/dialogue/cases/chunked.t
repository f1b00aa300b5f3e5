# Chunks, upper and lower case hex, the last chunk without trailers.
>>>
GET / HTTP/1.1
Host: a

<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked

5
hello
B
, there you
a
0123456789
0

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "Host" "a"
head-end none
end 0-27
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 26 "hello, there you0123456789"
end 0-93
