# Chunked was promised, plain bytes came.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 ok
Transfer-Encoding: chunked
Connection: close

X5O!P%@AP\
=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Transfer-Encoding" "chunked"
header "Connection" "close"
head-end chunked
bad
