# LF alone behind chunk data.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 ok
Transfer-Encoding: chunked

3
abc\n\
0

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 3 "abc"
end 0-59 CHUNK_END
