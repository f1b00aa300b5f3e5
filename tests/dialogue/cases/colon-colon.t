# A second colon belongs to the value.
>>>
GET / HTTP/1.1
Transfer-Encoding:: chunked
A:b:c

=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "Transfer-Encoding" ": chunked"
header "A" "b:c"
head-end none
end 0-54 not-chunked-last coding-unknown ambiguous
=== responses
