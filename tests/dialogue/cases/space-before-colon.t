# Blanks between name and colon; the field still counts.
>>>
POST / HTTP/1.1
Content-Length : 2
X\t: y

ok\
=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Content-Length" "2"
header "X" "y"
head-end length 2
body 2 "ok"
end 0-48 SPACE_BEFORE_COLON obscured ambiguous
=== responses
