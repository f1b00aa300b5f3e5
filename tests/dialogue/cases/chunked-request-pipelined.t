# The next request follows the last chunk at once.
>>>
POST /a HTTP/1.1
Transfer-Encoding: chunked

2
ok
0

GET /b HTTP/1.1

=== requests
start "POST" "/a" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked"
head-end chunked
body 2 "ok"
end 0-60
start "GET" "/b" "HTTP/1.1" 1.1
head-end none
end 60-79
=== responses
