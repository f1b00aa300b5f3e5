# Two CRs behind the data: bad.
<<<
HTTP/1.1 200 ok
Transfer-Encoding: chunked

3
abc\r
0

=== requests
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 3 "abc"
bad CHUNK_END
