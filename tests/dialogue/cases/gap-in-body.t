# A gap within a body of known length.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Content-Length: 10

abc\
<>< 4
<<<
hijHTTP/1.1 200 OK
Content-Length: 0

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "10"
head-end length 10
body 3 "abc"
gap 4
body 3 "hij"
end 0-49
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 49-87
