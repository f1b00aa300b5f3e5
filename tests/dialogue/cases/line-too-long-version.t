# The cut goes through the version, and a version with blanks behind it.
line_bytes 16
>>>
GET /0123456 HTTP/1.0 

GET /01234567890123456789012345678901234567890123456789 HTTP/1.0

=== requests
start "GET" "/0123456" "HTTP/1.0" 1.0
head-end none
end 0-26 START_LINE_SPACES LINE_TOO_LONG
start "GET" "/01234567890" "HTTP/1.0" 1.0
head-end none
end 26-94 LINE_TOO_LONG
=== responses
