# CR inside lines, at their start and doubled at their end.
>>>
GET / HTTP/1.1
A: x\ry
\rB: 1
C: 2\r

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" "x\ry"
header "\rB" "1"
header "C" "2\r"
head-end none
end 0-40 BARE_CR NAME_CHARACTERS
=== responses
