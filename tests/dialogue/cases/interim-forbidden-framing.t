# Content-Length on a 1xx is ignored and noted.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 103 Early Hints
Content-Length: 9

HTTP/1.1 200 OK
Content-Length: 0

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "103" "Early Hints" 1.1 status=103
header "Content-Length" "9"
head-end none
end 0-47 forbidden ambiguous
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 47-85
