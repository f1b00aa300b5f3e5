# A gap that goes past the body: sync is lost, the next message is found by the caller.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Content-Length: 10

abc\
<>< 8
<<<
HTTP/1.1 200 OK
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
gap 8 lost cut
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 50-88
