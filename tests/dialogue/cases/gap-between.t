# A gap between messages.
>>>
GET / HTTP/1.1

><> 100
>>>
GET /b HTTP/1.1

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
gap 100 lost
start "GET" "/b" "HTTP/1.1" 1.1
head-end none
end 118-137
=== responses
