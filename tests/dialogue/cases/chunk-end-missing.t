# Nothing behind the data: bad.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 ok
Transfer-Encoding: chunked

3
abc0

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 3 "abc"
bad CHUNK_END
