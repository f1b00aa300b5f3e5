# Transfer-Encoding wins over Content-Length.
>>>
POST / HTTP/1.1
Content-Length: 3
Transfer-Encoding: chunked

0

GET /next HTTP/1.1

=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Content-Length" "3"
header "Transfer-Encoding" "chunked"
head-end chunked
end 0-71 both ambiguous
start "GET" "/next" "HTTP/1.1" 1.1
head-end none
end 71-93
=== responses
