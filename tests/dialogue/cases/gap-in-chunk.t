# A gap in chunk data, and one that ends with it.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked

5
a\
<>< 3
<<<
e
5
<>< 5
<<<

0

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 1 "a"
gap 3
body 1 "e"
gap 5
end 0-72
