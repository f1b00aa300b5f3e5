# Other control bytes; tabs inside values are none.
>>>
GET / HTTP/1.1
A: x\x01y
B: x\x7fy
C: x\ty
D: 0123456789abcdef\x1f

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "x\x01y"
header "B" "x\x7fy"
header "C" "x\ty"
header "D" "0123456789abcdef\x1f"
head-end none
end 0-64 CONTROL
=== responses
