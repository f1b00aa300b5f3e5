# A 304 may tell the length that a 200 would have.
>>>
GET / HTTP/1.1

GET / HTTP/1.1

<<<
HTTP/1.1 304 Not Modified
Content-Length: 4711

HTTP/1.1 304 Not Modified
Transfer-Encoding: chunked

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 18-36
=== responses
start "HTTP/1.1" "304" "Not Modified" 1.1 status=304
header "Content-Length" "4711"
head-end none
end 0-51
start "HTTP/1.1" "304" "Not Modified" 1.1 status=304
header "Transfer-Encoding" "chunked"
head-end none
end 51-108
