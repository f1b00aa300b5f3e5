# Field lines that start with the colon.
>>>
GET / HTTP/1.1
: 8
:
X: y

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "" "8"
header "" ""
header "X" "y"
head-end none
end 0-32 EMPTY_NAME
=== responses
