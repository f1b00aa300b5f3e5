# Lines without a colon are names without values.
>>>
GET / HTTP/1.1
this is no field 
X: y
\x7f

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "this is no field" ""
header "X" "y"
header "\x7f" ""
head-end none
end 0-46 CONTROL NO_COLON
=== responses
