# A head whose lines end in CR alone is one line.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 ok\rContent-Length: 4\r
Connection: close

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "ok\rContent-Length: 4\r" 1.1 status=200
header "Connection" "close"
head-end close
