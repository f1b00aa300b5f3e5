# 2^63 - 1 is the largest, 2^63 is none.
>>>
POST /1 HTTP/1.1
Transfer-Encoding: chunked

8000000000000000
<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked

7fffffffffffffff;x
abc\
=== requests
start "POST" "/1" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked"
head-end chunked
bad
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 3 "abc"
