# No reason: with its space (proper), without it, glued to the code.
<<<
HTTP/1.1 200 
Content-Length: 0

HTTP/1.1 200
Content-Length: 0

HTTP/1.1 200ok
Content-Length: 0

=== requests
=== responses
start "HTTP/1.1" "200" "" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 0-36
start "HTTP/1.1" "200" "" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 36-71 START_LINE_SPACES
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 71-108 START_LINE_SPACES
