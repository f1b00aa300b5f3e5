# Values that are empty or blank, and one with blanks around.
>>>
GET / HTTP/1.1
A:
B:   
C:x
D: \t x \t 

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "A" ""
header "B" ""
header "C" "x"
header "D" "x"
head-end none
end 0-45
=== responses
