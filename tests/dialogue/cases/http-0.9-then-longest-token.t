# ... but some have this one.
>>>
GET /one
\{128*n}: a

>>|
=== requests
start "GET" "/one" "" 0.9
header "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" "a"
head-end none
end 0-145 VERSION
eof between
=== responses
