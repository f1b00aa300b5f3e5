# The last coding is not chunked: a Content-Length counts, else there is no body.
>>>
POST /1 HTTP/1.1
Transfer-Encoding: chunked, gzip
Content-Length: 2

okPOST /2 HTTP/1.1
Transfer-Encoding: xchunked

GET /3 HTTP/1.1

=== requests
start "POST" "/1" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked, gzip"
header "Content-Length" "2"
head-end length 2
body 2 "ok"
end 0-75 both not-chunked-last ambiguous
start "POST" "/2" "HTTP/1.1" 1.1
header "Transfer-Encoding" "xchunked"
head-end none
end 75-124 not-chunked-last coding-unknown ambiguous
start "GET" "/3" "HTTP/1.1" 1.1
head-end none
end 124-143
=== responses
