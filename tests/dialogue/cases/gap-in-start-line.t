# A gap in a start line.
>>>
GET /lo\
><> 5
>>>
GET /b HTTP/1.1

=== requests
gap 5 lost cut
start "GET" "/b" "HTTP/1.1" 1.1
head-end none
end 12-31
=== responses
