# Streams that end where they may, one with an empty line left.
>>>
GET / HTTP/1.1


>>|
<<<
HTTP/1.1 200 OK
Content-Length: 0

<<|
=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
eof between EMPTY_LINES
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 0-38
eof between
