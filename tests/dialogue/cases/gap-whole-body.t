# A gap that is the whole body, exactly.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Content-Length: 10

<>< 10
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
gap 10
end 0-49
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 49-87
