# Blanks instead of a target, longer than the cap and longer than what is kept of the end.
line_bytes 16
>>>
GET \{20* }HTTP/1.1

GET \{50* }HTTP/1.1

GET /a\{50* }HTTP/1.1

=== requests
start "GET" "" "HTTP/1.1" 1.1
head-end none
end 0-36 START_LINE_SPACES LINE_TOO_LONG
start "GET" "" "HTTP/1.1" 1.1
head-end none
end 36-102 START_LINE_SPACES LINE_TOO_LONG
start "GET" "/a" "HTTP/1.1" 1.1
head-end none
end 102-170 START_LINE_SPACES LINE_TOO_LONG
=== responses
