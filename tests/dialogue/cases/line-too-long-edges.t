# Exactly the cap, with CRLF and LF; then one more byte.
line_bytes 16
>>>
GET / HTTP/1.1
A: 3456789012345
B: 3456789012345\n\
C: 34567890123456
D: 34567890123456\n\

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "3456789012345"
header "B" "3456789012345"
header "C" "3456789012345"
header "D" "3456789012345"
head-end none
end 0-90 BARE_LF LINE_TOO_LONG
=== responses
