# Without a version chunked is taken at its word.
>>>
PUT http://a/form
Transfer-Encoding: chunked

2
ab
0

>>|
=== requests
start "PUT" "http://a/form" "" 0.9
header "Transfer-Encoding" "chunked"
head-end chunked
body 2 "ab"
end 0-61 VERSION
eof between
=== responses
