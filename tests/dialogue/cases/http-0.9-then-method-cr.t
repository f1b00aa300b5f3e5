# CR where a space should be: still the next request line, as the CR ends no line.
>>>
GET /one
GET\r/two HTTP/1.1

>>|
=== requests
start "GET" "/one" "" 0.9
end 0-10
start "GET" "/two" "HTTP/1.1" 1.1
head-end none
end 10-31 BARE_CR START_LINE_SPACES
eof between
=== responses
