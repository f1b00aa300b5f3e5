# No target between method and version.
>>>
GET HTTP/1.1

GET  HTTP/1.1

=== requests
start "GET" "" "HTTP/1.1" 1.1
head-end none
end 0-16 START_LINE_SPACES
start "GET" "" "HTTP/1.1" 1.1
head-end none
end 16-33 START_LINE_SPACES
=== responses
