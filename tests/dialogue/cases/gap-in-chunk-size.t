# And one in a chunk-size line.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked

5\
<>< 1
=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
gap 1 lost cut
