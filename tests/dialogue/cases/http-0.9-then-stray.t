# A stray CR behind the line stands before the next message; white space does too.
>>>
GET /one
\rGET /two
 \tGET /three HTTP/1.0

>>|
=== requests
start "GET" "/one" "" 0.9
end 0-10
start "GET" "/two" "" 0.9
end 11-21 BARE_CR
start "GET" "/three" "HTTP/1.0" 1.0
head-end none
end 23-46 START_LINE_SPACES
eof between
=== responses
