# What stands behind the size and is no extension.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked

1x
a
1\r
b
1; x y
c
1;a="open
d
1;=x
e
0;

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 5 "abcde"
end 0-101 CHUNK_EXTENSION
